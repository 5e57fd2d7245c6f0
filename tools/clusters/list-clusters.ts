import { z } from 'zod';
import { ClusterState, ClusterType, Environment, ListedCluster } from '../../backend/model/cluster.ts';
import { ClustersArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';

export const listClusters = defineTool({
  name: 'list_clusters',
  title: 'List clusters',
  description:
    'Lists registered clusters with type, environment, endpoints and last measured health, by name. Start here to learn what the fleet is.',
  toolset: 'clusters',
  permission: 'cluster:read',
  exposure: 'model',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: false },
  input: z.strictObject({
    clusters: ClustersArg,
    name: z.string().max(63).optional().describe('Part of the name'),
    cluster_type: ClusterType.optional(),
    environment: Environment.optional(),
    region: z.string().max(64).optional(),
    state: ClusterState.optional(),
    label: z.string().max(500).optional().describe('key=value'),
    page: z.int().min(1).max(100_000).default(1),
    page_size: z.int().min(1).max(100).default(20),
  }),
  output: z.strictObject({
    items: z.array(ListedCluster),
    total: z.int(),
    page: z.int(),
    page_size: z.int(),
    total_pages: z.int(),
  }),
  example: { state: 'ONLINE' },
  rest: [{ method: 'GET', path: '/clusters' }],
  summarize: ({ items, total, page: at, total_pages }) => {
    if (total === 0)
      return 'No cluster matches. If none is registered yet, add one: aiops cluster add --context <kubeconfig context>.';
    const shown = items.map((c) => `${c.name} (${c.cluster_type}, ${c.environment}, ${c.status.state})`).join(', ');
    return `${total} clusters, page ${at} of ${total_pages}: ${shown}.`;
  },
  run: async (context, { clusters, page, page_size, ...filter }) => {
    const [wanted, matching] = await Promise.all([
      context.resolveClusters(clusters),
      context.services.registry.list(filter),
    ]);
    const ids = new Set(matching.map((cluster) => cluster.id));
    const items = wanted.filter((cluster) => ids.has(cluster.id));
    const first = (page - 1) * page_size;
    return {
      items: items.slice(first, first + page_size).map(({ tls: _tls, ...listed }) => listed),
      total: items.length,
      page,
      page_size,
      total_pages: Math.ceil(items.length / page_size),
    };
  },
});
