import type { Feature } from '../kinds.ts';
import type { KubeObject } from '../store.ts';

/** One object of what a feature installs, enough to tell that it is there and works. */
export function platformObjects(features: readonly Feature[]): KubeObject[] {
  return features.flatMap((feature): KubeObject[] => {
    switch (feature) {
      case 'LOKI':
        return [
          {
            apiVersion: 'loki.grafana.com/v1',
            kind: 'LokiStack',
            metadata: { name: 'logging-loki', namespace: 'openshift-logging' },
            spec: { size: '1x.small', tenants: { mode: 'openshift-logging' } },
            status: { conditions: [{ type: 'Ready', status: 'True', reason: 'ReadyComponents' }] },
          },
        ];
      case 'TEMPO':
        return [
          {
            apiVersion: 'tempo.grafana.com/v1alpha1',
            kind: 'TempoStack',
            metadata: { name: 'platform', namespace: 'openshift-tempo' },
            spec: { tenants: { mode: 'openshift' } },
            status: { conditions: [{ type: 'Ready', status: 'True', reason: 'Ready' }] },
          },
        ];
      case 'SERVICE_MESH':
        return [
          {
            apiVersion: 'sailoperator.io/v1',
            kind: 'Istio',
            metadata: { name: 'default' },
            spec: { version: 'v1.24.3', namespace: 'istio-system' },
            status: { state: 'Healthy', conditions: [{ type: 'Ready', status: 'True' }] },
          },
        ];
      case 'ODF':
        return [
          {
            apiVersion: 'ocs.openshift.io/v1',
            kind: 'StorageCluster',
            metadata: { name: 'ocs-storagecluster', namespace: 'openshift-storage' },
            spec: {},
            status: { phase: 'Ready' },
          },
        ];
      case 'DRA':
        return [
          {
            apiVersion: 'resource.k8s.io/v1',
            kind: 'ResourceSlice',
            metadata: { name: 'dra-0-gpu.nvidia.com' },
            spec: {
              driver: 'gpu.nvidia.com',
              nodeName: 'dra-0',
              pool: { name: 'dra-0', generation: 1, resourceSliceCount: 1 },
              devices: [0, 1].map((index) => ({
                name: `gpu-${index}`,
                attributes: {
                  type: { string: 'gpu' },
                  uuid: { string: `GPU-0000000${index}-0000-4000-8000-000000000000` },
                  productName: { string: 'NVIDIA H200' },
                },
              })),
            },
          },
        ];
      case 'OPENSHIFT':
      case 'ACM':
      case 'GPU_OPERATOR':
      case 'SRIOV':
      case 'PTP':
        return [];
    }
  });
}

/** Namespaces that come with a feature. */
export const FEATURE_NAMESPACES: Readonly<Record<Feature, readonly string[]>> = {
  OPENSHIFT: ['openshift-ingress', 'openshift-monitoring', 'openshift-operators'],
  ACM: ['open-cluster-management', 'multicluster-engine'],
  GPU_OPERATOR: ['nvidia-gpu-operator', 'openshift-nfd'],
  DRA: ['nvidia-dra-driver-gpu'],
  SRIOV: ['openshift-sriov-network-operator'],
  PTP: ['openshift-ptp'],
  LOKI: ['openshift-logging'],
  TEMPO: ['openshift-tempo'],
  SERVICE_MESH: ['istio-system'],
  ODF: ['openshift-storage'],
};
