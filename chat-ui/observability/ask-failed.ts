import type { ClusterOutcome } from '../../backend/model/outcome.ts';
import type { FoundTrace, TraceSearchAnswer } from '../../backend/model/trace.ts';
import type { WholeAnswer } from './metrics/series.ts';

/** As many as the API takes by name. */
const MOST = 1000;

/**
 * Ids of the clusters that did not answer whole, which can be asked again by themselves; empty where nobody failed, where
 * everybody did, and where there are more than the API takes: then everything is asked again.
 */
export function clustersToAskAgain(outcomes: readonly ClusterOutcome[]): string[] {
  const failed = outcomes.filter(isMissing);
  const all = failed.length === outcomes.filter((o) => o.status !== 'SKIPPED' || o.error).length;
  return all || failed.length > MOST ? [] : failed.map((o) => o.cluster_id);
}

/** What the button says that asks them. */
export function askAgainWords(ids: readonly string[]): string {
  return ids.length === 0 ? 'Ask all again' : ids.length === 1 ? 'Ask that one again' : `Ask those ${ids.length} again`;
}

/** An answer with what some of its clusters say now; undefined when the two do not stand on one grid. */
export function withMetricsOf(shown: WholeAnswer, fresh: WholeAnswer): WholeAnswer | undefined {
  const grid = ({ range }: WholeAnswer) => JSON.stringify([range?.start, range?.end, range?.step]);
  if (grid(shown) !== grid(fresh) || shown.merged || fresh.merged) return undefined;
  const results = inPlace(shown.results, fresh.results);
  return {
    ...shown,
    results,
    complete: isComplete(results),
    clusters_succeeded: results.filter(({ status }) => status === 'SUCCESS' || status === 'PARTIAL').length,
    notes: [...new Set([...shown.notes, ...fresh.notes])],
    ...(fresh.shortened ? { shortened: fresh.shortened } : {}),
  };
}

/** A search with what some of its clusters say now: newest first, and no more traces than one search would give. */
export function withTracesOf(shown: TraceSearchAnswer, fresh: TraceSearchAnswer, limit: number): TraceSearchAnswer {
  const again = new Set(fresh.clusters.filter(hasAnswered).map(({ cluster_name }) => cluster_name));
  // What only they had is told anew by them.
  const kept = shown.traces.filter((trace) => !trace.clusters.every((name) => again.has(name)));
  const byId = new Map(kept.map((trace) => [trace.trace_id, trace]));
  for (const trace of fresh.traces) {
    const known = byId.get(trace.trace_id);
    byId.set(trace.trace_id, known ? joined(known, trace) : trace);
  }
  const traces = [...byId.values()].sort((a, b) => (a.start_time < b.start_time ? 1 : -1));
  const clusters = inPlace(shown.clusters, fresh.clusters);
  return {
    ...shown,
    traces: traces.slice(0, limit),
    more: shown.more || fresh.more || traces.length > limit,
    clusters,
    complete: isComplete(clusters),
    notes: [...new Set([...shown.notes, ...fresh.notes])],
  };
}

/** Parts of one trace, found one after the other. How many services both have between them nobody tells, so it is not told. */
function joined(a: FoundTrace, b: FoundTrace): FoundTrace {
  const apart = !b.clusters.some((name) => a.clusters.includes(name));
  const within = b.clusters.every((name) => a.clusters.includes(name));
  const start = (trace: FoundTrace) => Date.parse(`${trace.start_time.slice(0, 23)}Z`);
  const begin = Math.min(start(a), start(b));
  const end = Math.max(start(a) + a.duration_ms, start(b) + b.duration_ms);
  const spans = new Map([...a.spans, ...b.spans].map((span) => [span.span_id, span]));
  const root = a.root_service === null ? b : a;
  return {
    ...root,
    clusters: [...new Set([...a.clusters, ...b.clusters])].sort(),
    start_time: a.start_time < b.start_time ? a.start_time : b.start_time,
    duration_ms: end - begin,
    span_count: within
      ? a.span_count
      : apart && a.span_count !== null && b.span_count !== null
        ? a.span_count + b.span_count
        : null,
    service_count: within ? a.service_count : null,
    has_errors:
      a.has_errors === true ||
      b.has_errors === true ||
      (a.has_errors === false && b.has_errors === false ? false : null),
    matched_spans: apart ? a.matched_spans + b.matched_spans : Math.max(a.matched_spans, b.matched_spans),
    spans: [...spans.values()],
  };
}

/** Each outcome where it stood, as it is now. */
function inPlace<T extends ClusterOutcome>(shown: readonly T[], fresh: readonly T[]): T[] {
  const now = new Map(fresh.map((outcome) => [outcome.cluster_id, outcome]));
  return shown.map((outcome) => now.get(outcome.cluster_id) ?? outcome);
}

/** SKIPPED with a reason is a gap; without one the cluster has no such server. */
function isMissing({ status, error }: ClusterOutcome): boolean {
  return status !== 'SUCCESS' && (status !== 'SKIPPED' || error !== undefined);
}

function hasAnswered({ status }: ClusterOutcome): boolean {
  return status === 'SUCCESS' || status === 'PARTIAL';
}

function isComplete(outcomes: readonly ClusterOutcome[]): boolean {
  return !outcomes.some(isMissing);
}
