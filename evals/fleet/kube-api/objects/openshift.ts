import type { ClusterSpec } from '../../specs.ts';
import type { KubeObject } from '../store.ts';
import { timeOf } from './core.ts';

const OPERATORS = [
  'authentication',
  'console',
  'dns',
  'etcd',
  'image-registry',
  'ingress',
  'kube-apiserver',
  'machine-config',
  'monitoring',
  'network',
  'storage',
];

/** What an OpenShift cluster says of itself; `since` (Unix seconds) is when it came to rest. */
export function openshiftObjects(spec: ClusterSpec, since: number): KubeObject[] {
  const { openshiftVersion: version, name } = spec;
  const at = timeOf(since);
  const condition = (type: string, status: string, reason = 'AsExpected', message = '') => ({
    type,
    status,
    reason,
    message,
    lastTransitionTime: at,
  });
  const [major = '4', minor = '18', patch = '0'] = version.split('.');
  const next = `${major}.${minor}.${Number(patch) + 3}`;
  return [
    {
      apiVersion: 'config.openshift.io/v1',
      kind: 'ClusterVersion',
      metadata: { name: 'version' },
      spec: {
        clusterID: `5f1e0c6a-0000-4000-8000-${Buffer.from(name).toString('hex').padEnd(12, '0').slice(0, 12)}`,
        channel: `stable-${major}.${minor}`,
      },
      status: {
        desired: { version, image: `registry.local/release@${version}` },
        history: [{ state: 'Completed', startedTime: at, completionTime: at, version, verified: true }],
        availableUpdates:
          spec.environment === 'PRODUCTION' ? [{ version: next, image: `registry.local/release@${next}` }] : null,
        conditions: [
          condition('Available', 'True', '', `Done applying ${version}`),
          condition('Progressing', 'False', '', `Cluster version is ${version}`),
          condition('Failing', 'False'),
          condition('Upgradeable', 'True'),
          condition('RetrievedUpdates', 'True'),
        ],
      },
    },
    ...OPERATORS.map((operator) => ({
      apiVersion: 'config.openshift.io/v1',
      kind: 'ClusterOperator',
      metadata: { name: operator },
      spec: {},
      status: {
        conditions: [
          condition('Available', 'True'),
          condition('Progressing', 'False'),
          condition('Degraded', 'False'),
          condition('Upgradeable', 'True'),
        ],
        versions: [{ name: 'operator', version }],
        relatedObjects: [],
      },
    })),
    ...['master', 'worker'].map((pool) => {
      const machines = pool === 'master' ? 1 : spec.nodes;
      return {
        apiVersion: 'machineconfiguration.openshift.io/v1',
        kind: 'MachineConfigPool',
        metadata: { name: pool },
        spec: { paused: false },
        status: {
          machineCount: machines,
          readyMachineCount: machines,
          updatedMachineCount: machines,
          unavailableMachineCount: 0,
          degradedMachineCount: 0,
          conditions: [condition('Updated', 'True'), condition('Updating', 'False'), condition('Degraded', 'False')],
        },
      };
    }),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'thanos-querier', namespace: 'openshift-monitoring' },
      spec: { type: 'ClusterIP', ports: [{ name: 'web', port: 9091 }] },
    },
    {
      apiVersion: 'route.openshift.io/v1',
      kind: 'Route',
      metadata: { name: 'thanos-querier', namespace: 'openshift-monitoring' },
      spec: {
        host: `thanos-querier-openshift-monitoring.apps.${name}.test`,
        path: '/api',
        to: { kind: 'Service', name: 'thanos-querier', weight: 100 },
        port: { targetPort: 'web' },
        tls: { termination: 'reencrypt', insecureEdgeTerminationPolicy: 'Redirect' },
        wildcardPolicy: 'None',
      },
      status: {
        ingress: [
          {
            host: `thanos-querier-openshift-monitoring.apps.${name}.test`,
            routerName: 'default',
            conditions: [{ type: 'Admitted', status: 'True', lastTransitionTime: at }],
            routerCanonicalHostname: `router-default.apps.${name}.test`,
          },
        ],
      },
    },
  ];
}
