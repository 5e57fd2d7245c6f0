import { z } from 'zod';

/** What is installed on a simulated cluster besides Kubernetes itself; each brings its groups of custom resources. */
export const Feature = z.enum([
  'OPENSHIFT',
  'ACM',
  'GPU_OPERATOR',
  'DRA',
  'SRIOV',
  'PTP',
  'LOKI',
  'TEMPO',
  'SERVICE_MESH',
  'ODF',
]);
export type Feature = z.infer<typeof Feature>;

export interface Kind {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Left out = every cluster has it. */
  readonly feature?: Feature;
}

/** One kind a line: group/version, plural, kind, scope, what brings it. */
const TABLE: readonly (readonly [string, string, string, 'cluster' | 'namespaced', Feature?])[] = [
  ['v1', 'namespaces', 'Namespace', 'cluster'],
  ['v1', 'nodes', 'Node', 'cluster'],
  ['v1', 'pods', 'Pod', 'namespaced'],
  ['v1', 'services', 'Service', 'namespaced'],
  ['v1', 'events', 'Event', 'namespaced'],
  ['v1', 'secrets', 'Secret', 'namespaced'],
  ['v1', 'configmaps', 'ConfigMap', 'namespaced'],
  ['v1', 'persistentvolumeclaims', 'PersistentVolumeClaim', 'namespaced'],
  ['v1', 'resourcequotas', 'ResourceQuota', 'namespaced'],
  ['v1', 'serviceaccounts', 'ServiceAccount', 'namespaced'],
  ['apps/v1', 'deployments', 'Deployment', 'namespaced'],
  ['apps/v1', 'replicasets', 'ReplicaSet', 'namespaced'],
  ['apps/v1', 'statefulsets', 'StatefulSet', 'namespaced'],
  ['apps/v1', 'daemonsets', 'DaemonSet', 'namespaced'],
  ['batch/v1', 'jobs', 'Job', 'namespaced'],
  ['batch/v1', 'cronjobs', 'CronJob', 'namespaced'],
  ['autoscaling/v2', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler', 'namespaced'],
  ['policy/v1', 'poddisruptionbudgets', 'PodDisruptionBudget', 'namespaced'],
  ['discovery.k8s.io/v1', 'endpointslices', 'EndpointSlice', 'namespaced'],
  ['storage.k8s.io/v1', 'storageclasses', 'StorageClass', 'cluster'],
  ['admissionregistration.k8s.io/v1', 'validatingwebhookconfigurations', 'ValidatingWebhookConfiguration', 'cluster'],
  ['admissionregistration.k8s.io/v1', 'mutatingwebhookconfigurations', 'MutatingWebhookConfiguration', 'cluster'],
  ['events.k8s.io/v1', 'events', 'Event', 'namespaced'],
  ['networking.k8s.io/v1', 'ingresses', 'Ingress', 'namespaced'],
  ['networking.k8s.io/v1', 'ingressclasses', 'IngressClass', 'cluster'],
  ['apiextensions.k8s.io/v1', 'customresourcedefinitions', 'CustomResourceDefinition', 'cluster'],
  ['config.openshift.io/v1', 'clusterversions', 'ClusterVersion', 'cluster', 'OPENSHIFT'],
  ['config.openshift.io/v1', 'clusteroperators', 'ClusterOperator', 'cluster', 'OPENSHIFT'],
  ['machineconfiguration.openshift.io/v1', 'machineconfigpools', 'MachineConfigPool', 'cluster', 'OPENSHIFT'],
  ['route.openshift.io/v1', 'routes', 'Route', 'namespaced', 'OPENSHIFT'],
  ['cluster.open-cluster-management.io/v1', 'managedclusters', 'ManagedCluster', 'cluster', 'ACM'],
  ['resource.k8s.io/v1', 'resourceslices', 'ResourceSlice', 'cluster', 'DRA'],
  ['nvidia.com/v1', 'clusterpolicies', 'ClusterPolicy', 'cluster', 'GPU_OPERATOR'],
  ['nfd.openshift.io/v1', 'nodefeaturediscoveries', 'NodeFeatureDiscovery', 'namespaced', 'GPU_OPERATOR'],
  ['sriovnetwork.openshift.io/v1', 'sriovnetworknodestates', 'SriovNetworkNodeState', 'namespaced', 'SRIOV'],
  ['sriovnetwork.openshift.io/v1', 'sriovnetworknodepolicies', 'SriovNetworkNodePolicy', 'namespaced', 'SRIOV'],
  ['ptp.openshift.io/v1', 'ptpconfigs', 'PtpConfig', 'namespaced', 'PTP'],
  ['ptp.openshift.io/v1', 'nodeptpdevices', 'NodePtpDevice', 'namespaced', 'PTP'],
  ['loki.grafana.com/v1', 'lokistacks', 'LokiStack', 'namespaced', 'LOKI'],
  ['tempo.grafana.com/v1alpha1', 'tempostacks', 'TempoStack', 'namespaced', 'TEMPO'],
  ['tempo.grafana.com/v1alpha1', 'tempomonolithics', 'TempoMonolithic', 'namespaced', 'TEMPO'],
  ['sailoperator.io/v1', 'istios', 'Istio', 'cluster', 'SERVICE_MESH'],
  ['ocs.openshift.io/v1', 'storageclusters', 'StorageCluster', 'namespaced', 'ODF'],
];

/** In the order of discovery. */
export const KINDS: readonly Kind[] = TABLE.map(([groupVersion, resource, kind, scope, feature]) => {
  const [version = '', group = ''] = groupVersion.split('/').toReversed();
  return { group, version, resource, kind, namespaced: scope === 'namespaced', ...(feature && { feature }) };
});

export function groupVersionOf({ group, version }: Pick<Kind, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}

export function kindOf(features: ReadonlySet<Feature>, of: Pick<Kind, 'group' | 'version' | 'resource'>) {
  return offered(features).find(
    (kind) => kind.group === of.group && kind.version === of.version && kind.resource === of.resource,
  );
}

export function offered(features: ReadonlySet<Feature>): readonly Kind[] {
  return KINDS.filter(({ feature }) => feature === undefined || features.has(feature));
}
