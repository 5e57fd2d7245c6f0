import type { z } from 'zod';
import type { Cluster } from '../../model/cluster.ts';
import { AppError } from '../../model/errors.ts';
import type { Clock } from '../../platform/clock.ts';
import type { ApiGroup, ListRequest, ResourceKind } from '../../spokes/kubernetes.ts';
import { hasReason } from '../../spokes/kubernetes-error.ts';
import type { Spokes } from '../../spokes/spokes.ts';
import type { CallLimits } from '../../spokes/transport.ts';
import type { Discovered } from '../registry.ts';
import { capabilitiesOf } from './capabilities.ts';
import type { CnfPrefix } from './cnf.ts';
import { type FoundEndpoint, endpointsOf } from './endpoints.ts';
import { type Lookup, isKnown, known, mapLookup, reasonOf } from './lookup.ts';
import * as objects from './objects.ts';
import { openShiftStatusOf } from './openshift.ts';
import { platformOf } from './platform.ts';

/** What one look at a cluster brought. */
export interface Discovery extends Discovered {
  /** Told, never set. */
  readonly endpoints_found: readonly FoundEndpoint[];
}

export interface DiscoverOptions {
  readonly spokes: Pick<Spokes, 'target' | 'kubernetes'>;
  readonly clock: Clock;
  readonly cnfPrefixes?: readonly CnfPrefix[];
}

/** Product contract: discovery is over after 15 s. */
export const DISCOVERY_TIMEOUT_MS = 15_000;
/** A lookup is given up this long after the whole should have ended, should its own deadline not end it. */
const GRACE_MS = 250;

/** Kinds of custom resources that tell of a capability. */
const CUSTOM = {
  prometheuses: ['monitoring.coreos.com', 'v1', 'prometheuses'],
  lokiStacks: ['loki.grafana.com', 'v1', 'lokistacks'],
  tempoStacks: ['tempo.grafana.com', 'v1alpha1', 'tempostacks'],
  tempoMonolithics: ['tempo.grafana.com', 'v1alpha1', 'tempomonolithics'],
  istios: ['sailoperator.io', 'v1', 'istios'],
  meshControlPlanes: ['maistra.io', 'v2', 'servicemeshcontrolplanes'],
  storageClusters: ['ocs.openshift.io', 'v1', 'storageclusters'],
  clusterPolicies: ['nvidia.com', 'v1', 'clusterpolicies'],
} as const;

/**
 * Looks at a cluster through its API server, everything at once, for {@link DISCOVERY_TIMEOUT_MS} at most. What cannot be read
 * is unknown, with the reason. Throws DISCOVERY_FAILED when nothing could be read at all; rejects with the signal's reason.
 */
