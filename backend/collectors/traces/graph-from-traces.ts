import type { ServiceGraphAnswer } from '../../model/trace.ts';
import { calleeOf, isError } from './analyse-trace.ts';
import type { SpanNode, SpanTree } from './span-tree.ts';

export type GraphEdge = ServiceGraphAnswer['edges'][number];

const DATABASE = ['db.system.name', 'db.system'];

/**
 * Who calls whom in these traces: a span whose parent is of another service is a call between the two; a client's span that nobody
 * served is a call to what its attributes name (a database, or a service that did not answer). Numbers count the sample.
 */
export function graphFromTraces(trees: readonly SpanTree[]): GraphEdge[] {
  const edges = new Map<string, { edge: GraphEdge; requests: number; failed: number; ms: number[] }>();
  const count = (edge: Omit<GraphEdge, 'requests' | 'failed' | 'p95_ms'>, failed: boolean, ms: number) => {
    const key = JSON.stringify([
      edge.client,
      edge.server,
      edge.cluster_name,
      edge.server_cluster,
      edge.connection_type,
    ]);
    const sum = edges.get(key) ?? {
      edge: { ...edge, requests: 0, failed: 0, p95_ms: null },
      requests: 0,
      failed: 0,
      ms: [],
    };
    sum.requests += 1;
    if (failed) sum.failed += 1;
    sum.ms.push(ms);
    edges.set(key, sum);
  };
  for (const node of trees.flatMap(({ nodes }) => nodes)) {
    const { parent, span } = node;
    if (parent && parent.span.service !== span.service) {
      const elsewhere = parent.cluster === node.cluster ? {} : { server_cluster: node.cluster };
      const failed = isError(node) || (parent.span.kind === 'CLIENT' && isError(parent));
      const connection = span.kind === 'CONSUMER' ? { connection_type: 'messaging_system' } : {};
      count(
        {
          client: parent.span.service,
          server: span.service,
          cluster_name: parent.cluster,
          ...elsewhere,
          ...connection,
        },
        failed,
        node.endMs - node.startMs,
      );
    } else if (isUnanswered(node)) {
      const server = calleeOf(node);
      const type = DATABASE.some((key) => span.attributes[key] !== undefined) ? 'database' : 'virtual_node';
      if (server === undefined) continue;
      count(
        { client: span.service, server, cluster_name: node.cluster, connection_type: type },
        isError(node),
        node.endMs - node.startMs,
      );
    } else if (!parent && !node.orphan && span.kind === 'SERVER') {
      count(
        { client: 'user', server: span.service, cluster_name: node.cluster },
        isError(node),
        node.endMs - node.startMs,
      );
    }
  }
  return [...edges.values()].map(({ edge, requests, failed, ms }) => ({ ...edge, requests, failed, p95_ms: p95(ms) }));
}

function isUnanswered({ span, children }: SpanNode): boolean {
  return span.kind === 'CLIENT' && children.every((child) => child.span.service === span.service);
}

/** The nearest rank; null of a sample too small for it to mean anything. */
function p95(values: readonly number[]): number | null {
  if (values.length < 20) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.ceil(0.95 * sorted.length) - 1];
  return value === undefined ? null : Math.round(value * 1000) / 1000;
}
