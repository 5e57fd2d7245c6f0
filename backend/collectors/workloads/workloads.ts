import { z } from 'zod';
import { AppError } from '../../model/errors.ts';
import { isComplete } from '../../model/outcome.ts';
import type {
  DiagnosisAnswer,
  EventsAnswer,
  Finding,
  FindingSeverity,
  KubernetesEvent,
  NotChecked,
} from '../../model/workload.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Spokes } from '../../spokes/spokes.ts';
import { createBulkhead } from '../fanout/bulkhead.ts';
import { type Fanout, type Question, questionOf } from '../fanout/fanout.ts';
import { ANALYZERS, analyze, needsOf } from './analyze.ts';
import type { Analyzer } from './analyzer.ts';
import { type EventFilter, byTime, fits, placeIn } from './events.ts';
import { MOST_EVENTS, readCluster, readEvents } from './read-cluster.ts';

export interface EventsQuery extends Question, EventFilter {
  readonly namespace?: string | undefined;
  readonly limit: number;
  /** `next_cursor` of an earlier answer. */
  readonly cursor?: string | undefined;
}

export interface DiagnosisQuery extends Question {
  /** Left out = every namespace, and the cluster's own objects. */
  readonly namespace?: string | undefined;
  /** A workload or object: findings about it and about what carries its name before a `-`. */
  readonly name?: string | undefined;
  /** Names of analyzers; left out = all. */
  readonly analyzers?: readonly string[] | undefined;
  /** The least severity. */
  readonly severity?: FindingSeverity | undefined;
  readonly limit: number;
}

export interface WorkloadsCollector {
  /**
   * Events of many clusters, newest first, what says the same joined. Of each cluster at most 5,000 stored events are read; a cluster
   * that has more is PARTIAL. Throws VALIDATION_FAILED for a cursor that is none.
   */
  events(query: EventsQuery): Promise<EventsAnswer>;
  /** What is wrong with the objects of many clusters, by deterministic checks. A check that could not be made is named. */
  diagnose(query: DiagnosisQuery): Promise<DiagnosisAnswer>;
}

export interface WorkloadsCollectorOptions {
  readonly clock: Clock;
  readonly fanout: Fanout;
  readonly spokes: Pick<Spokes, 'kubernetes'>;
}

/** Clusters whose objects are in memory at a time, over all callers. */
const CLUSTERS_AT_A_TIME = 32;
const SHOWN_REASONS = 15;
const SHOWN_CLUSTERS = 20;
/** Its checks look across namespaces, so it says nothing about one. */
const WHOLE_CLUSTER_ONLY = new Set(['webhooks']);
const RANK: Readonly<Record<FindingSeverity, number>> = { CRITICAL: 0, WARNING: 1, INFO: 2 };

export function createWorkloadsCollector({ clock, fanout, spokes }: WorkloadsCollectorOptions): WorkloadsCollector {
  const memory = createBulkhead(CLUSTERS_AT_A_TIME);

  async function events(query: EventsQuery): Promise<EventsAnswer> {
    const after = query.cursor === undefined ? undefined : positionOf(query.cursor);
    const answer = await fanout.ask<KubernetesEvent[]>({
      ...questionOf(query),
      kind: 'API',
      ask: async (target, cluster, limits) => {
        const wanted = { namespace: query.namespace, cluster: cluster.name, warningsOnly: query.type === 'WARNING' };
        const { events: found, isCut } = await readEvents(spokes.kubernetes, target, wanted, limits);
        const warnings = isCut ? [`It has more than ${MOST_EVENTS} events; name a namespace to see them all.`] : [];
        return { value: found.filter((event) => fits(event, query)), warnings };
      },
    });
    const all = [...answer.values.values()].flat().sort(byTime);
    const rest = after ? all.filter((event) => isAfter(event, after)) : all;
    const page = rest.slice(0, query.limit);
    const last = page.at(-1);
    return {
      events: page,
      total: all.length,
      by_reason: reasonsOf(all),
      next_cursor: last && rest.length > page.length ? cursorOf(last) : null,
      clusters: answer.outcomes,
      complete: answer.complete,
    };
  }

  async function diagnose(query: DiagnosisQuery): Promise<DiagnosisAnswer> {
    const analyzers = ANALYZERS.filter(
      ({ name }) =>
        (query.analyzers?.includes(name) ?? true) && (query.namespace === undefined || !WHOLE_CLUSTER_ONLY.has(name)),
    );
    const answer = await fanout.ask<Diagnosis>({
      ...questionOf(query),
      kind: 'API',
      ask: async (target, cluster, limits) => {
        const leave = await memory.enter(limits.signal);
        try {
          const wanted = {
            needs: needsOf(analyzers),
            namespace: query.namespace,
            cluster: cluster.name,
            nowMs: clock.now().getTime(),
          };
          const read = await readCluster(spokes.kubernetes, target, wanted, limits);
          return diagnosisOf(read, cluster.name, analyzers, query);
        } finally {
          leave();
        }
      },
    });
    const diagnoses = [...answer.values.values()];
    const sum = (of: (diagnosis: Diagnosis) => number) => diagnoses.reduce((total, one) => total + of(one), 0);
    const by_severity = {
      CRITICAL: sum((one) => one.counts.CRITICAL),
      WARNING: sum((one) => one.counts.WARNING),
      INFO: sum((one) => one.counts.INFO),
    };
    return {
      findings: diagnoses
        .flatMap((one) => one.findings)
        .sort(byUrgency)
        .slice(0, query.limit),
      total: by_severity.CRITICAL + by_severity.WARNING + by_severity.INFO,
      by_severity,
      looked_at: looked(diagnoses),
      checks: analyzers.reduce((total, { checks }) => total + checks.length, 0),
      not_checked: notChecked(diagnoses),
      clusters: answer.outcomes,
      complete: isComplete(answer.outcomes),
    };
  }

  return { events, diagnose };
}

