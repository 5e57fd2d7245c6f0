import { describe, expect, it } from 'vitest';
import { ago, found, meta, pod, service, slice } from '../test-objects.ts';
import { controllersAnalyzer } from './controllers.ts';
import { ingressesAnalyzer } from './ingresses.ts';
import { servicesAnalyzer } from './services.ts';
import { storageAnalyzer } from './storage.ts';

const selector = { matchLabels: { app: 'web' } };
const is = (type: string, status: string, reason = '', message = '') => ({ type, status, reason, message });

describe('controllers', () => {
  const deployment = (status: object, spec: object = {}) => ({
    metadata: meta('web'),
    spec: { replicas: 2, selector, ...spec },
    status,
  });
  const set = (status: object, spec: object = {}) => ({
    metadata: meta('db'),
    spec: { replicas: 2, selector, serviceName: 'db', ...spec },
    status,
  });
  const daemons = (desired: number, ready: number, wrong = 0) => ({
    metadata: meta('agent'),
    spec: { selector },
    status: { desiredNumberScheduled: desired, numberReady: ready, numberMisscheduled: wrong },
  });
  const db = service('db', { clusterIP: 'None' });

  it.each([
    [
      'a whole deployment',
      { deployments: [deployment({ availableReplicas: 2, conditions: [is('Progressing', 'True')] })] },
      [],
    ],
    [
      'one replica missing',
      { deployments: [deployment({ availableReplicas: 1 })] },
      ['REPLICAS_UNAVAILABLE Deployment/web'],
    ],
    ['scaled to zero', { deployments: [deployment({}, { replicas: 0 })] }, []],
    [
      'a rollout past its deadline',
      {
        deployments: [
          deployment({ availableReplicas: 2, conditions: [is('Progressing', 'False', 'ProgressDeadlineExceeded')] }),
        ],
      },
      ['ROLLOUT_STUCK Deployment/web'],
    ],
    [
      'pods that a quota refuses, told of their deployment',
      {
        replicasets: [
          {
            metadata: meta('web-abc', { ownerReferences: [{ kind: 'Deployment', name: 'web' }] }),
            spec: { replicas: 1 },
            status: { conditions: [is('ReplicaFailure', 'True', 'FailedCreate', 'exceeded quota: shop')] },
          },
        ],
      },
      ['PODS_NOT_CREATED Deployment/web'],
    ],
    [
      'a replica set that is well',
      { replicasets: [{ metadata: meta('web-abc'), spec: { replicas: 1 }, status: { replicas: 1 } }] },
      [],
    ],
    ['a whole stateful set', { statefulsets: [set({ readyReplicas: 2 })], services: [db] }, []],
    [
      'a stateful set in part',
      { statefulsets: [set({ readyReplicas: 1 })], services: [db] },
      ['REPLICAS_UNAVAILABLE StatefulSet/db'],
    ],
    ['its service missing', { statefulsets: [set({ readyReplicas: 2 })] }, ['MISSING_SERVICE StatefulSet/db']],
    [
      'its storage class missing',
      {
        statefulsets: [
          set(
            { readyReplicas: 2 },
            { volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { storageClassName: 'fast' } }] },
          ),
        ],
        services: [db],
      },
      ['MISSING_STORAGE_CLASS StatefulSet/db'],
    ],
    ['daemons everywhere', { daemonsets: [daemons(3, 3)] }, []],
    ['daemons missing', { daemonsets: [daemons(3, 2)] }, ['REPLICAS_UNAVAILABLE DaemonSet/agent']],
    ['daemons where they should not be', { daemonsets: [daemons(3, 3, 1)] }, ['MISSCHEDULED DaemonSet/agent']],
  ])('of %s', (_what, objects, wanted) => expect(found(controllersAnalyzer, objects)).toEqual(wanted));
});

describe('services', () => {
  it.each([
    ['with ready pods', { services: [service('web')], pods: [pod()], endpointslices: [slice('web', true)] }, []],
    [
      'whose readiness is not told',
      { services: [service('web')], pods: [pod()], endpointslices: [slice('web', undefined)] },
      [],
    ],
    ['that select nothing', { services: [service('web')], pods: [] }, ['SELECTOR_MATCHES_NOTHING Service/web']],
    [
      'whose pods are in another namespace',
      { services: [service('web')], pods: [pod({ metadata: { namespace: 'other' } })] },
      ['SELECTOR_MATCHES_NOTHING Service/web'],
    ],
    [
      'without a ready pod',
      { services: [service('web')], pods: [pod()], endpointslices: [slice('web', false)] },
      ['NO_READY_ENDPOINTS Service/web'],
    ],
    ['without a selector', { services: [service('web', { selector: null })] }, []],
    [
      'that are names of others',
      { services: [service('web', { type: 'ExternalName', externalName: 'x.example' })] },
      [],
    ],
    [
      'with a port that no container names',
      {
        services: [service('web', { ports: [{ port: 80, targetPort: 'http' }] })],
        pods: [pod()],
        endpointslices: [slice('web', true)],
      },
      ['TARGET_PORT_MISSING Service/web'],
    ],
    [
      'with a port that a container names',
      {
        services: [service('web', { ports: [{ port: 80, targetPort: 'http' }] })],
        pods: [pod({ spec: { containers: [{ name: 'app', ports: [{ name: 'http', containerPort: 8080 }] }] } })],
        endpointslices: [slice('web', true)],
      },
      [],
    ],
    [
      'that wait for a load balancer',
      { services: [service('web', { type: 'LoadBalancer' })], pods: [pod()], endpointslices: [slice('web', true)] },
      ['LOAD_BALANCER_PENDING Service/web'],
    ],
    [
      'that have one',
      {
        services: [
          { ...service('web', { type: 'LoadBalancer' }), status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } } },
        ],
        pods: [pod()],
        endpointslices: [slice('web', true)],
      },
      [],
    ],
  ])('%s', (_what, objects, wanted) => expect(found(servicesAnalyzer, objects)).toEqual(wanted));
});

