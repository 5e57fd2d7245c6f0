import type { Inventory, Pod } from '../../inventory.ts';
import type { KubeObject } from '../store.ts';
import { timeOf } from './core.ts';

const GIB = 1024 ** 3;
const CLASS = 'standard';
const SERVED = [{ name: 'http', port: 80, targetPort: 8080 }];

/** What stands around the pods of a cluster: services, claims, budgets, quotas and so on, each of them agreeing with the pods. */
export function workloadObjects(inventory: Inventory, time: number): KubeObject[] {
  const { pods, namespaces, nodes } = inventory;
  const deployments = [...Map.groupBy(pods, (pod) => `${pod.namespace}/${pod.deployment}`).values()];
  return [
    ...clusterScoped(),
    ...namespaces.flatMap((namespace) => [
      object('v1', 'ServiceAccount', 'default', namespace),
      object('v1', 'ConfigMap', 'kube-root-ca.crt', namespace, { data: { 'ca.crt': '(left out)' } }),
    ]),
    ...deployments.flatMap((replicas) => aroundDeployment(replicas, time)),
    ...(namespaces.includes('shop') ? shop(pods, time) : []),
    ...(namespaces.includes('monitoring') ? monitoring(nodes.length) : []),
  ];
}

function object(
  apiVersion: string,
  kind: string,
  name: string,
  namespace: string | undefined,
  rest: Record<string, unknown> = {},
  metadata: Record<string, unknown> = {},
): KubeObject {
  return { apiVersion, kind, metadata: { name, ...(namespace !== undefined && { namespace }), ...metadata }, ...rest };
}

function clusterScoped(): KubeObject[] {
  const byDefault = (key: string) => ({ annotations: { [key]: 'true' } });
  return [
    object(
      'storage.k8s.io/v1',
      'StorageClass',
      CLASS,
      undefined,
      { provisioner: 'csi.example.org', volumeBindingMode: 'WaitForFirstConsumer', reclaimPolicy: 'Delete' },
      byDefault('storageclass.kubernetes.io/is-default-class'),
    ),
    object('networking.k8s.io/v1', 'IngressClass', 'nginx', undefined, {
      spec: { controller: 'k8s.io/ingress-nginx' },
    }),
  ];
}

/** Of one deployment: its ReplicaSet, the ConfigMap that its pods refer to, its service and that service's endpoints. */
function aroundDeployment(replicas: readonly Pod[], time: number): KubeObject[] {
  const [first] = replicas;
  if (!first) return [];
  const { deployment, namespace } = first;
  const labels = { app: deployment };
  const up = replicas.filter((pod) => !pod.isDown(time)).length;
  return [
    object(
      'apps/v1',
      'ReplicaSet',
      first.name.replace(/-[^-]+$/, ''),
      namespace,
      {
        spec: { replicas: replicas.length, selector: { matchLabels: labels } },
        status: { replicas: replicas.length, readyReplicas: up, availableReplicas: up },
      },
      { labels, ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: deployment, controller: true }] },
    ),
    object('v1', 'ConfigMap', `${deployment}-config`, namespace, { data: { LOG_LEVEL: 'info' } }),
    object(
      'v1',
      'Service',
      deployment,
      namespace,
      { spec: { type: 'ClusterIP', selector: labels, ports: SERVED } },
      { labels },
    ),
    object(
      'discovery.k8s.io/v1',
      'EndpointSlice',
      `${deployment}-x7k2p`,
      namespace,
      {
        addressType: 'IPv4',
        ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
        endpoints: replicas.map((pod) => {
          const ready = !pod.isDown(time);
          return {
            addresses: [pod.address],
            conditions: { ready, serving: ready, terminating: false },
            nodeName: pod.node.name,
            targetRef: { kind: 'Pod', namespace, name: pod.name },
          };
        }),
      },
      { labels: { 'kubernetes.io/service-name': deployment } },
    ),
  ];
}

