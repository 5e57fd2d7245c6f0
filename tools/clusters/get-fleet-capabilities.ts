import { z } from 'zod';
import { type Capabilities, type Cluster, FleetCapabilities } from '../../backend/model/cluster.ts';
import { ClustersArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';
import { countAll, countBy } from './tally.ts';

type YesOrNo = { [K in keyof Capabilities]: Capabilities[K] extends boolean | null ? K : never }[keyof Capabilities];

const CAPABILITIES = [
  'has_gpu_nodes',
  'has_gpu_operator',
  'has_dcgm',
  'has_nfd',
  'has_cnf_workloads',
  'has_sriov',
  'has_ptp',
  'has_prometheus',
  'has_thanos',
  'has_loki',
  'has_tempo',
  'has_service_mesh',
  'has_odf',
] as const satisfies readonly YesOrNo[];

export const getFleetCapabilities = defineTool({
  name: 'get_fleet_capabilities',
  title: 'Get fleet capabilities',
  description:
    'Which clusters have GPUs, CNF workloads, SR-IOV, PTP, logs, traces and so on, as last discovered, with totals. What could not be discovered counts as unknown.',
  toolset: 'clusters',
  permission: 'cluster:read',
  exposure: 'api',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: false },
  input: z.strictObject({ clusters: ClustersArg }),
  output: FleetCapabilities,
  example: {},
  rest: [{ method: 'GET', path: '/fleet/capabilities' }],
  summarize: ({ total_clusters, not_discovered, gpus }) => {
    const open = not_discovered.length === 0 ? '' : `; ${not_discovered.length} not discovered yet`;
    return `${total_clusters} clusters, ${gpus.total} GPUs${gpus.unknown === 0 ? '' : ` (not known of ${gpus.unknown} clusters)`}${open}.`;
  },
  run: async ({ clock, resolveClusters }, input) => {
    const clusters = await resolveClusters(input.clusters);
    const known = <K extends keyof Capabilities>(field: K) => clusters.flatMap((cluster) => valueOf(cluster, field));
    const sum = (field: 'gpu_count' | 'node_count') => known(field).reduce((total, value) => total + value, 0);
    return {
      total_clusters: clusters.length,
      not_discovered: clusters.filter((cluster) => cluster.capabilities === null).map((cluster) => cluster.name),
      capabilities: Object.fromEntries(CAPABILITIES.map((field) => [field, spread(clusters, field)])),
      gpus: {
        total: sum('gpu_count'),
        clusters_by_type: countAll(clusters, (cluster) => cluster.capabilities?.gpu_types ?? []),
        unknown: clusters.length - known('gpu_count').length,
      },
      nodes: {
        total: sum('node_count'),
        by_role: addUp(known('node_roles')),
        unknown: clusters.length - known('node_count').length,
      },
      clusters_by_cnf_type: countAll(clusters, (cluster) => cluster.capabilities?.cnf_types ?? []),
      clusters_by_version: countBy(
        clusters,
        (cluster) => `${cluster.platform} ${cluster.platform_version ?? 'unknown'}`,
      ),
      as_of: clock.now().toISOString(),
    };
  },
});

/** Nothing when it is not known. */
function valueOf<K extends keyof Capabilities>(cluster: Cluster, field: K): NonNullable<Capabilities[K]>[] {
  const value = cluster.capabilities?.[field];
  return value === undefined || value === null ? [] : [value];
}

function spread(clusters: readonly Cluster[], field: YesOrNo) {
  const values = clusters.map((cluster) => ({ name: cluster.name, has: cluster.capabilities?.[field] ?? null }));
  return {
    clusters: values.filter(({ has }) => has === true).map(({ name }) => name),
    without: values.filter(({ has }) => has === false).length,
    unknown: values.filter(({ has }) => has === null).length,
  };
}

function addUp(parts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const totals = new Map<string, number>();
  for (const part of parts)
    for (const [key, count] of Object.entries(part)) totals.set(key, (totals.get(key) ?? 0) + count);
  return Object.fromEntries(totals);
}
