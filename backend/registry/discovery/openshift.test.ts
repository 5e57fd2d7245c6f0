import { describe, expect, it } from 'vitest';
import { endpointsOf } from './endpoints.ts';
import { known } from './lookup.ts';
import { openShiftStatusOf } from './openshift.ts';
import { ClusterVersion, Ingress, Route, Service } from './objects.ts';
import { platformOf } from './platform.ts';

const AT = '2026-03-01T10:00:00.000Z';
const condition = (type: string, status: string, reason?: string, message?: string) => ({
  type,
  status,
  reason,
  message,
});

const updating = ClusterVersion.parse({
  spec: { channel: 'stable-4.17' },
  status: {
    desired: { version: '4.17.9' },
    history: [
      { state: 'Partial', version: '4.17.9' },
      { state: 'Completed', version: '4.16.20' },
      { state: 'Completed', version: '4.15.3' },
    ],
    availableUpdates: null,
    conditions: [condition('RetrievedUpdates', 'True')],
  },
});

describe('the view that OpenShift has of itself', () => {
  it('has the version that is installed, and the one it is on the way to', () => {
    const status = openShiftStatusOf({ version: known(updating), operators: known([]), pools: known([]) }, AT);
    expect(status).toEqual({
      version: '4.16.20',
      channel: 'stable-4.17',
      updating_to: '4.17.9',
      available_updates: [],
      unhealthy_operators: [],
      unhealthy_pools: [],
      observed_at: AT,
    });
  });

  it('does not say that there are no updates when they could not be retrieved', () => {
    const offline = ClusterVersion.parse({
      status: { availableUpdates: null, conditions: [condition('RetrievedUpdates', 'False')] },
    });
    const status = openShiftStatusOf(
      { version: known(offline), operators: { unknown: 'x' }, pools: { unknown: 'y' } },
      AT,
    );
    expect(status).toMatchObject({
      version: null,
      updating_to: null,
      available_updates: null,
      unhealthy_operators: null,
      unhealthy_pools: null,
    });
  });

  it('names operators that are degraded or not available, with what they say', () => {
    const operator = (name: string, ...conditions: ReturnType<typeof condition>[]) => ({
      metadata: { name },
      status: { conditions },
    });
    const operators = known([
      operator('dns', condition('Available', 'True'), condition('Degraded', 'False')),
      operator(
        'etcd',
        condition('Available', 'True'),
        condition('Degraded', 'True', 'Members', 'one of\nthree is down'),
      ),
      operator('ingress', condition('Available', 'Unknown')),
      operator('new'),
    ]);
    const { unhealthy_operators } = openShiftStatusOf({ version: known(undefined), operators, pools: known([]) }, AT);
    expect(unhealthy_operators).toEqual([
      { name: 'etcd', reason: 'degraded: "Members: one of three is down"' },
      { name: 'ingress', reason: 'not available' },
      { name: 'new', reason: 'not available' },
    ]);
  });

  it('names pools that are degraded or updating', () => {
    const pools = known([
      { metadata: { name: 'infra' }, status: { machineCount: 3, conditions: [condition('Updated', 'True')] } },
      {
        metadata: { name: 'master' },
        status: { machineCount: 3, updatedMachineCount: 1, conditions: [condition('Updating', 'True')] },
      },
      { metadata: { name: 'worker' }, status: { machineCount: 9, degradedMachineCount: 2, conditions: [] } },
    ]);
    expect(openShiftStatusOf({ version: known(undefined), operators: known([]), pools }, AT).unhealthy_pools).toEqual([
      { name: 'master', reason: 'updating, 1 of 3 machines are done' },
      { name: 'worker', reason: 'degraded, 2 machines' },
    ]);
  });
});

