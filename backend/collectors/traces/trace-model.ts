import type { Cluster } from '../../model/cluster.ts';
import type { FoundTrace, Span, Trace } from '../../model/trace.ts';
import type { FoundTrace as SpokeTrace } from '../../spokes/tempo-search.ts';
import { type AnalysedTrace, isError } from './analyse-trace.ts';
import { round } from './clock-skew.ts';
import type { SpanNode, SpanTree } from './span-tree.ts';

/** Where a span ran, besides what it says itself. */
const RESOURCE_TAGS = ['service.version', 'k8s.namespace.name', 'k8s.pod.name', 'k8s.node.name', 'host.name'];
const MAX_TAGS = 64;
const MAX_VALUE = 2048;
const MAX_LOGS = 32;

/** ISO 8601 UTC with all nine digits. Times that no calendar has become the nearest that one has. */
export function isoNanos(ns: bigint): string {
  const second = 1_000_000_000n;
  const last = 253_402_300_799n;
  const whole = ns < 0n ? 0n : ns / second > last ? last : ns / second;
  const fraction = ns < 0n ? 0n : ns % second;
  return `${new Date(Number(whole) * 1000).toISOString().slice(0, 19)}.${fraction.toString().padStart(9, '0')}Z`;
}

export function toSpan(node: SpanNode, selfMs: number): Span {
  const { span, id, cluster, parent } = node;
  const parentId = parent?.id ?? span.parentSpanId;
  const resource = RESOURCE_TAGS.flatMap((key) => {
    const value = span.resource[key];
    return value === undefined ? [] : [[key, value] as const];
  });
  return {
    span_id: id,
    ...(parentId === undefined ? {} : { parent_span_id: parentId }),
    operation_name: span.name,
    service_name: span.service,
    kind: span.kind,
    cluster_name: cluster,
    start_time: isoNanos(span.startNs),
    duration_ms: round(node.endMs - node.startMs),
    self_ms: round(selfMs),
    status: span.status,
    ...(span.statusMessage === undefined ? {} : { status_message: cut(span.statusMessage) }),
    tags: tagsOf([...resource, ...Object.entries(span.attributes)]),
    logs: span.events.slice(0, MAX_LOGS).map(({ timeNs, name, attributes }) => ({
      timestamp: isoNanos(timeNs),
      message: cut([name, ...Object.entries(attributes).map(([key, value]) => `${key}=${value}`)].join(' ')),
    })),
  };
}

function tagsOf(entries: readonly (readonly [string, string])[]): Record<string, string> {
  return Object.fromEntries(entries.slice(0, MAX_TAGS).map(([key, value]) => [key, cut(value)]));
}

function cut(value: string): string {
  return value.length > MAX_VALUE ? `${value.slice(0, MAX_VALUE - 1)}…` : value;
}

export function traceOf(traceId: string, tree: SpanTree, analysed: AnalysedTrace, clusters: readonly Cluster[]): Trace {
  const root = tree.roots.find(({ orphan }) => !orphan);
  const first = root ?? tree.roots[0];
  const home = clusters.find(({ name }) => name === first?.cluster);
  return {
    trace_id: traceId,
    cluster_id: home?.id ?? '',
    cluster_name: first?.cluster ?? '',
    clusters: [...new Set(tree.nodes.map(({ cluster }) => cluster))].sort(),
    root_service: root?.span.service ?? null,
    root_operation: root?.span.name ?? null,
    start_time: isoNanos(tree.startNs),
    duration_ms: round(tree.durationMs),
    span_count: tree.nodes.length,
    service_count: analysed.serviceCount,
    has_errors: tree.nodes.some(isError),
  };
}

/** What several clusters found of one trace, as one. */
export function joinFound(
  parts: readonly { readonly cluster: Cluster; readonly found: SpokeTrace }[],
): FoundTrace | undefined {
  const ordered = parts.toSorted((a, b) => (a.found.startNs < b.found.startNs ? -1 : 1));
  const home = ordered.find(({ found }) => found.rootService !== undefined) ?? ordered[0];
  const [first] = ordered;
  if (!home || !first) return undefined;
  const startNs = first.found.startNs;
  const endMs = ordered.map(({ found }) => Number(found.startNs - startNs) / 1e6 + found.durationMs);
  const known = ordered.flatMap(({ found }) => (found.services ? [found.services] : []));
  const whole = known.length === ordered.length;
  const spans = known.flatMap((services) => [...services.values()]);
  return {
    trace_id: home.found.traceId,
    cluster_id: home.cluster.id,
    cluster_name: home.cluster.name,
    clusters: ordered.map(({ cluster }) => cluster.name).sort(),
    root_service: home.found.rootService ?? null,
    root_operation: home.found.rootName ?? null,
    start_time: isoNanos(startNs),
    duration_ms: round(Math.max(...endMs)),
    span_count: whole ? spans.reduce((sum, one) => sum + one.spans, 0) : null,
    service_count: whole ? new Set(known.flatMap((services) => [...services.keys()])).size : null,
    has_errors: errorsIn(ordered, whole),
    matched_spans: ordered.reduce((sum, { found }) => sum + found.matched, 0),
    spans: ordered.flatMap(({ cluster, found }) =>
      found.spans.map((span) => {
        const name = span.name ?? span.attributes['name'];
        return {
          span_id: span.spanId,
          cluster_name: cluster.name,
          ...(name === undefined ? {} : { operation_name: cut(name) }),
          start_time: isoNanos(span.startNs),
          duration_ms: round(Number(span.durationNs) / 1e6),
          tags: tagsOf(Object.entries(span.attributes)),
        };
      }),
    ),
  };
}

/** Null where nobody tells: an old Tempo says nothing of spans that do not match. */
function errorsIn(parts: readonly { readonly found: SpokeTrace }[], whole: boolean): boolean | null {
  const counted = parts.some(({ found }) => [...(found.services?.values() ?? [])].some(({ errors }) => errors > 0));
  const seen = parts.some(({ found }) => found.spans.some(({ attributes }) => attributes['status'] === 'error'));
  if (counted || seen) return true;
  return whole ? false : null;
}
