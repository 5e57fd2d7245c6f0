import { z } from 'zod';
import type { CnfPrefix } from '../discovery/cnf.ts';

/** What a permission on a cluster is for. */
export const NeededFor = z.enum([
  'HEALTH',
  'DISCOVERY',
  'METRICS',
  'LOGS',
  'WORKLOADS',
  'GPU',
  'CNF',
  'ACM_IMPORT',
  'EXEC',
]);
export type NeededFor = z.infer<typeof NeededFor>;

/** Permissions on one kind of object. Without `name` on all of them, in all namespaces. */
export interface ObjectNeed {
  readonly for: NeededFor;
  readonly group: string;
  /** Plural; a subresource as `pods/log`. */
  readonly resource: string;
  readonly verbs: readonly string[];
  readonly name?: string;
  /** Only in the namespaces of {@link execNamespacesOf}, by a Role of each. */
  readonly namespaced?: true;
}

export interface PathNeed {
  readonly for: NeededFor;
  readonly path: string;
  readonly verbs: readonly string[];
}

export type Need = ObjectNeed | PathNeed;

/** Where NVIDIA's GPU operator puts its pods: on OpenShift, and by its Helm chart. */
export const GPU_NAMESPACES: readonly string[] = ['nvidia-gpu-operator', 'gpu-operator'];

/**
 * Of a cluster's namespaces those in whose pods commands are run: nvidia-smi for GPUs, then dpdk-telemetry.py for network functions,
 * of which a site may have very many.
 */
export function execNamespacesOf(names: readonly string[], prefixes: readonly CnfPrefix[]): string[] {
  const functions = names.filter((name) => prefixes.some(({ prefix }) => name.startsWith(prefix)));
  return [...new Set([...GPU_NAMESPACES.filter((name) => names.includes(name)), ...functions.sort()])];
}

const READ = ['get', 'list', 'watch'] as const;
const LIST = ['list'] as const;
const GET = ['get'] as const;

function needs(purpose: NeededFor, verbs: readonly string[], group: string, ...resources: string[]): ObjectNeed[] {
  return resources.map((resource) => ({ for: purpose, group, resource, verbs }));
}

/**
 * Everything that the platform asks of a cluster's API server, and what a proxy in front of its metrics and logs asks about the
 * caller. The one list behind the RBAC that is printed and the check of what is missing.
 */
export const NEEDS: readonly Need[] = [
  { for: 'HEALTH', path: '/readyz', verbs: GET },
  { for: 'HEALTH', path: '/version', verbs: GET },
  ...needs('DISCOVERY', READ, '', 'nodes', 'namespaces'),
  ...needs('DISCOVERY', LIST, '', 'services'),
  // MicroShift tells its version there.
  { for: 'DISCOVERY', group: '', resource: 'configmaps', verbs: GET, name: 'microshift-version' },
  ...needs('DISCOVERY', LIST, 'networking.k8s.io', 'ingresses'),
  ...needs('DISCOVERY', LIST, 'route.openshift.io', 'routes'),
  ...needs('DISCOVERY', ['get', 'list'], 'config.openshift.io', 'clusterversions', 'clusteroperators'),
  ...needs('DISCOVERY', LIST, 'machineconfiguration.openshift.io', 'machineconfigpools'),
  ...needs('DISCOVERY', LIST, 'monitoring.coreos.com', 'prometheuses'),
  ...needs('DISCOVERY', LIST, 'loki.grafana.com', 'lokistacks'),
  ...needs('DISCOVERY', LIST, 'tempo.grafana.com', 'tempostacks', 'tempomonolithics'),
  ...needs('DISCOVERY', LIST, 'sailoperator.io', 'istios'),
  ...needs('DISCOVERY', LIST, 'maistra.io', 'servicemeshcontrolplanes'),
  ...needs('DISCOVERY', LIST, 'ocs.openshift.io', 'storageclusters'),
  // GPUs that dynamic resource allocation hands out.
  ...needs('DISCOVERY', LIST, 'resource.k8s.io', 'resourceslices'),
  // The proxies of OpenShift's monitoring ask for these; a query by POST is `create`.
  {
    for: 'METRICS',
    group: 'monitoring.coreos.com',
    resource: 'prometheuses/api',
    verbs: ['get', 'create'],
    name: 'k8s',
  },
  { for: 'METRICS', group: 'monitoring.coreos.com', resource: 'alertmanagers/api', verbs: GET, name: 'main' },
  // The gateway of a LokiStack asks for these, one for each tenant.
  { for: 'LOGS', group: 'loki.grafana.com', resource: 'application', verbs: GET, name: 'logs' },
  { for: 'LOGS', group: 'loki.grafana.com', resource: 'infrastructure', verbs: GET, name: 'logs' },
  ...needs('LOGS', GET, '', 'pods/log'),
  ...needs('WORKLOADS', READ, '', 'pods', 'events'),
  ...needs('WORKLOADS', READ, 'apps', 'deployments', 'statefulsets', 'daemonsets'),
  // Diagnosis. Of ConfigMaps and ServiceAccounts only the names are asked for; Secrets are left out on purpose.
  ...needs('WORKLOADS', LIST, '', 'persistentvolumeclaims', 'resourcequotas', 'configmaps', 'serviceaccounts'),
  ...needs('WORKLOADS', LIST, 'apps', 'replicasets'),
  ...needs('WORKLOADS', LIST, 'batch', 'jobs', 'cronjobs'),
  ...needs('WORKLOADS', LIST, 'autoscaling', 'horizontalpodautoscalers'),
  ...needs('WORKLOADS', LIST, 'policy', 'poddisruptionbudgets'),
  ...needs('WORKLOADS', LIST, 'discovery.k8s.io', 'endpointslices'),
  ...needs('WORKLOADS', LIST, 'networking.k8s.io', 'ingressclasses'),
  ...needs('WORKLOADS', LIST, 'storage.k8s.io', 'storageclasses'),
  ...needs('WORKLOADS', LIST, 'admissionregistration.k8s.io', 'validatingwebhookconfigurations'),
  ...needs('WORKLOADS', LIST, 'admissionregistration.k8s.io', 'mutatingwebhookconfigurations'),
  ...needs('GPU', READ, 'nvidia.com', 'clusterpolicies'),
  // Which pods hold GPUs that dynamic resource allocation handed out.
  ...needs('GPU', LIST, 'resource.k8s.io', 'resourceclaims'),
  ...needs('CNF', READ, 'sriovnetwork.openshift.io', 'sriovnetworknodestates', 'sriovnetworknodepolicies'),
  // Nephio's description of a network function.
  ...needs('CNF', LIST, 'workload.nephio.org', 'nfdeployments'),
  ...needs('CNF', READ, 'ptp.openshift.io', 'ptpconfigs', 'nodeptpdevices'),
  ...needs('ACM_IMPORT', READ, 'cluster.open-cluster-management.io', 'managedclusters'),
  // A WebSocket is a GET; recent API servers ask for `create` all the same.
  { for: 'EXEC', group: '', resource: 'pods/exec', verbs: ['get', 'create'], namespaced: true },
];
