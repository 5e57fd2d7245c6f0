import type { Cluster } from '../../model/cluster.ts';
import { AppError } from '../../model/errors.ts';
import type { LogDirection, LogEntry, LogLevel, LogsAnswer } from '../../model/logs.ts';
import type { LabelsAnswer, MetricSeries } from '../../model/metrics.ts';
import { isComplete } from '../../model/outcome.ts';
import { isoTime } from '../../model/time.ts';
import type { Spokes } from '../../spokes/spokes.ts';
import { FRESHNESS, rangeFreshness } from '../fanout/cache-ttl.ts';
import { sortByLabels, withClusterLabel } from '../metrics/cluster-series.ts';
import { type Fanout, questionOf } from '../fanout/fanout.ts';
import { type LogsQuestion, joinByName, logClusters } from './log-clusters.ts';
import { decodeCursor, encodeCursor } from './log-cursor.ts';
import { isoOfNs, nanoseconds, toLogEntry } from './log-entry.ts';
import { digest } from './log-order.ts';
import { type ClusterPage, MAX_LINES, mergePages, readClusterPage } from './log-page.ts';
import { parseLogql } from './logql.ts';
import { planRange, requireOrder } from '../metrics/range-grid.ts';
import { throwWhenRefusedByAll } from '../fanout/refused-by-all.ts';

export interface LogsQuery extends LogsQuestion {
  /** LogQL: lines, or numbers when it is a metric query. */
  readonly query: string;
  /** Unix seconds; the end is excluded for lines. */
  readonly start: number;
  readonly end: number;
  /** Of a metric query: true = one value at `end`. */
  readonly instant: boolean;
  /** Seconds, of a metric query over the range; left out = chosen. */
  readonly step?: number | undefined;
  /** Lines in the answer, 1–5,000. */
  readonly limit: number;
  readonly direction: LogDirection;
  readonly cursor?: string | undefined;
  /** Characters kept of a line. */
  readonly lineLength: number;
}

export interface LogLabelsQuery extends LogsQuestion {
  /** Left out = label names; given = the values of that label. */
  readonly label?: string | undefined;
  /** A stream selector; labels count when a stream that it selects carries them. */
  readonly selector?: string | undefined;
  readonly start: number;
  readonly end: number;
  /** Most values in the answer; `total` counts all. */
  readonly limit: number;
}

export interface LogsCollector {
  /**
   * One LogQL query over many clusters. Throws INVALID_LOGQL (also when every Loki refuses the query), VALIDATION_FAILED before a
   * spoke is asked, LOKI_NOT_AVAILABLE when clusters were named and none of them has logs.
   */
  query(query: LogsQuery): Promise<LogsAnswer>;
  /** Label names or values over many clusters. Throws as `query` does. */
  labels(query: LogLabelsQuery): Promise<LabelsAnswer>;
}

export interface LogsCollectorOptions {
  readonly fanout: Fanout;
  readonly spokes: Pick<Spokes, 'loki'>;
}

/** Lines held at a time over all clusters; where there are many clusters each is asked for fewer, and a page may be shorter. */
const MAX_HELD = 100_000;
const LEAST_PER_CLUSTER = 100;

