import type { Cluster, ClusterCredentials, ClusterTls, EndpointKind } from '../model/cluster.ts';
import type { SpokeAuth } from './transport.ts';

/** Credentials as spokes take them: of a kubeconfig, what its context holds. `api_tls` is the trust that came with them. */
export type UsableCredentials = Exclude<ClusterCredentials, { auth_type: 'KUBECONFIG' }> & {
  readonly api_tls?: ApiTls;
};

/** How the API server is verified where the cluster itself says nothing about it. */
export interface ApiTls {
  readonly ca?: string | undefined;
  readonly server_name?: string | undefined;
}

export type OidcCredentials = Extract<UsableCredentials, { auth_type: 'OIDC' }>;

/**
 * What of the credentials an endpoint gets to see. A token given for it is its owner's own decision. Password, API server token
 * and issued tokens go over https only: on a plain connection anyone on the way could read them and hold the cluster.
 * `issue` gets a token for OIDC credentials.
 */
export async function authFor(
  credentials: UsableCredentials,
  kind: EndpointKind,
  url: string,
  issue: (credentials: OidcCredentials) => Promise<string>,
): Promise<SpokeAuth | undefined> {
  const own = endpointToken(credentials, kind);
  if (own !== undefined) return { type: 'BEARER', token: own };
  // A hub belongs to somebody else: it sees what was given for it, never what opens the cluster itself.
  if (kind === 'GLOBAL_METRICS') return undefined;
  if (!url.startsWith('https:')) return undefined;
  switch (credentials.auth_type) {
    case 'SERVICE_ACCOUNT':
      return { type: 'BEARER', token: credentials.api_token };
    case 'OIDC':
      return { type: 'BEARER', token: await issue(credentials) };
    case 'BASIC':
      return { type: 'BASIC', username: credentials.username, password: credentials.password };
    case 'MTLS':
      return { type: 'MTLS', certificate: credentials.client_certificate, key: credentials.client_key };
    case 'NONE':
      return undefined;
    default:
      return credentials satisfies never;
  }
}

function endpointToken(credentials: UsableCredentials, kind: EndpointKind): string | undefined {
  if (credentials.auth_type === 'BASIC') return undefined;
  const tokens: Record<EndpointKind, string | undefined> = {
    API: undefined,
    PROMETHEUS: credentials.prometheus_token,
    ALERTMANAGER: credentials.alertmanager_token,
    TEMPO: credentials.tempo_token,
    LOKI: credentials.loki_token,
    GLOBAL_METRICS: credentials.global_metrics_token,
  };
  return tokens[kind];
}

const OPTIONS_OF = {
  PROMETHEUS: 'prometheus',
  ALERTMANAGER: 'alertmanager',
  TEMPO: 'tempo',
  LOKI: 'loki',
  GLOBAL_METRICS: 'global_metrics',
} as const;

/** The rules of an endpoint's own, else the cluster's, which say nothing about a hub. A CA that came with the credentials serves the API server alone. */
export function tlsFor(cluster: Cluster, kind: EndpointKind, apiTls: ApiTls | undefined): ClusterTls {
  if (kind === 'GLOBAL_METRICS') return cluster.endpoint_options.global_metrics?.tls ?? { insecure_skip_verify: false };
  if (kind !== 'API') return cluster.endpoint_options[OPTIONS_OF[kind]]?.tls ?? cluster.tls;
  const ca = cluster.tls.ca ?? apiTls?.ca;
  const server_name = cluster.tls.server_name ?? apiTls?.server_name;
  return {
    insecure_skip_verify: cluster.tls.insecure_skip_verify,
    ...(ca === undefined ? {} : { ca }),
    ...(server_name === undefined ? {} : { server_name }),
  };
}

/** The tenant of an endpoint that serves several. */
export function headersFor(cluster: Cluster, kind: EndpointKind): Readonly<Record<string, string>> | undefined {
  const tenant = kind === 'API' ? undefined : cluster.endpoint_options[OPTIONS_OF[kind]]?.tenant;
  return tenant === undefined ? undefined : { 'x-scope-orgid': tenant };
}