export async function discover(
  cluster: Cluster,
  { spokes, clock, cnfPrefixes }: DiscoverOptions,
  { signal, timeoutMs = DISCOVERY_TIMEOUT_MS }: { signal?: AbortSignal; timeoutMs?: number } = {},
): Promise<Discovery> {
  const { kubernetes } = spokes;
  const untilMs = clock.monotonicMs() + timeoutMs;
  const lookUp = createLookUp(clock, untilMs, timeoutMs, signal);

  const place = await lookUp('reach it', () => spokes.target(cluster, 'API'));
  if (!isKnown(place) || !place.known)
    throw failed(cluster, isKnown(place) ? 'it has no API server URL' : place.unknown);
  const target = place.known;

  const list = <T>(kind: ResourceKind, item: z.ZodType<T>): Promise<Lookup<T[]>> =>
    lookUp(
      `list ${kind.resource}`,
      async (limits) => (await kubernetes.list(target, { ...kind, item, ...limits })).items,
    );
  const listIfKnown = async <T>(request: ListRequest<T>): Promise<T[]> => {
    try {
      return (await kubernetes.list(target, request)).items;
    } catch (error) {
      if (hasReason(error, 'NOT_FOUND')) return [];
      throw error;
    }
  };
  const groups = lookUp('list the API groups', (limits) => kubernetes.groups(target, limits));
  /** Of a kind that need not be installed: without its group, or without it in the group, there are none. */
  const listCustom = async <T>(
    group: string,
    version: string,
    resource: string,
    item: z.ZodType<T>,
  ): Promise<Lookup<T[]>> => {
    const offered = await versionOf(groups, group, version);
    if (offered === undefined) return known([]);
    return lookUp(`list ${resource}`, (limits) => listIfKnown({ group, version: offered, resource, item, ...limits }));
  };
  const get = <T>(kind: ResourceKind & { name: string }, item: z.ZodType<T>): Promise<Lookup<T | undefined>> =>
    lookUp(`get ${kind.resource} ${kind.name}`, (limits) => kubernetes.get(target, { ...kind, item, ...limits }));
  const clusterVersion = async () =>
    (await versionOf(groups, 'config.openshift.io', 'v1')) === undefined
      ? known(undefined)
      : get(
          { group: 'config.openshift.io', version: 'v1', resource: 'clusterversions', name: 'version' },
          objects.ClusterVersion,
        );
  const microshift = async () =>
    (await versionOf(groups, 'route.openshift.io', 'v1')) === undefined ||
    (await versionOf(groups, 'config.openshift.io', 'v1')) !== undefined
      ? known(undefined)
      : get(
          { group: '', version: 'v1', resource: 'configmaps', namespace: 'kube-public', name: 'microshift-version' },
          objects.VersionMap,
        );
  const custom = ([group, version, resource]: (typeof CUSTOM)[keyof typeof CUSTOM]) =>
    listCustom(group, version, resource, objects.Named);

  const core = { group: '', version: 'v1' } as const;
  const seen = await allOf({
    groups,
    kubernetes: lookUp('read the version', async (limits) => (await kubernetes.version(target, limits)).gitVersion),
    nodes: list({ ...core, resource: 'nodes' }, objects.Node),
    namespaces: list({ ...core, resource: 'namespaces' }, objects.Namespace),
    services: list({ ...core, resource: 'services' }, objects.Service),
    prometheuses: custom(CUSTOM.prometheuses),
    lokiStacks: custom(CUSTOM.lokiStacks),
    tempoStacks: custom(CUSTOM.tempoStacks),
    tempoMonolithics: custom(CUSTOM.tempoMonolithics),
    istios: custom(CUSTOM.istios),
    meshControlPlanes: custom(CUSTOM.meshControlPlanes),
    storageClusters: custom(CUSTOM.storageClusters),
    clusterPolicies: custom(CUSTOM.clusterPolicies),
    resourceSlices: listCustom('resource.k8s.io', 'v1', 'resourceslices', objects.ResourceSlice),
    clusterVersion: clusterVersion(),
    microshift: microshift(),
    operators: listCustom('config.openshift.io', 'v1', 'clusteroperators', objects.ClusterOperator),
    pools: listCustom('machineconfiguration.openshift.io', 'v1', 'machineconfigpools', objects.MachineConfigPool),
    routes: listCustom('route.openshift.io', 'v1', 'routes', objects.Route),
    ingresses: listCustom('networking.k8s.io', 'v1', 'ingresses', objects.Ingress),
  });
  const asked: readonly Lookup<unknown>[] = [seen.groups, seen.kubernetes, seen.nodes, seen.namespaces, seen.services];
  if (!asked.some((lookup) => isKnown(lookup))) throw failed(cluster, isKnown(seen.groups) ? '' : seen.groups.unknown);

  const names = mapLookup(seen.groups, (all) => new Set(all.map(({ name }) => name)));
  const at = clock.now();
  const platform = platformOf({ ...seen, groups: names }, cluster.platform);
  return {
    capabilities: capabilitiesOf(
      { ...seen, groups: names },
      { endpoints: cluster.endpoints, at, ...(cnfPrefixes ? { cnfPrefixes } : {}) },
    ),
    openshift:
      platform.platform === 'OPENSHIFT'
        ? openShiftStatusOf(
            { version: seen.clusterVersion, operators: seen.operators, pools: seen.pools },
            at.toISOString(),
          )
        : null,
    ...platform,
    endpoints_found: endpointsOf({
      routes: isKnown(seen.routes) ? seen.routes.known : [],
      ingresses: isKnown(seen.ingresses) ? seen.ingresses.known : [],
      services: isKnown(seen.services) ? seen.services.known : [],
      apiServerUrl: cluster.api_server_url,
    }),
  };
}

type LookUp = <T>(what: string, ask: (limits: CallLimits) => Promise<T>) => Promise<Lookup<T>>;

/** Each lookup ends by `untilMs` (of the monotonic clock), whatever it asks does. */
function createLookUp(clock: Clock, untilMs: number, timeoutMs: number, signal: AbortSignal | undefined): LookUp {
  return async (what, ask) => {
    const leftMs = untilMs - clock.monotonicMs();
    const late = { unknown: `${what}: no answer within ${timeoutMs / 1000} s` };
    signal?.throwIfAborted();
    if (leftMs <= 0) return late;
    const patience = new AbortController();
    const given = Promise.withResolvers<typeof late>();
    const cancel = clock.after(leftMs + GRACE_MS, () => {
      given.resolve(late);
      patience.abort(new Error('discovery is over'));
    });
    const limits = { timeoutMs: leftMs, signal: signal ? AbortSignal.any([signal, patience.signal]) : patience.signal };
    try {
      return await Promise.race([retryingReset(() => ask(limits)).then(known), given.promise]);
    } catch (error) {
      signal?.throwIfAborted();
      return { unknown: reasonOf(what, error) };
    } finally {
      cancel();
    }
  };
}

/** A kept connection may have been given up on the other side in the very moment that it is used again. */
async function retryingReset<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof AppError && error.details['reason'] === 'RESET') return ask();
    throw error;
  }
}

/** The wanted version of a group, or the one that the server prefers; undefined when it has no such group. Unknown groups are tried. */
async function versionOf(
  groups: Promise<Lookup<ApiGroup[]>>,
  group: string,
  wanted: string,
): Promise<string | undefined> {
  const all = await groups;
  if (!isKnown(all)) return wanted;
  const versions = all.known.find(({ name }) => name === group)?.versions;
  return versions?.includes(wanted) ? wanted : versions?.[0];
}

/** Object.fromEntries over promises that never reject but for an abort. */
async function allOf<T extends Record<string, Promise<unknown>>>(asked: T): Promise<{ [K in keyof T]: Awaited<T[K]> }> {
  const answers = await Promise.all(Object.entries(asked).map(async ([key, answer]) => [key, await answer] as const));
  return Object.fromEntries(answers) as { [K in keyof T]: Awaited<T[K]> }; // proof: the same keys, each with its own answer
}

function failed(cluster: Cluster, why: string): AppError {
  return new AppError('DISCOVERY_FAILED', `Nothing could be discovered on ${cluster.name}: ${why}.`, {
    details: { cluster: cluster.name },
    hint: 'validate_cluster_credentials tells how each endpoint takes the credentials. What was known before is kept.',
  });
}
