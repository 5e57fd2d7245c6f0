import type { z } from 'zod';
import * as objects from './objects.ts';

interface ReadKind {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  /** Cluster-scoped kinds are read whole even when one namespace is diagnosed. */
  readonly namespaced: boolean;
  readonly item: z.ZodType;
  /** Only that it exists counts; contents are never asked for. */
  readonly metadataOnly?: true;
}

function kind<T extends z.ZodType>(groupVersion: string, resource: string, item: T, more: Partial<ReadKind> = {}) {
  const [version = '', group = ''] = groupVersion.split('/').toReversed();
  return { group, version, resource, namespaced: true, ...more, item };
}
const CLUSTER = { namespaced: false } as const;
const NAMES = { metadataOnly: true } as const;

/** Every kind that diagnosis reads. */
export const KINDS = {
  pods: kind('v1', 'pods', objects.Pod),
  nodes: kind('v1', 'nodes', objects.Node, CLUSTER),
  namespaces: kind('v1', 'namespaces', objects.Namespace, CLUSTER),
  services: kind('v1', 'services', objects.Service),
  endpointslices: kind('discovery.k8s.io/v1', 'endpointslices', objects.EndpointSlice),
  configmaps: kind('v1', 'configmaps', objects.Named, NAMES),
  secrets: kind('v1', 'secrets', objects.Named, NAMES),
  serviceaccounts: kind('v1', 'serviceaccounts', objects.Named, NAMES),
  persistentvolumeclaims: kind('v1', 'persistentvolumeclaims', objects.PersistentVolumeClaim),
  resourcequotas: kind('v1', 'resourcequotas', objects.ResourceQuota),
  deployments: kind('apps/v1', 'deployments', objects.Deployment),
  replicasets: kind('apps/v1', 'replicasets', objects.ReplicaSet),
  statefulsets: kind('apps/v1', 'statefulsets', objects.StatefulSet),
  daemonsets: kind('apps/v1', 'daemonsets', objects.DaemonSet),
  jobs: kind('batch/v1', 'jobs', objects.Job),
  cronjobs: kind('batch/v1', 'cronjobs', objects.CronJob),
  horizontalpodautoscalers: kind('autoscaling/v2', 'horizontalpodautoscalers', objects.HorizontalPodAutoscaler),
  poddisruptionbudgets: kind('policy/v1', 'poddisruptionbudgets', objects.PodDisruptionBudget),
  ingresses: kind('networking.k8s.io/v1', 'ingresses', objects.Ingress),
  ingressclasses: kind('networking.k8s.io/v1', 'ingressclasses', objects.IngressClass, CLUSTER),
  storageclasses: kind('storage.k8s.io/v1', 'storageclasses', objects.StorageClass, CLUSTER),
  validatingwebhooks: kind(
    'admissionregistration.k8s.io/v1',
    'validatingwebhookconfigurations',
    objects.WebhookConfiguration,
    CLUSTER,
  ),
  mutatingwebhooks: kind(
    'admissionregistration.k8s.io/v1',
    'mutatingwebhookconfigurations',
    objects.WebhookConfiguration,
    CLUSTER,
  ),
} as const;
export type KindName = keyof typeof KINDS;
/** One object of a kind, as diagnosis reads it. */
export type ObjectOf<K extends KindName> = z.output<(typeof KINDS)[K]['item']>;
