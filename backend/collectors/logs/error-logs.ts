import type { Cluster } from '../../model/cluster.ts';
import type { ErrorLogsAnswer, LogTemplate, Novelty } from '../../model/logs.ts';
import { isComplete } from '../../model/outcome.ts';
import type { LokiClient, LokiEntry, LokiPattern, Window } from '../../spokes/loki.ts';
import type { Spokes } from '../../spokes/spokes.ts';
import type { CallLimits, SpokeTarget } from '../../spokes/transport.ts';
import { type Fanout, questionOf } from '../fanout/fanout.ts';
import { type LogsQuestion, joinByName, logClusters } from './log-clusters.ts';
import { isoOfNs, nanoseconds } from './log-entry.ts';
import { type LogFilter, selectorFor } from './log-labels.ts';
import { ERROR_LEVELS, ERROR_LINE, LEVEL_LABELS } from './log-level.ts';
import { place } from './log-order.ts';
import { MAX_LINES } from './log-page.ts';
import { type PatternCounts, type Tally, createClusterTally, fold, toLogTemplate } from './log-tally.ts';
import { createTemplateMiner } from './log-templates.ts';
import { quoteLogql } from './logql.ts';
import { requireOrder } from '../metrics/range-grid.ts';
import { throwWhenRefusedByAll } from '../fanout/refused-by-all.ts';

export interface ErrorLogsQuery extends LogsQuestion, LogFilter {
  /** Text that every line holds. */
  readonly contains?: string | undefined;
  /** Unix seconds, the end excluded. The window before is as long and ends at `start`. */
  readonly start: number;
  readonly end: number;
  /** Most templates in the answer. */
  readonly limit: number;
  /** Characters kept of a sample line. */
  readonly lineLength: number;
}

export interface ErrorLogsCollector {
  /**
   * Error lines of many clusters by what they say, against the window before. Lines are read and grouped here; where there are more
   * than are read, Loki's own patterns count them if it keeps any, else counts are lower bounds and the answer says so. Throws
   * LOKI_NOT_AVAILABLE and VALIDATION_FAILED.
   */
  search(query: ErrorLogsQuery): Promise<ErrorLogsAnswer>;
}

export interface ErrorLogsCollectorOptions {
  readonly fanout: Fanout;
  readonly spokes: Pick<Spokes, 'loki'>;
}

/** Lines read over all clusters and per cluster and window. */
const MAX_READ = 200_000;
const LEAST_READ = 200;
const MAX_TEXTS = 20_000;

interface ClusterErrors {
  readonly texts: ReadonlyMap<string, Tally>;
  readonly lines: number;
  readonly previousLines: number;
  readonly notes: readonly string[];
  readonly exact: boolean;
}

export function createErrorLogsCollector({ fanout, spokes }: ErrorLogsCollectorOptions): ErrorLogsCollector {
  return {
    search: async (wanted) => {
      requireOrder(wanted.start, wanted.end);
      const { asked, skipped } = logClusters(wanted);
      const read = Math.min(MAX_LINES, Math.max(LEAST_READ, Math.floor(MAX_READ / 2 / Math.max(1, asked.length))));
      const answer = await fanout.ask<ClusterErrors>({
        ...questionOf(wanted),
        clusters: asked,
        kind: 'LOKI',
        ask: (target, cluster, limits) => ofCluster(spokes.loki, target, cluster, wanted, read, limits),
      });
      throwWhenRefusedByAll(answer);
      const miner = createTemplateMiner<Tally>({ fold, maxTexts: MAX_TEXTS });
      const values = answer.outcomes.flatMap(({ cluster_id }) => answer.values.get(cluster_id) ?? []);
      for (const { texts } of values)
        for (const [text, tally] of texts) miner.add(text, tally.current + tally.previous, tally);
      const ids = new Map(asked.map(({ id, name }) => [name, id]));
      const templates = miner
        .templates()
        .filter(({ count }) => count > 0)
        .map(({ template, data }) => toLogTemplate(template, data, ids, wanted.lineLength))
        .sort(byInterest);
      const clusters = joinByName(answer.outcomes, skipped);
      const sum = (of: (one: ClusterErrors) => number) => values.reduce((total, one) => total + of(one), 0);
      return {
        templates: templates.slice(0, wanted.limit),
        templates_total: templates.length,
        lines: sum(({ lines }) => lines),
        previous_lines: sum(({ previousLines }) => previousLines),
        counts_are_exact: values.every(({ exact }) => exact),
        by_novelty: countNovelties(templates),
        start: isoOfNs(nanoseconds(wanted.start)),
        end: isoOfNs(nanoseconds(wanted.end)),
        previous_start: isoOfNs(nanoseconds(2 * wanted.start - wanted.end)),
        clusters,
        complete: isComplete(clusters),
        notes: values.flatMap(({ notes }) => notes).slice(0, 10),
      };
    },
  };
}