function shop(pods: readonly Pod[], time: number): KubeObject[] {
  const own = pods.filter(({ namespace }) => namespace === 'shop');
  const storefront = own.filter(({ deployment }) => deployment === 'storefront');
  const healthy = storefront.filter((pod) => !pod.isDown(time)).length;
  const total = (of: (pod: Pod) => number) => own.reduce((sum, pod) => sum + of(pod), 0);
  return [
    object('networking.k8s.io/v1', 'Ingress', 'shop', 'shop', {
      spec: {
        ingressClassName: 'nginx',
        rules: [
          {
            host: 'shop.example.org',
            http: {
              paths: [
                { path: '/', pathType: 'Prefix', backend: { service: { name: 'storefront', port: { number: 80 } } } },
              ],
            },
          },
        ],
      },
      status: { loadBalancer: {} },
    }),
    object('autoscaling/v2', 'HorizontalPodAutoscaler', 'storefront', 'shop', {
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'storefront' },
        minReplicas: 2,
        maxReplicas: 6,
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
        ],
      },
      status: {
        currentReplicas: storefront.length,
        desiredReplicas: storefront.length,
        conditions: [
          { type: 'AbleToScale', status: 'True', reason: 'ReadyForNewScale' },
          { type: 'ScalingActive', status: 'True', reason: 'ValidMetricFound' },
          { type: 'ScalingLimited', status: 'False', reason: 'DesiredWithinRange' },
        ],
      },
    }),
    object('policy/v1', 'PodDisruptionBudget', 'storefront', 'shop', {
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'storefront' } } },
      status: {
        currentHealthy: healthy,
        desiredHealthy: 1,
        disruptionsAllowed: Math.max(0, healthy - 1),
        expectedPods: storefront.length,
      },
    }),
    object('v1', 'ResourceQuota', 'shop', 'shop', {
      spec: { hard: { 'limits.memory': '8Gi', pods: '20' } },
      status: {
        hard: { 'limits.memory': '8Gi', pods: '20' },
        used: {
          'limits.memory': `${Math.ceil((total((pod) => pod.memoryLimitBytes) / GIB) * 1024)}Mi`,
          pods: String(own.length),
        },
      },
    }),
    object('batch/v1', 'CronJob', 'catalog-reindex', 'shop', {
      spec: { schedule: '15 2 * * *', suspend: false },
      status: { lastScheduleTime: timeOf(lastNight(time)), lastSuccessfulTime: timeOf(lastNight(time) + 95) },
    }),
    object(
      'batch/v1',
      'Job',
      `catalog-reindex-${Math.floor(lastNight(time) / 60)}`,
      'shop',
      {
        spec: { backoffLimit: 6, completions: 1, parallelism: 1 },
        status: {
          succeeded: 1,
          startTime: timeOf(lastNight(time)),
          completionTime: timeOf(lastNight(time) + 95),
          conditions: [{ type: 'Complete', status: 'True' }],
        },
      },
      { ownerReferences: [{ apiVersion: 'batch/v1', kind: 'CronJob', name: 'catalog-reindex', controller: true }] },
    ),
  ];
}

function monitoring(nodes: number): KubeObject[] {
  return [
    object('v1', 'PersistentVolumeClaim', 'prometheus-data', 'monitoring', {
      spec: {
        storageClassName: CLASS,
        volumeName: 'pvc-5d1f7c7e',
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '50Gi' } },
      },
      status: { phase: 'Bound', capacity: { storage: '50Gi' } },
    }),
    object('apps/v1', 'DaemonSet', 'node-exporter', 'monitoring', {
      spec: { selector: { matchLabels: { app: 'node-exporter' } } },
      status: {
        currentNumberScheduled: nodes,
        desiredNumberScheduled: nodes,
        numberReady: nodes,
        numberAvailable: nodes,
        numberMisscheduled: 0,
      },
    }),
  ];
}

/** 02:15 UTC, the last time before `time` (Unix seconds). */
function lastNight(time: number): number {
  const quarterPastTwo = Math.floor(time / 86_400) * 86_400 + 8100;
  return quarterPastTwo + 120 <= time ? quarterPastTwo : quarterPastTwo - 86_400;
}
