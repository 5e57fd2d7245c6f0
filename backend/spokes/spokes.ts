import type { Cluster, ClusterCredentials, EndpointKind } from '../model/cluster.ts';
import { type AlertmanagerClient, createAlertmanagerClient } from './alertmanager.ts';
import { type KubernetesClient, createKubernetesClient } from './kubernetes.ts';
import { type PrometheusClient, createPrometheusClient } from './prometheus.ts';
import type { SpokeAuth, SpokeTarget, Transport } from './transport.ts';

/** The clients of every kind of spoke, and how a cluster becomes something that they can ask. */
export interface Spokes {
  readonly prometheus: PrometheusClient;
  readonly alertmanager: AlertmanagerClient;
  readonly kubernetes: KubernetesClient;
  /** Where and how to reach one service of a cluster, its credentials included; undefined = it has no such endpoint. */
  target(cluster: Cluster, kind: EndpointKind): Promise<SpokeTarget | undefined>;
  /** To be called when a cluster is removed or its credentials change: lets go of its connections. */
  forget(clusterId: string): void;
}

export interface SpokesOptions {
  readonly transport: Transport;
  readonly credentialsOf: (clusterId: string) => Promise<ClusterCredentials | undefined>;
}

export function createSpokes({ transport, credentialsOf }: SpokesOptions): Spokes {
  return {
    prometheus: createPrometheusClient(transport),
    alertmanager: createAlertmanagerClient(transport),
    kubernetes: createKubernetesClient(transport),
    target: async (cluster, kind) => {
      const url = endpointUrl(cluster, kind);
      if (url === undefined) return undefined;
      const credentials = cluster.has_credentials ? await credentialsOf(cluster.id) : undefined;
      const auth = credentials && authFor(credentials, kind, url);
      return { clusterId: cluster.id, kind, url, tls: cluster.tls, ...(auth ? { auth } : {}) };
    },
    forget: (clusterId) => transport.forget(clusterId),
  };
}

function endpointUrl(cluster: Cluster, kind: EndpointKind): string | undefined {
  const urls: Record<EndpointKind, string | undefined> = {
    API: cluster.api_server_url,
    PROMETHEUS: cluster.endpoints.prometheus_url,
    ALERTMANAGER: cluster.endpoints.alertmanager_url,
  };
  return urls[kind];
}

/**
 * What of the credentials this endpoint gets to see. Password and API server token go over https only: on a plain connection
 * anyone on the way could read them and hold the cluster. A token given for this endpoint is the owner's own decision.
 */
function authFor(credentials: ClusterCredentials, kind: EndpointKind, url: string): SpokeAuth | undefined {
  const encrypted = url.startsWith('https:');
  if (credentials.auth_type === 'BASIC')
    return encrypted ? { type: 'BASIC', username: credentials.username, password: credentials.password } : undefined;
  if (credentials.auth_type === 'MTLS')
    return { type: 'MTLS', certificate: credentials.client_certificate, key: credentials.client_key };
  const { api_token, prometheus_token, alertmanager_token } = credentials;
  const own = { API: api_token, PROMETHEUS: prometheus_token, ALERTMANAGER: alertmanager_token }[kind];
  const token = own ?? (encrypted ? api_token : undefined);
  return token === undefined ? undefined : { type: 'BEARER', token };
}