async function ofCluster(
  loki: LokiClient,
  target: SpokeTarget,
  cluster: Cluster,
  wanted: ErrorLogsQuery,
  read: number,
  limits: CallLimits,
): Promise<{ value: ClusterErrors; warnings: readonly string[] }> {
  const current = { startNs: nanoseconds(wanted.start), endNs: nanoseconds(wanted.end) };
  const previous = { startNs: 2n * current.startNs - current.endNs, endNs: current.startNs };
  const names = await loki.labels(target, { startNs: previous.startNs, endNs: current.endNs, ...limits });
  const selector = selectorFor(wanted, names.value);
  const queries = errorQueries(selector, wanted.contains);
  const windowOf = (window: Window) => readWindow(loki, target, queries, window, read, limits);
  const [now, before] = await Promise.all([windowOf(current), windowOf(previous)]);
  const warnings = [...names.warnings, ...now.warnings, ...before.warnings];
  const overflows = now.total > now.entries.length || before.total > before.entries.length;
  const patterns =
    overflows && wanted.contains === undefined
      ? await errorPatterns(loki, target, selector, { startNs: previous.startNs, endNs: current.endNs }, limits)
      : undefined;

  const tally = createClusterTally(patterns === undefined && before.total > before.entries.length);
  for (const { pattern, samples } of patterns ?? []) {
    tally.pattern(cluster.name, pattern, countsOf(samples, wanted.start, wanted.end));
  }
  const counted = patterns === undefined;
  for (const entry of now.entries) tally.line(place(cluster.name, entry), 'CURRENT', counted);
  for (const entry of before.entries) tally.line(place(cluster.name, entry), 'PREVIOUS', counted);
  const how = patterns ? "counts are those of Loki's own patterns" : 'counts are of those alone';
  const notes = overflows
    ? [
        `${cluster.name} has ${now.total} error lines (${before.total} before), of which ${now.entries.length} (${before.entries.length}) were read; ${how}.`,
      ]
    : [];
  return {
    value: { texts: tally.texts(), lines: now.total, previousLines: before.total, notes, exact: !overflows },
    warnings,
  };
}

/** Lines that a label says are errors; and, of those without any level, those that look like it. No line is in both. */
function errorQueries(selector: string, contains: string | undefined): [string, string] {
  const filter = contains === undefined ? '' : ` |= ${quoteLogql(contains)}`;
  const labelled = LEVEL_LABELS.map((name) => `${name}=~${quoteLogql(ERROR_LEVELS)}`).join(' or ');
  const unlabelled = LEVEL_LABELS.map((name) => `${name}=~"(unknown|UNKNOWN)?"`).join(' and ');
  return [`${selector}${filter} | ${labelled}`, `${selector}${filter} |~ ${quoteLogql(ERROR_LINE)} | ${unlabelled}`];
}

interface ReadWindow {
  readonly entries: readonly LokiEntry[];
  /** All there are, those that were not read included. */
  readonly total: number;
  readonly warnings: readonly string[];
}

async function readWindow(
  loki: LokiClient,
  target: SpokeTarget,
  queries: readonly string[],
  window: Window,
  limit: number,
  limits: CallLimits,
): Promise<ReadWindow> {
  const parts = await Promise.all(
    queries.map(async (query): Promise<ReadWindow> => {
      const { value, warnings } = await loki.range(target, {
        query,
        ...window,
        limit,
        direction: 'BACKWARD',
        ...limits,
      });
      const entries = value.type === 'STREAMS' ? value.entries : [];
      const total = entries.length < limit ? entries.length : await countOf(loki, target, query, window, limits);
      return { entries, total: Math.max(total, entries.length), warnings };
    }),
  );
  return {
    entries: parts.flatMap(({ entries }) => entries),
    total: parts.reduce((sum, part) => sum + part.total, 0),
    warnings: parts.flatMap(({ warnings }) => warnings),
  };
}

/** A range is open at its start and closed at its end; a nanosecond earlier it is the window. */
async function countOf(
  loki: LokiClient,
  target: SpokeTarget,
  query: string,
  { startNs, endNs }: Window,
  limits: CallLimits,
): Promise<number> {
  const counting = `sum(count_over_time(${query} [${(endNs - startNs) / 1_000_000n}ms]))`;
  const { value } = await loki.instant(target, { query: counting, timeNs: endNs - 1n, ...limits });
  return value.type === 'STREAMS' ? 0 : Number(value.series[0]?.values[0]?.[1] ?? 0);
}

/** Undefined where Loki keeps no patterns, or none that tell their level. */
async function errorPatterns(
  loki: LokiClient,
  target: SpokeTarget,
  selector: string,
  window: Window,
  limits: CallLimits,
): Promise<LokiPattern[] | undefined> {
  const patterns = await loki.patterns(target, { selector, ...window, step: 10, ...limits });
  const errors = patterns?.filter(({ level }) => level !== undefined && /^(?:error|critical|fatal)$/i.test(level));
  return errors === undefined || errors.length === 0 ? undefined : errors;
}

function countsOf(samples: LokiPattern['samples'], start: number, end: number): PatternCounts {
  const sum = (all: LokiPattern['samples']) => all.reduce((total, [, count]) => total + count, 0);
  const current = samples.filter(([time]) => time >= start && time < end);
  const times = current.map(([time]) => time);
  return {
    current: sum(current),
    previous: sum(samples.filter(([time]) => time < start)),
    first: times.length === 0 ? undefined : nanoseconds(Math.min(...times)),
    last: times.length === 0 ? undefined : nanoseconds(Math.max(...times)),
  };
}

const RANK: Readonly<Record<Novelty, number>> = { NEW: 0, INCREASED: 0, UNKNOWN: 1, STEADY: 1, DECREASED: 2, GONE: 3 };

/** What is new or grew first, what is gone last; then by lines. */
function byInterest(a: LogTemplate, b: LogTemplate): number {
  return (
    RANK[a.novelty] - RANK[b.novelty] ||
    b.count - a.count ||
    b.previous_count - a.previous_count ||
    (a.template < b.template ? -1 : 1)
  );
}

function countNovelties(templates: readonly LogTemplate[]): Partial<Record<Novelty, number>> {
  const counts: Partial<Record<Novelty, number>> = {};
  for (const { novelty } of templates) counts[novelty] = (counts[novelty] ?? 0) + 1;
  return counts;
}
