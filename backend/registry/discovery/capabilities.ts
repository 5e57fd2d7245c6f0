import type { Capabilities, Endpoints } from '../../model/cluster.ts';
import { type CnfPrefix, cnfTypesOf } from './cnf.ts';
import { gpusOf } from './gpus.ts';
import { type Lookup, anyOf, isKnown, known, mapLookup } from './lookup.ts';
import type { Named, Namespace, Node, ResourceSlice, Service } from './objects.ts';

/** What discovery saw of a cluster, as far as it could be read. Custom resources of a kind that is not installed are an empty list. */
export interface ClusterObjects {
  readonly groups: Lookup<ReadonlySet<string>>;
  readonly nodes: Lookup<readonly Node[]>;
  readonly namespaces: Lookup<readonly Namespace[]>;
  readonly services: Lookup<readonly Service[]>;
  readonly prometheuses: Lookup<readonly Named[]>;
  readonly lokiStacks: Lookup<readonly Named[]>;
  readonly tempoStacks: Lookup<readonly Named[]>;
  readonly tempoMonolithics: Lookup<readonly Named[]>;
  readonly istios: Lookup<readonly Named[]>;
  readonly meshControlPlanes: Lookup<readonly Named[]>;
  readonly storageClusters: Lookup<readonly Named[]>;
  readonly clusterPolicies: Lookup<readonly Named[]>;
  readonly resourceSlices: Lookup<readonly ResourceSlice[]>;
}

/** Values of `app.kubernetes.io/name`, or the service's own name, by which the services of a product are known. */
const SERVICES = {
  prometheus: ['prometheus', 'prometheus-k8s', 'prometheus-operated', 'prometheus-server'],
  thanos: ['thanos', 'thanos-query', 'thanos-querier', 'thanos-query-frontend'],
  tempo: ['tempo', 'tempo-query-frontend', 'tempo-gateway'],
  loki: ['loki', 'loki-gateway', 'lokistack'],
  dcgm: ['nvidia-dcgm-exporter', 'dcgm-exporter'],
  mesh: ['istiod', 'linkerd-destination', 'linkerd-dst'],
} as const;

/** Groups of node feature discovery: OpenShift's operator, and the project's own. */
const NFD_GROUPS = ['nfd.openshift.io', 'nfd.k8s-sigs.io'];
/** Set on every node that it has looked at. */
const NFD_LABEL = /^feature\.node\.kubernetes\.io\//;
const ROLE = /^node-role\.kubernetes\.io\/([\w.-]{1,63})$/;

/**
 * Pure. An endpoint that an operator has configured is a sign as good as an object. Of the fields that stay unknown each
 * stands once in `unknown`, in alphabetical order.
 */
export function capabilitiesOf(
  objects: ClusterObjects,
  { endpoints, at, cnfPrefixes }: { endpoints: Endpoints; at: Date; cnfPrefixes?: readonly CnfPrefix[] },
): Capabilities {
  const { groups, nodes, namespaces, services } = objects;
  const service = (product: keyof typeof SERVICES) =>
    mapLookup(services, (all) => all.some((one) => isOf(one, SERVICES[product])));
  const group = (name: string) => mapLookup(groups, (all) => all.has(name));
  const some = (list: Lookup<readonly unknown[]>) => mapLookup(list, (items) => items.length > 0);
  const configured = (url: string | undefined) => known(url !== undefined);
  const gpus = mapLookup(nodes, (all) => gpusOf(all, objects.resourceSlices));
  const cnfTypes = mapLookup(namespaces, (all) => cnfTypesOf(all, cnfPrefixes));

  const unknown: { field: string; reason: string }[] = [];
  const settle = <T>(field: string, lookup: Lookup<T>): T | null => {
    if (isKnown(lookup)) return lookup.known;
    unknown.push({ field, reason: lookup.unknown });
    return null;
  };
  const settled = {
    has_gpu_nodes: settle('has_gpu_nodes', isKnown(gpus) ? gpus.known.has_gpu_nodes : gpus),
    gpu_count: settle('gpu_count', isKnown(gpus) ? gpus.known.gpu_count : gpus),
    gpu_types: settle('gpu_types', isKnown(gpus) ? gpus.known.gpu_types : gpus),
    has_prometheus: settle(
      'has_prometheus',
      anyOf(configured(endpoints.prometheus_url), service('prometheus'), some(objects.prometheuses)),
    ),
    has_thanos: settle('has_thanos', service('thanos')),
    has_tempo: settle(
      'has_tempo',
      anyOf(
        configured(endpoints.tempo_url),
        some(objects.tempoStacks),
        some(objects.tempoMonolithics),
        service('tempo'),
      ),
    ),
    has_loki: settle('has_loki', anyOf(configured(endpoints.loki_url), some(objects.lokiStacks), service('loki'))),
    has_service_mesh: settle(
      'has_service_mesh',
      anyOf(some(objects.istios), some(objects.meshControlPlanes), service('mesh')),
    ),
    has_odf: settle('has_odf', some(objects.storageClusters)),
    has_gpu_operator: settle('has_gpu_operator', some(objects.clusterPolicies)),
    has_dcgm: settle('has_dcgm', service('dcgm')),
    has_nfd: settle(
      'has_nfd',
      anyOf(
        mapLookup(groups, (all) => NFD_GROUPS.some((name) => all.has(name))),
        mapLookup(nodes, (all) => all.some(isFeatureLabelled)),
      ),
    ),
    has_sriov: settle('has_sriov', group('sriovnetwork.openshift.io')),
    has_ptp: settle('has_ptp', group('ptp.openshift.io')),
    has_cnf_workloads: settle('has_cnf_workloads', some(cnfTypes)),
    cnf_types: settle('cnf_types', cnfTypes),
    node_count: settle(
      'node_count',
      mapLookup(nodes, (all) => all.length),
    ),
    node_roles: settle('node_roles', mapLookup(nodes, rolesOf)),
  };
  unknown.sort((a, b) => (a.field < b.field ? -1 : 1));
  return { ...settled, unknown, discovered_at: at.toISOString() };
}

function isOf({ metadata: { name, labels } }: Service, names: readonly string[]): boolean {
  const app = labels?.['app.kubernetes.io/name'] ?? labels?.['app'];
  return names.includes(name) || (app !== undefined && names.includes(app));
}

function isFeatureLabelled({ metadata }: Node): boolean {
  return Object.keys(metadata.labels ?? {}).some((key) => NFD_LABEL.test(key));
}

function rolesOf(nodes: readonly Node[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { metadata } of nodes) {
    for (const key of Object.keys(metadata.labels ?? {})) {
      const role = ROLE.exec(key)?.[1];
      if (role !== undefined) counts.set(role, (counts.get(role) ?? 0) + 1);
    }
  }
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}
