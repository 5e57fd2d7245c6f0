import { z } from 'zod';
import { ClusterCreate, Environment, type Cluster } from '../../model/cluster.ts';
import { AppError } from '../../model/errors.ts';
import type { Spokes } from '../../spokes/spokes.ts';
import type { CallLimits } from '../../spokes/transport.ts';
import { Condition } from '../discovery/objects.ts';
import { nameFrom, type SourceState, type Unusable, type Wanted } from './plan.ts';

/** https://open-cluster-management.io/docs/concepts/cluster-inventory/managedcluster/ */
export const ManagedCluster = z.object({
  metadata: z.object({
    name: z.string().max(253),
    labels: z.record(z.string(), z.string()).nullish(),
    deletionTimestamp: z.string().optional(),
  }),
  spec: z.object({
    hubAcceptsClient: z.boolean().optional(),
    managedClusterClientConfigs: z.array(z.object({ url: z.string(), caBundle: z.string().optional() })).nullish(),
  }),
  status: z
    .object({
      conditions: z.array(Condition).nullish(),
      clusterClaims: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
    })
    .optional(),
});
export type ManagedCluster = z.infer<typeof ManagedCluster>;

/** What ACM says of whether its agent there is alive: `True`, `False`, or `Unknown` when it has not been heard of. */
const AVAILABLE_LABEL = 'cluster.open-cluster-management.io/available';
/** Labels of add-ons come and go, and say nothing of the cluster. */
const ADDON_LABEL = /^feature\.open-cluster-management\.io\//;

/** The managed clusters that a hub knows. Throws the spoke's error; NOT_FOUND of their kind means that it is no hub. */
export async function readManagedClusters(
  hub: Cluster,
  spokes: Pick<Spokes, 'target' | 'kubernetes'>,
  limits: CallLimits,
): Promise<ManagedCluster[]> {
  const target = await spokes.target(hub, 'API');
  if (!target) throw new AppError('CLUSTER_UNREACHABLE', `${hub.name} has no API server URL.`);
  const kind = { group: 'cluster.open-cluster-management.io', version: 'v1', resource: 'managedclusters' };
  return (await spokes.kubernetes.list(target, { ...kind, item: ManagedCluster, ...limits })).items;
}

/**
 * Pure. ACM decides about API server, its CA and the labels; the rest is the operator's after the first time. A cluster that
 * is unavailable stays, and its label {@link AVAILABLE_LABEL} says so; one that is being detached is gone.
 */
export function wantedOfManagedClusters(clusters: readonly ManagedCluster[], hubName: string): SourceState {
  const wanted: Wanted[] = [];
  const unusable: Unusable[] = [];
  for (const cluster of clusters) {
    if (cluster.metadata.deletionTimestamp !== undefined) continue;
    const source_key = keyOf(hubName, cluster.metadata.name);
    const made = wantedOf(cluster, source_key);
    if (typeof made === 'string') unusable.push({ source_key, reason: made });
    else wanted.push(made);
  }
  return { wanted, unusable };
}

/** The source key of a managed cluster; with an empty name, what those of one hub begin with. */
export function keyOf(hubName: string, name: string): string {
  return `${hubName}/${name}`;
}

/** A text says why it cannot be registered. */
function wantedOf({ metadata, spec, status }: ManagedCluster, source_key: string): Wanted | string {
  if (spec.hubAcceptsClient === false) return 'the hub has not accepted it';
  const config = spec.managedClusterClientConfigs?.[0];
  if (!config) return 'the hub does not know the URL of its API server';
  const name = nameFrom(metadata.name);
  if (name === undefined) return 'no cluster name can be made from its name';
  const available = status?.conditions?.find(({ type }) => type === 'ManagedClusterConditionAvailable');
  const state = available?.status ?? 'Unknown';
  const own = Object.entries(metadata.labels ?? {}).filter(([key]) => !ADDON_LABEL.test(key));
  const labels = { ...Object.fromEntries(own), [AVAILABLE_LABEL]: state };
  const ca = config.caBundle === undefined ? undefined : Buffer.from(config.caBundle, 'base64').toString('utf8');
  const input = ClusterCreate.safeParse({
    name,
    api_server_url: config.url,
    platform: isOpenShift({ metadata, spec, status }) ? 'OPENSHIFT' : 'KUBERNETES',
    labels,
    ...(metadata.labels?.['region'] ? { region: metadata.labels['region'] } : {}),
    ...environmentOf(metadata.labels?.['environment']),
    ...(ca === undefined ? {} : { tls: { ca } }),
  });
  if (!input.success) {
    const [issue] = input.error.issues;
    return `${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'is wrong'}`;
  }
  const { api_server_url } = input.data;
  return {
    source_key,
    input: input.data,
    patch: (registered) => ({
      api_server_url,
      labels,
      ...(ca === undefined ? {} : { tls: { ...registered.tls, ca } }),
    }),
    ...(state === 'True'
      ? {}
      : { remark: state === 'False' ? 'ACM says that it is unavailable' : 'ACM has lost its agent' }),
  };
}

function isOpenShift({ metadata, status }: ManagedCluster): boolean {
  return (
    metadata.labels?.['vendor'] === 'OpenShift' ||
    (status?.clusterClaims ?? []).some(({ name }) => name === 'version.openshift.io')
  );
}

function environmentOf(label: string | undefined): { environment?: z.infer<typeof Environment> } {
  const parsed = Environment.safeParse(label?.toUpperCase());
  return parsed.success ? { environment: parsed.data } : {};
}
