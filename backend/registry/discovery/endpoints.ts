import { z } from 'zod';
import type { Ingress, Route } from './objects.ts';

/** A way from outside to a service that we could ask. It is told, never set: an operator decides what is asked. */
export const FoundEndpoint = z.strictObject({
  endpoint: z.enum(['prometheus_url', 'alertmanager_url', 'loki_url', 'tempo_url']),
  url: z.string(),
  /** Such as `Route openshift-monitoring/thanos-querier`. */
  from: z.string(),
});
export type FoundEndpoint = z.infer<typeof FoundEndpoint>;

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

/** Pure. Routes that no router has admitted, and paths other than a plain prefix, lead nowhere. Ordered by endpoint, then by `from`. */
export function endpointsOf(routes: readonly Route[], ingresses: readonly Ingress[]): FoundEndpoint[] {
  const found = [...routes.flatMap(ofRoute), ...ingresses.flatMap(ofIngress)];
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

function named(service: string, host: string | undefined, path = '', secure: boolean, from: string): FoundEndpoint[] {
  const endpoint = SERVICES.find(([, pattern]) => pattern.test(service))?.[0];
  // A wildcard names no host; a regular expression in a path names no path.
  if (endpoint === undefined || host === undefined || !/^[\w.-]+$/.test(host) || !/^[\w./-]*$/.test(path)) return [];
  // OpenShift's monitoring routes are for /api only, which is where every client goes anyway.
  const base = path.replace(/\/api\/?$/, '').replace(/\/$/, '');
  const url = `${secure ? 'https' : 'http'}://${host}${base}`;
  return URL.canParse(url) ? [{ endpoint, url, from }] : [];
}