interface Diagnosis {
  readonly cluster: string;
  /** The most severe, no more than an answer can hold. */
  readonly findings: Finding[];
  readonly counts: Readonly<Record<FindingSeverity, number>>;
  readonly looked: Readonly<Record<string, number>>;
  readonly skipped: readonly { readonly check: string; readonly why: string }[];
}

function diagnosisOf(
  { snapshot, unread }: Awaited<ReturnType<typeof readCluster>>,
  cluster: string,
  analyzers: readonly Analyzer[],
  { name, namespace, severity, limit }: DiagnosisQuery,
): { value: Diagnosis; warnings: string[] } {
  const { findings: all, skipped } = analyze(snapshot, cluster, analyzers);
  const findings = all.filter(
    ({ object, severity: own }) =>
      (name === undefined || object.name === name || object.name.startsWith(`${name}-`)) &&
      (namespace === undefined || object.namespace === null || object.namespace === namespace) &&
      (severity === undefined || RANK[own] <= RANK[severity]) &&
      (object.kind !== 'Namespace' || namespace === undefined || object.name === namespace),
  );
  const count = (one: FindingSeverity) => findings.filter((finding) => finding.severity === one).length;
  const failures = [...unread.values()].flatMap(({ why, isForbidden }) => (isForbidden ? [] : [why]));
  const cut = [...snapshot.truncated].map((need) => `Not all ${need} were read: there are too many.`);
  return {
    value: {
      cluster,
      findings: findings.sort(byUrgency).slice(0, limit),
      counts: { CRITICAL: count('CRITICAL'), WARNING: count('WARNING'), INFO: count('INFO') },
      looked: Object.fromEntries(
        Object.entries({ ...snapshot.objects, ...(snapshot.events ? { events: snapshot.events } : {}) }).map(
          ([kind, objects]) => [kind, objects.length],
        ),
      ),
      skipped: skipped.map(({ check, need }) => ({
        check,
        why: unread.get(need)?.why ?? `there are too many ${need} to read them all`,
      })),
    },
    // What may not be read is said once, as checks that were not made; what failed makes the cluster's answer partial.
    warnings: [...failures, ...cut],
  };
}

function looked(diagnoses: readonly Diagnosis[]): Record<string, number> {
  const total = new Map<string, number>();
  for (const { looked: own } of diagnoses)
    for (const [kind, count] of Object.entries(own)) total.set(kind, (total.get(kind) ?? 0) + count);
  return Object.fromEntries([...total].filter(([, count]) => count > 0).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function notChecked(diagnoses: readonly Diagnosis[]): NotChecked[] {
  const groups = new Map<string, { check: string; why: string; clusters: string[] }>();
  for (const { cluster, skipped } of diagnoses.toSorted((a, b) => (a.cluster < b.cluster ? -1 : 1))) {
    for (const { check, why } of skipped) {
      const group = groups.get(`${check} ${why}`) ?? { check, why, clusters: [] };
      groups.set(`${check} ${why}`, group);
      group.clusters.push(cluster);
    }
  }
  return [...groups.values()].map(({ check, why, clusters }) => ({
    check,
    why,
    clusters: clusters.slice(0, SHOWN_CLUSTERS),
    cluster_count: clusters.length,
  }));
}

function byUrgency(a: Finding, b: Finding): number {
  const place = ({ cluster, object, reason }: Finding) =>
    JSON.stringify([cluster, object.namespace ?? '', object.kind, object.name, reason]);
  return RANK[a.severity] - RANK[b.severity] || (place(a) < place(b) ? -1 : 1);
}

function reasonsOf(events: readonly KubernetesEvent[]): EventsAnswer['by_reason'] {
  const totals = new Map<string, { reason: string; type: KubernetesEvent['type']; count: number }>();
  for (const { reason, type, count } of events) {
    const total = totals.get(`${type} ${reason}`) ?? { reason, type, count: 0 };
    total.count += count;
    totals.set(`${type} ${reason}`, total);
  }
  return [...totals.values()]
    .sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1))
    .slice(0, SHOWN_REASONS);
}

const Position = z.strictObject({ at: z.iso.datetime(), place: z.string() });

/** A cursor is a place in the order, so what is older stays reachable whatever happens meanwhile. */
function cursorOf(event: KubernetesEvent): string {
  return Buffer.from(JSON.stringify({ at: event.last_at, place: placeIn(event) })).toString('base64url');
}

function positionOf(cursor: string): z.infer<typeof Position> {
  try {
    return Position.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch {
    const message = 'cursor: give back next_cursor of an earlier answer as it was';
    throw new AppError('VALIDATION_FAILED', `${message}.`, { details: { issues: [{ field: 'cursor', message }] } });
  }
}

function isAfter(event: KubernetesEvent, { at, place }: z.infer<typeof Position>): boolean {
  return event.last_at < at || (event.last_at === at && placeIn(event) > place);
}
