import type { TraceAnalysis } from '../../model/trace.ts';
import { clockSkews, round } from './clock-skew.ts';
import { criticalPath, selfMs } from './critical-path.ts';
import type { SpanNode, SpanTree } from './span-tree.ts';

const MAX_STEPS = 25;
const MAX_ORIGINS = 5;
const MAX_ROWS = 15;
const MAX_SLOWEST = 5;
const MAX_MISSING = 10;

/** What a trace tells once its spans are counted up. */
export interface AnalysedTrace {
  readonly analysis: TraceAnalysis;
  readonly selfMs: ReadonlyMap<SpanNode, number>;
  readonly onCriticalPath: ReadonlySet<SpanNode>;
  readonly serviceCount: number;
}

/** Time is n log n in the number of spans. */
export function analyseTrace(tree: SpanTree): AnalysedTrace {
  const self = new Map(tree.nodes.map((node) => [node, selfMs(node)]));
  const path = criticalSteps(tree);
  const origins = errorOrigins(tree);
  const services = sumUp(tree, self, ({ span }) => span.service);
  const operations = sumUp(tree, self, ({ span }) => JSON.stringify([span.service, span.name]));
  const own = (node: SpanNode) => self.get(node) ?? 0;
  return {
    selfMs: self,
    onCriticalPath: new Set(path.map(({ node }) => node)),
    serviceCount: services.length,
    analysis: {
      critical_path: path.slice(0, MAX_STEPS).map(({ node, atMs, ms }) => ({
        ...refOf(node),
        at_ms: round(atMs),
        ms: round(ms),
        share: shareOf(ms, tree),
      })),
      critical_path_steps: path.length,
      error_origins: origins.slice(0, MAX_ORIGINS).map((node) => {
        const message = errorMessage(node);
        const calls = calleeOf(node);
        return {
          ...refOf(node),
          depth: node.depth,
          ...(message === undefined ? {} : { message }),
          ...(calls === undefined ? {} : { calls }),
        };
      }),
      error_origin_count: origins.length,
      error_span_count: tree.nodes.filter(isError).length,
      services: services
        .slice(0, MAX_ROWS)
        .map(({ first, ...sums }) => ({ service_name: first.span.service, ...sums })),
      operations: operations.slice(0, MAX_ROWS).map(({ first, ...sums }) => ({
        service_name: first.span.service,
        operation_name: first.span.name,
        ...sums,
      })),
      slowest_spans: tree.nodes
        .toSorted((a, b) => own(b) - own(a))
        .slice(0, MAX_SLOWEST)
        .map((node) => ({ ...refOf(node), duration_ms: round(node.endMs - node.startMs), self_ms: round(own(node)) })),
      orphan_count: tree.nodes.filter(({ orphan }) => orphan).length,
      missing_parents: tree.missingParents.slice(0, MAX_MISSING),
      duplicate_count: tree.duplicates,
      clock_skews: clockSkews(tree),
    },
  };
}

function refOf({ span, cluster, id }: SpanNode) {
  return { span_id: id, service_name: span.service, operation_name: span.name, cluster_name: cluster };
}

/** Of the critical path below the first root, each span once, at its first segment, with the sum of its segments. */
function criticalSteps({ roots }: SpanTree): { node: SpanNode; atMs: number; ms: number }[] {
  const [root] = roots;
  if (!root) return [];
  const steps = new Map<SpanNode, { node: SpanNode; atMs: number; ms: number }>();
  for (const { node, fromMs, toMs } of criticalPath(root)) {
    const step = steps.get(node) ?? { node, atMs: fromMs, ms: 0 };
    step.ms += toMs - fromMs;
    steps.set(node, step);
  }
  return [...steps.values()];
}

function shareOf(ms: number, { roots: [root] }: SpanTree): number {
  const whole = root ? root.endMs - root.startMs : 0;
  return whole === 0 ? 0 : Math.round((ms / whole) * 1000) / 1000;
}

export function isError({ span }: SpanNode): boolean {
  return span.status === 'ERROR';
}

/** Deepest first, then earliest. */
function errorOrigins(tree: SpanTree): SpanNode[] {
  const above = new Set<SpanNode>();
  const origins: SpanNode[] = [];
  // Children stand after their parents, so from the end on every span knows what lies below it.
  for (const node of tree.nodes.toReversed()) {
    const below = above.has(node);
    if (isError(node) && !below) origins.push(node);
    if (node.parent && (below || isError(node))) above.add(node.parent);
  }
  return origins.sort((a, b) => b.depth - a.depth || a.startMs - b.startMs);
}

/** In the sender's own words: the status, else the exception, else the status code of the protocol. */
export function errorMessage({ span }: SpanNode): string | undefined {
  const exception = span.events.find(({ name }) => name === 'exception')?.attributes;
  const { attributes } = span;
  const code = attributes['http.response.status_code'] ?? attributes['http.status_code'];
  return (
    span.statusMessage ??
    exception?.['exception.message'] ??
    exception?.['exception.type'] ??
    (code === undefined ? undefined : `HTTP status ${code}`)
  );
}

/** Whom a span calls, as far as its attributes tell (semantic conventions of OpenTelemetry, old and new). */
const CALLEE = [
  'peer.service',
  'server.address',
  'net.peer.name',
  'db.system.name',
  'db.system',
  'messaging.system',
  'rpc.service',
];

export function calleeOf({ span }: SpanNode): string | undefined {
  if (span.kind !== 'CLIENT' && span.kind !== 'PRODUCER') return undefined;
  const key = CALLEE.find((name) => span.attributes[name] !== undefined);
  return key === undefined ? undefined : span.attributes[key];
}

interface Sums {
  readonly first: SpanNode;
  spans: number;
  errors: number;
  self_ms: number;
}

/** By self time, most first. */
function sumUp(tree: SpanTree, self: ReadonlyMap<SpanNode, number>, keyOf: (node: SpanNode) => string): Sums[] {
  const groups = new Map<string, Sums>();
  for (const node of tree.nodes) {
    const key = keyOf(node);
    const group = groups.get(key) ?? { first: node, spans: 0, errors: 0, self_ms: 0 };
    group.spans += 1;
    if (isError(node)) group.errors += 1;
    group.self_ms += self.get(node) ?? 0;
    groups.set(key, group);
  }
  return [...groups.values()]
    .sort((a, b) => b.self_ms - a.self_ms)
    .map((group) => ({ ...group, self_ms: round(group.self_ms) }));
}