export function createLogsCollector({ fanout, spokes }: LogsCollectorOptions): LogsCollector {
  const { loki } = spokes;

  async function lines(wanted: LogsQuery, notes: string[]): Promise<LogsAnswer> {
    const { query, direction } = wanted;
    const { asked, skipped } = logClusters(wanted);
    const question = digest(JSON.stringify([query, direction, asked.map(({ id }) => id).sort()]));
    const cursor = wanted.cursor === undefined ? undefined : decodeCursor(wanted.cursor, question);
    const startNs = cursor ? BigInt(cursor.s) : nanoseconds(wanted.start);
    const endNs = cursor ? BigInt(cursor.e) : nanoseconds(wanted.end);
    const share = Math.max(LEAST_PER_CLUSTER, Math.floor(MAX_HELD / Math.max(1, asked.length)));
    const limit = Math.min(wanted.limit, share, MAX_LINES);

    const answer = await fanout.ask<ClusterPage>({
      ...questionOf(wanted),
      clusters: asked,
      kind: 'LOKI',
      ask: async (target, cluster, limits) => {
        const page = await readClusterPage(
          { cluster: cluster.name, direction, startNs, endNs, limit, cursor },
          async (part) => {
            const { value, warnings } = await loki.range(target, { query, ...part, direction, ...limits });
            if (value.type !== 'STREAMS') throw notLines();
            return { entries: value.entries, warnings };
          },
        );
        return { value: page, warnings: page.warnings };
      },
    });
    throwWhenRefusedByAll(answer);
    const { entries, more, place } = mergePages([...answer.values.values()], direction, wanted.limit, cursor);
    const ids = new Map(asked.map((cluster) => [cluster.name, cluster.id]));
    const shown = entries.map((one) => toLogEntry(one, ids.get(one.cluster) ?? '', wanted.lineLength));
    const clusters = joinByName(answer.outcomes, skipped);
    const complete = isComplete(clusters);
    const next =
      more && place ? { v: 1 as const, q: question, s: String(startNs), e: String(endNs), ...place } : undefined;
    return {
      query,
      result_type: 'STREAMS',
      entries: shown,
      series: [],
      direction,
      start: isoOfNs(startNs),
      end: isoOfNs(endNs),
      total: !more && cursor === undefined && complete ? shown.length : null,
      by_level: countLevels(shown),
      ...(next ? { next_cursor: encodeCursor(next) } : {}),
      clusters,
      complete,
      notes,
    };
  }

  async function numbers(wanted: LogsQuery, notes: string[]): Promise<LogsAnswer> {
    const { query, direction } = wanted;
    if (wanted.cursor !== undefined) throw invalidCursor();
    const { asked, skipped } = logClusters(wanted);
    const grid = wanted.instant ? undefined : planRange({ start: wanted.start, end: wanted.end, step: wanted.step });
    const answer = await fanout.ask<Numbers>({
      ...questionOf(wanted),
      clusters: asked,
      kind: 'LOKI',
      cache: {
        ...(grid ? rangeFreshness(grid.end - grid.start) : FRESHNESS.INSTANT),
        key: JSON.stringify(['loki numbers', query, wanted.start, wanted.end, grid?.step]),
      },
      ask: async (target, cluster, limits) => {
        const { value, warnings } = grid
          ? await loki.range(target, {
              query,
              startNs: nanoseconds(grid.start),
              endNs: nanoseconds(grid.end),
              step: grid.step,
              ...limits,
            })
          : await loki.instant(target, { query, timeNs: nanoseconds(wanted.end), ...limits });
        if (value.type === 'STREAMS') throw notLines();
        return { value: { type: value.type, series: labelled(value.series, cluster) }, warnings };
      },
    });
    throwWhenRefusedByAll(answer);
    const clusters = joinByName(answer.outcomes, skipped);
    const values = answer.outcomes.flatMap(({ cluster_id }) => answer.values.get(cluster_id) ?? []);
    return {
      query,
      result_type: values[0]?.type ?? (grid ? 'MATRIX' : 'VECTOR'),
      entries: [],
      series: values.flatMap(({ series }) => series),
      direction,
      start: isoTime(wanted.start),
      end: isoTime(wanted.end),
      ...(grid ? { step: grid.step } : {}),
      total: null,
      by_level: {},
      clusters,
      complete: isComplete(clusters),
      notes: [...(grid?.notes ?? []), ...notes],
    };
  }

  return {
    query: async (wanted) => {
      const facts = parseLogql(wanted.query);
      requireOrder(wanted.start, wanted.end);
      const notes = facts.matchesCluster ? [CLUSTER_MATCHER_NOTE] : [];
      return facts.kind === 'LOG' ? lines(wanted, notes) : numbers(wanted, notes);
    },
    labels: async (wanted) => {
      const { label, selector } = wanted;
      if (selector !== undefined) requireSelector(selector);
      requireOrder(wanted.start, wanted.end);
      const { asked, skipped } = logClusters(wanted);
      const answer = await fanout.ask<string[]>({
        ...questionOf(wanted),
        clusters: asked,
        kind: 'LOKI',
        cache: {
          ...FRESHNESS.LABELS,
          key: JSON.stringify(['loki labels', label, selector, minute(wanted.start), minute(wanted.end)]),
        },
        ask: (target, _cluster, limits) => {
          const window = { startNs: nanoseconds(wanted.start), endNs: nanoseconds(wanted.end) };
          const narrowed = { ...window, ...limits, ...(selector === undefined ? {} : { selector }) };
          return label === undefined ? loki.labels(target, narrowed) : loki.labelValues(target, { ...narrowed, label });
        },
      });
      throwWhenRefusedByAll(answer);
      const union = [...new Set([...answer.values.values()].flat())].sort();
      const clusters = joinByName(answer.outcomes, skipped);
      return { values: union.slice(0, wanted.limit), total: union.length, clusters, complete: isComplete(clusters) };
    },
  };
}

interface Numbers {
  readonly type: 'MATRIX' | 'VECTOR' | 'SCALAR';
  readonly series: MetricSeries[];
}

const CLUSTER_MATCHER_NOTE =
  'The query matches on the label cluster, which lines only get after they have left their cluster; choose clusters by the clusters argument.';

function countLevels(entries: readonly LogEntry[]): Partial<Record<LogLevel, number>> {
  const counts: Partial<Record<LogLevel, number>> = {};
  for (const { level } of entries) counts[level] = (counts[level] ?? 0) + 1;
  return counts;
}

function labelled(series: readonly MetricSeries[], cluster: Cluster): MetricSeries[] {
  const own = withClusterLabel(series, cluster.name);
  if (own) return sortByLabels(own);
  throw new AppError(
    'SPOKE_ERROR',
    `Its logs carry another label cluster already, so they cannot be labelled ${cluster.name}.`,
    {
      details: { reason: 'CLUSTER_LABEL' },
      hint: 'Aggregate that label away (without (cluster)), or register the cluster under the name its logs carry.',
    },
  );
}

/** Labels hardly change: questions about the same minutes are the same question. */
function minute(unixSeconds: number): number {
  return Math.floor(unixSeconds / 60);
}

function requireSelector(selector: string): void {
  if (parseLogql(selector).selector) return;
  throw new AppError('INVALID_LOGQL', `${JSON.stringify(selector)} is not a stream selector.`, {
    details: { position: 0 },
    hint: 'Write a plain selector such as {namespace="shop"}.',
  });
}

function notLines(): AppError {
  return new AppError('SPOKE_ERROR', 'Loki answered a query with another kind of result than it asks for.', {
    details: { reason: 'SHAPE' },
  });
}

function invalidCursor(): AppError {
  const message = 'a metric query has no pages; leave it out';
  return new AppError('VALIDATION_FAILED', `cursor: ${message}.`, {
    details: { issues: [{ field: 'cursor', message }] },
  });
}
