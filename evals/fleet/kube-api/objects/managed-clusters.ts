import type { ClusterSpec } from '../../specs.ts';
import type { KubeObject } from '../store.ts';

export interface ManagedClusterInput {
  readonly spec: ClusterSpec;
  readonly apiServerUrl: string;
  readonly caPem: string;
  /** `Unknown` = its agent has not been heard of for a while, and the hub taints it. */
  readonly available: 'True' | 'False' | 'Unknown';
}

/** A cluster as ACM's hub sees it, by wire.md §5.4. */
export function managedCluster({ spec, apiServerUrl, caPem, available }: ManagedClusterInput): KubeObject {
  const openshift = spec.features.includes('OPENSHIFT');
  const since = '2026-01-15T08:00:00Z';
  const taint =
    available === 'True'
      ? []
      : [
          {
            key: `cluster.open-cluster-management.io/${available === 'Unknown' ? 'unreachable' : 'unavailable'}`,
            effect: 'NoSelect',
            timeAdded: since,
          },
        ];
  const condition = (type: string, status: string, reason: string) => ({
    type,
    status,
    reason,
    message: '',
    lastTransitionTime: since,
  });
  const quantities = { cpu: String(spec.nodes * 4), memory: `${spec.nodes * 16}Gi` };
  return {
    apiVersion: 'cluster.open-cluster-management.io/v1',
    kind: 'ManagedCluster',
    metadata: {
      name: spec.name,
      labels: {
        name: spec.name,
        vendor: openshift ? 'OpenShift' : 'Other',
        cloud: 'BareMetal',
        environment: spec.environment.toLowerCase(),
        region: spec.region,
      },
    },
    spec: {
      hubAcceptsClient: true,
      leaseDurationSeconds: 60,
      managedClusterClientConfigs: [{ url: apiServerUrl, caBundle: Buffer.from(caPem).toString('base64') }],
      ...(taint.length > 0 && { taints: taint }),
    },
    status: {
      conditions: [
        condition('HubAcceptedManagedCluster', 'True', 'HubClusterAdminAccepted'),
        condition('ManagedClusterJoined', 'True', 'ManagedClusterJoined'),
        condition(
          'ManagedClusterConditionAvailable',
          available,
          available === 'Unknown' ? 'ManagedClusterLeaseUpdateStopped' : 'ManagedClusterAvailable',
        ),
        condition(
          'ManagedClusterConditionClockSynced',
          available === 'Unknown' ? 'Unknown' : 'True',
          'ManagedClusterClockSynced',
        ),
      ],
      capacity: quantities,
      allocatable: quantities,
      version: { kubernetes: spec.kubernetesVersion },
      clusterClaims: [
        { name: 'id.k8s.io', value: spec.name },
        { name: 'kubeversion.open-cluster-management.io', value: spec.kubernetesVersion },
        { name: 'platform.open-cluster-management.io', value: 'BareMetal' },
        { name: 'product.open-cluster-management.io', value: openshift ? 'OpenShift' : 'Other' },
        ...(openshift ? [{ name: 'version.openshift.io', value: spec.openshiftVersion }] : []),
      ],
    },
  };
}
