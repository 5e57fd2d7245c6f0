import type { Cluster, EndpointKind } from '../model/cluster.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import { type AlertmanagerClient, createAlertmanagerClient } from './alertmanager.ts';
import { type UsableCredentials, authFor, headersFor, tlsFor } from './auth.ts';
import { createCredentialCache } from './credential-cache.ts';
import { type KubernetesClient, createKubernetesClient } from './kubernetes.ts';
import { createOidcTokens } from './oidc-tokens.ts';
import { type LokiClient, createLokiClient } from './loki.ts';
import { type PrometheusClient, createPrometheusClient } from './prometheus.ts';
import { type TempoClient, createTempoClient } from './tempo.ts';
import type { SpokeAuth, SpokeTarget, Transport } from './transport.ts';

/** The clients of every kind of spoke, and how a cluster becomes something that they can ask. */
export interface Spokes {
  readonly prometheus: PrometheusClient;
  readonly alertmanager: AlertmanagerClient;
  readonly kubernetes: KubernetesClient;
  readonly tempo: TempoClient;
  readonly loki: LokiClient;
  /** Where and how to reach one service of a cluster, its credentials included; undefined = it has no such endpoint. */
  target(cluster: Cluster, kind: EndpointKind): Promise<SpokeTarget | undefined>;
  /** The same with credentials that are not stored, over connections of their own; {@link Spokes.forget} their `clusterId` after. */
  candidate(cluster: Cluster, kind: EndpointKind, credentials: UsableCredentials): Promise<SpokeTarget | undefined>;
  /** To be called when a cluster is removed or its credentials change: lets go of its connections, credentials and tokens. */
  forget(clusterId: string): void;
}

export interface SpokesOptions {
  readonly transport: Transport;
  readonly credentialsOf: (clusterId: string) => Promise<UsableCredentials | undefined>;
  readonly clock?: Clock;
}

/** Decrypted credentials are kept this long at most; a change is told by event, and a 401 reloads them at once. */
const CREDENTIALS_KEPT_MS = 60_000;

export function createSpokes({ transport, credentialsOf, clock = systemClock }: SpokesOptions): Spokes {
  const stored = createCredentialCache({ load: credentialsOf, clock, keptMs: CREDENTIALS_KEPT_MS });
  const tokens = createOidcTokens(transport, clock);

  function authOf(
    cluster: Cluster,
    kind: EndpointKind,
    url: string,
    credentials: UsableCredentials,
    refused?: SpokeAuth,
  ) {
    return authFor(credentials, kind, url, (oidc) =>
      tokens.token(cluster, oidc, refused?.type === 'BEARER' ? { refused: refused.token } : {}),
    );
  }

  return {
    prometheus: createPrometheusClient(transport, clock),
    alertmanager: createAlertmanagerClient(transport),
    kubernetes: createKubernetesClient(transport),
    tempo: createTempoClient(transport),
    loki: createLokiClient(transport, clock),
    target: async (cluster, kind) => {
      const url = endpointUrl(cluster, kind);
      if (url === undefined) return undefined;
      const credentials = cluster.has_credentials ? await stored.get(cluster.id) : undefined;
      const place = placeOf(cluster, kind, url, credentials);
      const auth = credentials && (await authOf(cluster, kind, url, credentials));
      if (!auth) return place;
      const renewAuth = async () => {
        const current = await stored.fresh(cluster.id);
        const renewed = current && (await authOf(cluster, kind, url, current, auth));
        return JSON.stringify(renewed) === JSON.stringify(auth) ? undefined : renewed;
      };
      return { ...place, auth, renewAuth };
    },
    candidate: async (cluster, kind, credentials) => {
      const url = endpointUrl(cluster, kind);
      if (url === undefined) return undefined;
      const apart = { ...cluster, id: `${cluster.id}#candidate` };
      const auth = await authOf(apart, kind, url, credentials);
      return { ...placeOf(apart, kind, url, credentials), ...(auth ? { auth } : {}) };
    },
    forget: (clusterId) => {
      stored.forget(clusterId);
      tokens.forget(clusterId);
      transport.forget(clusterId);
    },
  };
}

function placeOf(
  cluster: Cluster,
  kind: EndpointKind,
  url: string,
  credentials: UsableCredentials | undefined,
): SpokeTarget {
  const headers = headersFor(cluster, kind);
  const tls = tlsFor(cluster, kind, credentials?.api_tls);
  return { clusterId: cluster.id, kind, url, tls, ...(headers ? { headers } : {}) };
}

function endpointUrl(cluster: Cluster, kind: EndpointKind): string | undefined {
  const urls: Record<EndpointKind, string | undefined> = {
    API: cluster.api_server_url,
    PROMETHEUS: cluster.endpoints.prometheus_url,
    ALERTMANAGER: cluster.endpoints.alertmanager_url,
    TEMPO: cluster.endpoints.tempo_url,
    LOKI: cluster.endpoints.loki_url,
    GLOBAL_METRICS: cluster.global_metrics?.url,
  };
  return urls[kind];
}
