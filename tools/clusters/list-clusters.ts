import { z } from 'zod';
import { ClusterState, ClusterType, Environment, ListedCluster } from '../../backend/model/cluster.ts';
import { parseSelector } from '../../backend/model/selector.ts';
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
    has_gpu: z.boolean().optional(),
    has_cnf: z.boolean().optional(),
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
  run: async ({ services, principal, resolveClusters }, { clusters, page, page_size, ...filter }) => {
    // Names are resolved first, so that one that is not there is an error here as everywhere.
    const ids = clusters === undefined ? undefined : (await resolveClusters(clusters)).map((cluster) => cluster.id);
    const { items, total } = await services.registry.page(
      { ...filter, ids },
      { page, pageSize: page_size, scope: parseSelector(principal.scope.selector) },
    );
    return {
      items: items.map(({ tls: _tls, endpoint_options: _options, openshift: _openshift, ...listed }) => listed),
      total,
      page,
      page_size,
      total_pages: Math.ceil(total / page_size),
    };
  },
});
