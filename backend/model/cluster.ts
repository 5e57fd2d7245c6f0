import { z } from 'zod';

export const CLUSTER_NAME = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;

/** What breaks the naming rule is INVALID_CLUSTER_NAME, told by the registry; a text longer than any name is no name at all. */
export const ClusterName = z.string().max(253);
export const ClusterType = z.enum(['HUB', 'SPOKE', 'EDGE', 'FAR_EDGE']);
export const Platform = z.enum(['OPENSHIFT', 'KUBERNETES', 'MICROSHIFT']);
export const Environment = z.enum(['PRODUCTION', 'STAGING', 'DEVELOPMENT', 'LAB']);
export const ClusterState = z.enum(['ONLINE', 'OFFLINE', 'DEGRADED', 'UNKNOWN', 'PROVISIONING']);
export const Connectivity = z.enum(['CONNECTED', 'DISCONNECTED', 'INTERMITTENT']);
export type ClusterType = z.infer<typeof ClusterType>;
export type ClusterState = z.infer<typeof ClusterState>;

/** The services of a cluster that fan-out can ask. `API` is its Kubernetes API server. */
export const EndpointKind = z.enum(['API', 'PROMETHEUS', 'ALERTMANAGER']);
export type EndpointKind = z.infer<typeof EndpointKind>;

/** TLS rules of the connections to one cluster. `ca` is PEM; without it the system's roots are trusted. */
export const ClusterTls = z.strictObject({
  ca: z.string().max(65_536).optional(),
  server_name: z.string().max(253).optional(),
  insecure_skip_verify: z.boolean().default(false),
});
export type ClusterTls = z.infer<typeof ClusterTls>;

const Labels = z.record(z.string().regex(/^[a-zA-Z0-9]([a-zA-Z0-9._/-]{0,251}[a-zA-Z0-9])?$/), z.string().max(253));
const HttpUrl = z.url({ protocol: /^https?$/, normalize: true }).max(2048);
const HttpsUrl = z.url({ protocol: /^https$/, normalize: true }).max(2048);

export const Endpoints = z.strictObject({
  prometheus_url: HttpUrl.optional(),
  alertmanager_url: HttpUrl.optional(),
});
export type Endpoints = z.infer<typeof Endpoints>;

/** What a caller says of a new cluster. Secrets are never part of it; they go through `set_cluster_credentials`. */
export const ClusterCreate = z.strictObject({
  name: ClusterName,
  display_name: z.string().max(128).optional(),
  api_server_url: HttpsUrl,
  cluster_type: ClusterType.default('SPOKE'),
  platform: Platform.default('KUBERNETES'),
  region: z.string().max(64).optional(),
  environment: Environment.default('DEVELOPMENT'),
  labels: Labels.default({}),
  endpoints: Endpoints.default({}),
  tls: ClusterTls.default({ insecure_skip_verify: false }),
});
export type ClusterCreate = z.infer<typeof ClusterCreate>;
export type ClusterCreateInput = z.input<typeof ClusterCreate>;

/**
 * Health as last measured. A `*_healthy` of null means that there is no such endpoint or that it has not been checked yet,
 * never that it is down. `health_score` is 100 − 50 (API) − 20 (Prometheus) over configured endpoints; null before the first check.
 */
export const ClusterStatus = z.strictObject({
  state: ClusterState,
  health_score: z.int().min(0).max(100).nullable(),
  connectivity: Connectivity.nullable(),
  api_server_healthy: z.boolean().nullable(),
  prometheus_healthy: z.boolean().nullable(),
  alertmanager_healthy: z.boolean().nullable(),
  last_error: z.string().nullable(),
  checked_at: z.iso.datetime().nullable(),
});
export type ClusterStatus = z.infer<typeof ClusterStatus>;

export const Cluster = z.strictObject({
  id: z.uuid(),
  name: ClusterName,
  display_name: z.string(),
  api_server_url: z.string(),
  cluster_type: ClusterType,
  platform: Platform,
  platform_version: z.string().nullable(),
  region: z.string().nullable(),
  environment: Environment,
  labels: z.record(z.string(), z.string()),
  endpoints: Endpoints,
  tls: ClusterTls,
  has_credentials: z.boolean(),
  status: ClusterStatus,
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
  last_seen_at: z.iso.datetime().nullable(),
});
export type Cluster = z.infer<typeof Cluster>;

/** A cluster as it stands in lists: without its TLS material, which is long and of no use there. */
export const ListedCluster = Cluster.omit({ tls: true });
export type ListedCluster = z.infer<typeof ListedCluster>;

/**
 * Credentials of one cluster; write only. `api_token` is the bearer token of the API server, and of Prometheus and
 * Alertmanager too unless they have their own. `client_certificate`/`client_key` are PEM.
 */
export const ClusterCredentials = z.discriminatedUnion('auth_type', [
  z.strictObject({
    auth_type: z.literal('SERVICE_ACCOUNT'),
    api_token: z.string().min(1).max(16_384),
    prometheus_token: z.string().min(1).max(16_384).optional(),
    alertmanager_token: z.string().min(1).max(16_384).optional(),
  }),
  z.strictObject({
    auth_type: z.literal('BASIC'),
    username: z.string().min(1).max(256),
    password: z.string().min(1).max(4096),
  }),
  z.strictObject({
    auth_type: z.literal('MTLS'),
    client_certificate: z.string().min(1).max(65_536),
    client_key: z.string().min(1).max(65_536),
  }),
]);
export type ClusterCredentials = z.infer<typeof ClusterCredentials>;

/** Fleet totals over the clusters that the caller may see. `avg_health_score` is null when no cluster has been checked. */
export const FleetSummary = z.strictObject({
  total_clusters: z.int(),
  by_state: z.record(z.string(), z.int()),
  by_type: z.record(z.string(), z.int()),
  by_environment: z.record(z.string(), z.int()),
  avg_health_score: z.number().nullable(),
  unhealthy: z.array(
    z.strictObject({
      name: ClusterName,
      state: ClusterState,
      health_score: z.int().nullable(),
      last_error: z.string().nullable(),
    }),
  ),
  as_of: z.iso.datetime(),
});
export type FleetSummary = z.infer<typeof FleetSummary>;
