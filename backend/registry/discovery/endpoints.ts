import { z } from 'zod';
import type { Ingress, Route, Service } from './objects.ts';

/** A way from outside to a service that we could ask. It is told, never set: an operator decides what is asked. */
export const FoundEndpoint = z.strictObject({
  endpoint: z.enum(['prometheus_url', 'alertmanager_url', 'loki_url', 'tempo_url']),
  url: z.string(),
  /** Such as `Route openshift-monitoring/thanos-querier`, or `Service monitoring/prometheus through the API server`. */
  from: z.string(),
});
export type FoundEndpoint = z.infer<typeof FoundEndpoint>;

const DNS_LABEL = /^[a-z0-9-]{1,63}$/;

/** Names of the services behind; the first that matches wins. Thanos sees more than one Prometheus does, and speaks the same. */
const SERVICES: readonly (readonly [FoundEndpoint['endpoint'], RegExp])[] = [
  [
    'prometheus_url',
    /^(?:thanos-quer\w+|thanos-query-frontend|prometheus|prometheus-k8s|prometheus-server|prometheus-operated|.+-kube-prom\w*-prometheus)$/,
  ],
  ['alertmanager_url', /^(?:alertmanager|alertmanager-main|alertmanager-operated|.+-alertmanager)$/],
  ['loki_url', /^(?:loki|loki-gateway|.+-loki-gateway|.+-gateway-http|logging-loki(?:-gateway-http)?)$/],
  ['tempo_url', /^(?:tempo|tempo-.+-(?:gateway|query-frontend)|tempo-query-frontend)$/],
];

export interface Ways {
  readonly routes: readonly Route[];
  readonly ingresses: readonly Ingress[];
  readonly services: readonly Service[];
  readonly apiServerUrl: string;
}

/**
 * Pure. Routes that no router has admitted, and paths other than a plain prefix, lead nowhere. A service that is reached by
 * neither is reached through the API server's proxy, which takes the permission `get services/proxy`; that way is told only where
 * no other leads to that kind of endpoint. Ordered by endpoint, then by `from`.
 */
export function endpointsOf({ routes, ingresses, services, apiServerUrl }: Ways): FoundEndpoint[] {
  const direct = [...routes.flatMap(ofRoute), ...ingresses.flatMap(ofIngress)];
  const reached = new Set(direct.map(({ endpoint }) => endpoint));
  const proxied = services.flatMap((service) => ofService(service, apiServerUrl));
  const found = [...direct, ...proxied.filter(({ endpoint }) => !reached.has(endpoint))];
  const unique = new Map(found.map((one) => [`${one.endpoint} ${one.from} ${one.url}`, one]));
  return [...unique].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

function ofRoute({ metadata, spec, status }: Route): FoundEndpoint[] {
  const admitted = (status?.ingress ?? []).find((ingress) =>
    (ingress.conditions ?? []).some(({ type, status: is }) => type === 'Admitted' && is === 'True'),
  );
  if (!admitted) return [];
  const from = `Route ${metadata.namespace ?? ''}/${metadata.name}`;
  return named(spec.to.name, admitted.host ?? spec.host, spec.path, Boolean(spec.tls), from);
}

function ofIngress({ metadata, spec }: Ingress): FoundEndpoint[] {
  const secured = new Set((spec.tls ?? []).flatMap(({ hosts }) => hosts ?? []));
  return (spec.rules ?? []).flatMap(({ host, http }) =>
    (http?.paths ?? []).flatMap(({ path, backend }) => {
      const from = `Ingress ${metadata.namespace ?? ''}/${metadata.name}`;
      return named(backend.service?.name ?? '', host, path, host !== undefined && secured.has(host), from);
    }),
  );
}

/** Names of the port that speaks HTTP, best first; a service with one port needs none. */
const HTTP_PORTS = ['https', 'https-web', 'http', 'http-web', 'web', 'http-metrics', 'api', 'public'];

/** The form `https:name:port` tells the API server to speak TLS to the service. */
function ofService({ metadata, spec }: Service, apiServerUrl: string): FoundEndpoint[] {
  const endpoint = SERVICES.find(([, pattern]) => pattern.test(metadata.name))?.[0];
  const ports = spec?.ports ?? [];
  const named = HTTP_PORTS.map((name) => ports.find((port) => port.name === name)).find((port) => port !== undefined);
  const port = named ?? (ports.length === 1 ? ports[0] : undefined);
  const { namespace = '', name } = metadata;
  if (endpoint === undefined || port === undefined || ![namespace, name].every((part) => DNS_LABEL.test(part)))
    return [];
  const scheme = port.name?.startsWith('https') || port.port === 443 ? 'https:' : '';
  const base = apiServerUrl.replace(/\/$/, '');
  const url = `${base}/api/v1/namespaces/${namespace}/services/${scheme}${name}:${port.port}/proxy`;
  return [{ endpoint, url, from: `Service ${namespace}/${name} through the API server` }];
}

function named(service: string, host: string | undefined, path = '', secure: boolean, from: string): FoundEndpoint[] {
  const endpoint = SERVICES.find(([, pattern]) => pattern.test(service))?.[0];
  // A wildcard names no host; a regular expression in a path names no path.
  if (endpoint === undefined || host === undefined || !/^[\w.-]+$/.test(host) || !/^[\w./-]*$/.test(path)) return [];
  // OpenShift's monitoring routes are for /api only, which is where every client goes anyway.
  const base = path.replace(/\/api\/?$/, '').replace(/\/$/, '');
  const url = `${secure ? 'https' : 'http'}://${host}${base}`;
  return URL.canParse(url) ? [{ endpoint, url, from }] : [];
}