describe('ingresses', () => {
  const ingress = (spec: object, annotations: object = {}) => ({ metadata: meta('site', { annotations }), spec });
  const to = (name: string, port: object) => ({
    rules: [{ host: 'h', http: { paths: [{ path: '/', backend: { service: { name, port } } }] } }],
  });
  const nginx = { metadata: { name: 'nginx' } };
  const byDefault = {
    metadata: { name: 'nginx', annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } },
  };

  it.each([
    [
      'that lead somewhere',
      {
        ingresses: [ingress({ ingressClassName: 'nginx', ...to('web', { number: 80 }) })],
        ingressclasses: [nginx],
        services: [service('web')],
      },
      [],
    ],
    [
      'of a class that is not there',
      { ingresses: [ingress({ ingressClassName: 'traefik' })], ingressclasses: [nginx] },
      ['MISSING_INGRESS_CLASS Ingress/site'],
    ],
    [
      'of no class, without a default',
      { ingresses: [ingress({})], ingressclasses: [nginx] },
      ['MISSING_INGRESS_CLASS Ingress/site'],
    ],
    ['of no class, with a default', { ingresses: [ingress({})], ingressclasses: [byDefault] }, []],
    ['of a class by annotation', { ingresses: [ingress({}, { 'kubernetes.io/ingress.class': 'haproxy' })] }, []],
    [
      'to a service that is not there',
      { ingresses: [ingress({ ingressClassName: 'nginx', ...to('gone', { number: 80 }) })], ingressclasses: [nginx] },
      ['MISSING_SERVICE Ingress/site'],
    ],
    [
      'to a port that is not there',
      {
        ingresses: [ingress({ ingressClassName: 'nginx', ...to('web', { name: 'https' }) })],
        ingressclasses: [nginx],
        services: [service('web')],
      },
      ['MISSING_SERVICE_PORT Ingress/site'],
    ],
    [
      'without their certificate',
      { ingresses: [ingress({ ingressClassName: 'nginx', tls: [{ secretName: 'cert' }] })], ingressclasses: [nginx] },
      ['MISSING_SECRET Ingress/site'],
    ],
    [
      'with their certificate',
      {
        ingresses: [ingress({ ingressClassName: 'nginx', tls: [{ secretName: 'cert' }] })],
        ingressclasses: [nginx],
        secrets: [{ metadata: meta('cert') }],
      },
      [],
    ],
  ])('%s', (_what, objects, wanted) => expect(found(ingressesAnalyzer, objects)).toEqual(wanted));
});

describe('storage', () => {
  const claim = (phase: string, storageClassName?: string | null, seconds = 600) => ({
    metadata: meta('data', { creationTimestamp: ago(seconds) }),
    spec: { storageClassName, volumeName: 'pv-1' },
    status: { phase },
  });
  const standard = { metadata: { name: 'standard' }, volumeBindingMode: 'Immediate' };
  const lazy = { metadata: { name: 'standard' }, volumeBindingMode: 'WaitForFirstConsumer' };
  const user = pod({ spec: { volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }] } });

  it.each([
    ['bound', { persistentvolumeclaims: [claim('Bound', 'standard')] }, []],
    [
      'of a class that is not there',
      { persistentvolumeclaims: [claim('Pending', 'fast')], storageclasses: [standard] },
      ['CLAIM_PENDING PersistentVolumeClaim/data', 'MISSING_STORAGE_CLASS PersistentVolumeClaim/data'],
    ],
    [
      'of no class, without a default',
      { persistentvolumeclaims: [claim('Pending', null, 30)], storageclasses: [standard] },
      ['MISSING_STORAGE_CLASS PersistentVolumeClaim/data'],
    ],
    ['bound by hand on purpose', { persistentvolumeclaims: [claim('Pending', '', 30)] }, []],
    ['just made', { persistentvolumeclaims: [claim('Pending', 'standard', 30)], storageclasses: [standard] }, []],
    [
      'that nobody uses yet, of a class that waits',
      { persistentvolumeclaims: [claim('Pending', 'standard')], storageclasses: [lazy] },
      [],
    ],
    [
      'that a pod waits for',
      { persistentvolumeclaims: [claim('Pending', 'standard')], storageclasses: [lazy], pods: [user] },
      ['CLAIM_PENDING PersistentVolumeClaim/data'],
    ],
    [
      'whose volume is gone',
      { persistentvolumeclaims: [claim('Lost', 'standard')], storageclasses: [standard] },
      ['VOLUME_LOST PersistentVolumeClaim/data'],
    ],
  ])('claims %s', (_what, objects, wanted) => expect(found(storageAnalyzer, objects)).toEqual(wanted));
});
