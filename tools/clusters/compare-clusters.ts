import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { Cluster } from '../../backend/model/cluster.ts';
import { AppError } from '../../backend/model/errors.ts';
import { defineTool } from '../define.ts';

const MAX_CLUSTERS = 10;

export const compareClusters = defineTool({
  name: 'compare_clusters',
  title: 'Compare clusters',
  description:
    'Puts 2–10 clusters side by side: type, version, health, capabilities, OpenShift state, labels. Lists what differs, with the value of each, and what all share. null = not known. For metrics use query_metrics.',
  toolset: 'clusters',
  permission: 'cluster:read',
  exposure: 'model',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: false },
  input: z.strictObject({
    clusters: z
      .union([z.array(z.string().min(1).max(500)).min(1).max(MAX_CLUSTERS), z.string().min(1).max(500)])
      .describe('Names or ids, or one label selector'),
  }),
  output: z.strictObject({
    clusters: z.array(z.string()),
    differences: z.array(z.strictObject({ field: z.string(), values: z.record(z.string(), z.unknown()) })),
    same: z.record(z.string(), z.unknown()),
  }),
  example: { clusters: ['hub-1', 'prod-eu-1'] },
  summarize: ({ clusters, differences }) =>
    differences.length === 0
      ? `${clusters.join(', ')} do not differ in anything that is known.`
      : `${clusters.join(', ')} differ in ${differences.map((difference) => difference.field).join(', ')}.`,
  run: async ({ resolveClusters }, input) => {
    const clusters = await resolveClusters(input.clusters);
    if (clusters.length < 2 || clusters.length > MAX_CLUSTERS) {
      const message = `must mean 2 to ${MAX_CLUSTERS} clusters, not ${clusters.length}`;
      throw new AppError('VALIDATION_FAILED', `clusters ${message}.`, {
        details: { issues: [{ field: 'clusters', message }] },
      });
    }
    const facts = clusters.map((cluster) => ({ name: cluster.name, of: factsOf(cluster) }));
    const fields = [...new Set(facts.flatMap((fact) => Object.keys(fact.of)))];
    const differences: { field: string; values: Record<string, unknown> }[] = [];
    const same: Record<string, unknown> = {};
    for (const field of fields) {
      const values = facts.map((fact) => fact.of[field] ?? null);
      if (values.every((value) => isDeepStrictEqual(value, values[0]))) same[field] = values[0];
      else differences.push({ field, values: Object.fromEntries(facts.map((fact, at) => [fact.name, values[at]])) });
    }
    return { clusters: clusters.map((cluster) => cluster.name), differences, same };
  },
});

/** Field by field, most telling first. Nothing that is a cluster's own (name, addresses) or when it was looked at. */
function factsOf(cluster: Cluster): Record<string, unknown> {
  const { state, health_score, connectivity, last_error } = cluster.status;
  const { discovered_at: _discovered, unknown: _unknown, ...capabilities } = cluster.capabilities ?? {};
  const { observed_at: _observed, ...openshift } = cluster.openshift ?? {};
  return {
    state,
    health_score,
    connectivity,
    last_error,
    platform: cluster.platform,
    platform_version: cluster.platform_version,
    cluster_type: cluster.cluster_type,
    environment: cluster.environment,
    region: cluster.region,
    ...capabilities,
    ...prefixed('openshift', openshift),
    ...prefixed('labels', cluster.labels),
    endpoints: Object.keys(cluster.endpoints).sort(),
    maintenance_until: cluster.maintenance_until,
    collection_paused: cluster.collection_paused,
  };
}

function prefixed(prefix: string, values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [`${prefix}.${key}`, value]));
}