describe('the platform', () => {
  const kubernetes = known('v1.31.4');
  const none = { clusterVersion: known(undefined), microshift: known(undefined) };
  const groups = (...names: string[]) => known(new Set(names));

  it('is told by the API groups', () => {
    expect(platformOf({ groups: groups('apps'), kubernetes, ...none }, 'OPENSHIFT')).toEqual({
      platform: 'KUBERNETES',
      platform_version: 'v1.31.4',
    });
    const openshift = {
      groups: groups('config.openshift.io', 'route.openshift.io'),
      kubernetes,
      ...none,
      clusterVersion: known(updating),
    };
    expect(platformOf(openshift, 'KUBERNETES')).toEqual({ platform: 'OPENSHIFT', platform_version: '4.16.20' });
    const microshift = {
      groups: groups('route.openshift.io'),
      kubernetes,
      ...none,
      microshift: known({ data: { version: '4.17.1' } }),
    };
    expect(platformOf(microshift, 'KUBERNETES')).toEqual({ platform: 'MICROSHIFT', platform_version: '4.17.1' });
  });

  it('stays as registered when they cannot be listed, and a version that cannot be read is null', () => {
    const dark = {
      groups: { unknown: 'x' },
      kubernetes,
      clusterVersion: { unknown: 'y' },
      microshift: { unknown: 'z' },
    };
    expect(platformOf(dark, 'OPENSHIFT')).toEqual({ platform: 'OPENSHIFT', platform_version: null });
  });
});

describe('endpoints found', () => {
  const NONE = { routes: [], ingresses: [], services: [], apiServerUrl: 'https://api.example:6443' };
  const route = (name: string, to: string, over: object = {}) =>
    Route.parse({
      metadata: { name, namespace: 'openshift-monitoring' },
      spec: { host: `${name}.apps.example`, path: '/api', to: { name: to }, tls: { termination: 'reencrypt' } },
      status: { ingress: [{ host: `${name}.apps.example`, conditions: [condition('Admitted', 'True')] }] },
      ...over,
    });

  it('are routes that a router has admitted, without the path that clients add', () => {
    const routes = [
      route('thanos-querier', 'thanos-querier'),
      route('alertmanager-main', 'alertmanager-main'),
      route('console', 'console'),
      route('prometheus-k8s', 'prometheus-k8s', { status: {} }),
    ];
    expect(endpointsOf({ ...NONE, routes })).toEqual([
      {
        endpoint: 'alertmanager_url',
        url: 'https://alertmanager-main.apps.example',
        from: 'Route openshift-monitoring/alertmanager-main',
      },
      {
        endpoint: 'prometheus_url',
        url: 'https://thanos-querier.apps.example',
        from: 'Route openshift-monitoring/thanos-querier',
      },
    ]);
  });

  it('are ingresses, https where the host has a certificate, and never a host that names nothing', () => {
    const backend = { service: { name: 'tempo-query-frontend' } };
    const rules = ['tempo.example', '*.example', 'plain.example'].map((host) => ({
      host,
      http: { paths: [{ path: '/tempo/', backend }] },
    }));
    const ingress = Ingress.parse({
      metadata: { name: 'obs', namespace: 'obs' },
      spec: { tls: [{ hosts: ['tempo.example'] }], rules },
    });
    expect(endpointsOf({ ...NONE, ingresses: [ingress] }).map(({ url }) => url)).toEqual([
      'http://plain.example/tempo',
      'https://tempo.example/tempo',
    ]);
  });

  it('are services through the API server where nothing else leads to them, by the port that speaks HTTP', () => {
    const service = (name: string, ports: { name?: string; port: number }[], namespace = 'monitoring') =>
      Service.parse({ metadata: { name, namespace }, spec: { ports } });
    const services = [
      service('prometheus', [
        { name: 'grpc', port: 10901 },
        { name: 'http-web', port: 9090 },
      ]),
      service('alertmanager', [{ port: 9093 }]),
      service('loki-gateway', [{ name: 'https', port: 8443 }]),
      service('tempo', [
        { name: 'grpc', port: 4317 },
        { name: 'zipkin', port: 9411 },
      ]),
      service('console', [{ port: 80 }]),
    ];
    const base = 'https://api.example:6443/api/v1/namespaces/monitoring/services';
    expect(endpointsOf({ ...NONE, services })).toEqual([
      {
        endpoint: 'alertmanager_url',
        url: `${base}/alertmanager:9093/proxy`,
        from: 'Service monitoring/alertmanager through the API server',
      },
      {
        endpoint: 'loki_url',
        url: `${base}/https:loki-gateway:8443/proxy`,
        from: 'Service monitoring/loki-gateway through the API server',
      },
      {
        endpoint: 'prometheus_url',
        url: `${base}/prometheus:9090/proxy`,
        from: 'Service monitoring/prometheus through the API server',
      },
    ]);
    const routes = [route('thanos-querier', 'thanos-querier')];
    expect(endpointsOf({ ...NONE, routes, services }).map(({ from }) => from)).not.toContain(
      'Service monitoring/prometheus through the API server',
    );
  });
});
