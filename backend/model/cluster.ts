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

/** The services of a cluster that fan-out can ask. `API` is its Kubernetes API server, `GLOBAL_METRICS` a hub that holds its metrics. */
export const EndpointKind = z.enum(['API', 'PROMETHEUS', 'ALERTMANAGER', 'TEMPO', 'LOKI', 'GLOBAL_METRICS']);
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
  loki_url: HttpUrl.optional(),
  tempo_url: HttpUrl.optional(),
  korrel8r_url: HttpUrl.optional(),
});
export type Endpoints = z.infer<typeof Endpoints>;

/**
 * What one endpoint needs besides its URL. `tls` replaces the cluster's own rules for that endpoint (routes of OpenShift have
 * another CA than its API server); `tenant` is sent as `X-Scope-OrgID`.
 */
export const EndpointOptions = z.strictObject({
  tls: ClusterTls.optional(),
  tenant: z.string().min(1).max(150).optional(),
});
export type EndpointOptions = z.infer<typeof EndpointOptions>;

const EndpointName = z.enum(['prometheus', 'alertmanager', 'loki', 'tempo', 'korrel8r', 'global_metrics']);

/**
 * A Thanos, Mimir or ACM hub that holds the metrics of several clusters, each under its own value of one label. It is asked where the
 * cluster has no `prometheus_url`, once for all clusters that are registered alike. Its TLS rules and tenant are
 * `endpoint_options.global_metrics`; it gets no other token than `global_metrics_token`.
 */
export const GlobalMetrics = z.strictObject({
  url: HttpUrl,
  /** A classic label name; the registry tells. */
  cluster_label: z.string().max(200).default('cluster'),
  cluster_value: z.string().max(253),
});
export type GlobalMetrics = z.infer<typeof GlobalMetrics>;

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
  global_metrics: GlobalMetrics.optional(),
  tls: ClusterTls.default({ insecure_skip_verify: false }),
  endpoint_options: z.partialRecord(EndpointName, EndpointOptions).default({}),
  /** Lets the server run commands in pods of this cluster (nvidia-smi, dpdk-telemetry). Off unless an operator turns it on. */
  exec_enabled: z.boolean().default(false),
});
export type ClusterCreate = z.infer<typeof ClusterCreate>;
export type ClusterCreateInput = z.input<typeof ClusterCreate>;

/**
 * What a caller changes of a cluster: fields that are left out stay, `null` clears. The name never changes, because
 * metrics, links and scopes refer to it. Until `maintenance_until` (ISO 8601 UTC; null ends it) health is still measured, but
 * no state change is announced and the cluster does not count as unhealthy. `collection_paused` stops all questions but health.
 */
export const ClusterUpdate = z.strictObject({
  display_name: z.string().min(1).max(128).optional(),
  api_server_url: HttpsUrl.optional(),
  cluster_type: ClusterType.optional(),
  platform: Platform.optional(),
  region: z.string().max(64).nullable().optional(),
  environment: Environment.optional(),
  labels: Labels.optional(),
  endpoints: Endpoints.optional(),
  global_metrics: GlobalMetrics.nullable().optional(),
  tls: ClusterTls.optional(),
  endpoint_options: z.partialRecord(EndpointName, EndpointOptions).optional(),
  exec_enabled: z.boolean().optional(),
  collection_paused: z.boolean().optional(),
  maintenance_until: z.iso.datetime().nullable().optional(),
});
export type ClusterUpdate = z.infer<typeof ClusterUpdate>;

export const CnfType = z.enum(['VDU', 'VCU', 'UPF', 'AMF', 'SMF', 'NRF', 'OTHER']);
export type CnfType = z.infer<typeof CnfType>;

/**
 * What a cluster can do, as discovery last saw it in real API objects. A value that could not be looked up (no permission, API
 * not answering) is null and named with its reason in `unknown`; null is never "no".
 */
export const Capabilities = z.strictObject({
  has_gpu_nodes: z.boolean().nullable(),
  gpu_count: z.int().min(0).nullable(),
  gpu_types: z.array(z.string()).nullable(),
  has_prometheus: z.boolean().nullable(),
  has_thanos: z.boolean().nullable(),
  has_tempo: z.boolean().nullable(),
  has_loki: z.boolean().nullable(),
  has_service_mesh: z.boolean().nullable(),
  has_odf: z.boolean().nullable(),
  /** NVIDIA's GPU operator, DCGM's exporter, node feature discovery. Null also in what was discovered before they were looked for. */
  has_gpu_operator: z.boolean().nullable().default(null),
  has_dcgm: z.boolean().nullable().default(null),
  has_nfd: z.boolean().nullable().default(null),
  has_sriov: z.boolean().nullable(),
  has_ptp: z.boolean().nullable(),
  has_cnf_workloads: z.boolean().nullable(),
  cnf_types: z.array(CnfType).nullable(),
  node_count: z.int().min(0).nullable(),
  /** Nodes by role, from `node-role.kubernetes.io/<role>` labels; a node may count under several. */
  node_roles: z.record(z.string(), z.int()).nullable(),
  unknown: z.array(z.strictObject({ field: z.string(), reason: z.string() })),
  discovered_at: z.iso.datetime(),
});
export type Capabilities = z.infer<typeof Capabilities>;

const UnhealthyPart = z.strictObject({ name: z.string(), reason: z.string() });

/** OpenShift's own view of itself: ClusterVersion, ClusterOperators, MachineConfigPools. Null parts could not be read. */
export const OpenShiftStatus = z.strictObject({
  version: z.string().nullable(),
  channel: z.string().nullable(),
  updating_to: z.string().nullable(),
  available_updates: z.array(z.string()).nullable(),
  /** Operators that are not Available or are Degraded. */
  unhealthy_operators: z.array(UnhealthyPart).nullable(),
  /** Pools that are Degraded or updating. */
  unhealthy_pools: z.array(UnhealthyPart).nullable(),
  observed_at: z.iso.datetime(),
});
export type OpenShiftStatus = z.infer<typeof OpenShiftStatus>;

/** Where a registration comes from. What an import or a file made, that import or file keeps in step. */
export const ClusterSource = z.enum(['MANUAL', 'KUBECONFIG', 'ACM', 'FILE']);
export type ClusterSource = z.infer<typeof ClusterSource>;

/**
 * Health as last measured. A `*_healthy` of null means that there is no such endpoint or that it has not been checked yet,
 * never that it is down. `health_score` is 100 − 50 (API) − 20 (Prometheus) − 15 (Tempo) − 15 (Loki) over configured endpoints; null before the first check.
 */
export const ClusterStatus = z.strictObject({
  state: ClusterState,
  health_score: z.int().min(0).max(100).nullable(),
  connectivity: Connectivity.nullable(),
  api_server_healthy: z.boolean().nullable(),
  prometheus_healthy: z.boolean().nullable(),
  alertmanager_healthy: z.boolean().nullable(),
  tempo_healthy: z.boolean().nullable(),
  loki_healthy: z.boolean().nullable(),
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
  global_metrics: GlobalMetrics.nullable(),
  tls: ClusterTls,
  endpoint_options: z.partialRecord(EndpointName, EndpointOptions),
  exec_enabled: z.boolean(),
  /** The kill switch: nothing is asked of it but health, discovery and what its operator does by hand. */
  collection_paused: z.boolean(),
  has_credentials: z.boolean(),
  credentials_expire_at: z.iso.datetime().nullable(),
  status: ClusterStatus,
  /** Null until the first discovery has finished. */
  capabilities: Capabilities.nullable(),
  openshift: OpenShiftStatus.nullable(),
  maintenance_until: z.iso.datetime().nullable(),
  source: ClusterSource,
  /** Ascends with every change of the registration (not of health); the ETag of a conditional update. */
  resource_version: z.int(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
  last_seen_at: z.iso.datetime().nullable(),
});
export type Cluster = z.infer<typeof Cluster>;

/** A cluster as it stands in lists: without what is long and of no use there. */
export const ListedCluster = Cluster.omit({ tls: true, endpoint_options: true, openshift: true });
export type ListedCluster = z.infer<typeof ListedCluster>;

const SecretText = z.string().min(1).max(65_536);
/** Bearer tokens for endpoints that do not take the token of the API server. */
const EndpointTokens = {
  prometheus_token: SecretText.optional(),
  alertmanager_token: SecretText.optional(),
  loki_token: SecretText.optional(),
  tempo_token: SecretText.optional(),
  /** For the hub of `global_metrics`; clusters that share the hub and this token are asked together. */
  global_metrics_token: SecretText.optional(),
};
/** When the credentials end, ISO 8601 UTC; taken from a JWT's `exp` or a certificate's `notAfter` when left out. */
const expires_at = z.iso.datetime().optional();

/**
 * Credentials of one cluster; write only. The token of the API server stands in for an endpoint token that is missing, over
 * https only. PEM for certificates and keys. OIDC is the client-credentials grant (RFC 6749 §4.4) at `token_url`.
 */
export const ClusterCredentials = z.discriminatedUnion('auth_type', [
  z.strictObject({ auth_type: z.literal('SERVICE_ACCOUNT'), api_token: SecretText, ...EndpointTokens, expires_at }),
  z.strictObject({
    auth_type: z.literal('KUBECONFIG'),
    kubeconfig: z.string().min(1).max(1_048_576),
    context: z.string().max(253).optional(),
    ...EndpointTokens,
    expires_at,
  }),
  z.strictObject({
    auth_type: z.literal('OIDC'),
    token_url: HttpsUrl,
    client_id: z.string().min(1).max(256),
    client_secret: SecretText,
    scope: z.string().max(1024).optional(),
    ...EndpointTokens,
    expires_at,
  }),
  z.strictObject({
    auth_type: z.literal('BASIC'),
    username: z.string().min(1).max(256),
    password: SecretText,
    expires_at,
  }),
  z.strictObject({
    auth_type: z.literal('MTLS'),
    client_certificate: SecretText,
    client_key: SecretText,
    ...EndpointTokens,
    expires_at,
  }),
  z.strictObject({ auth_type: z.literal('NONE'), ...EndpointTokens }),
]);
export type ClusterCredentials = z.infer<typeof ClusterCredentials>;

/** How one endpoint took the credentials. */
export const ValidationStatus = z.enum(['valid', 'invalid', 'unreachable', 'expired', 'insufficient_permissions']);
export const CredentialsValidation = z.strictObject({
  valid: z.boolean(),
  endpoints: z.array(
    z.strictObject({
      endpoint: EndpointKind,
      status: ValidationStatus,
      detail: z.string().nullable(),
      latency_ms: z.number(),
    }),
  ),
  checked_at: z.iso.datetime(),
});
export type CredentialsValidation = z.infer<typeof CredentialsValidation>;

/** A change of state, and how the cluster fared in five minutes. Both are kept 7 days; ordered oldest first. */
export const HealthTransition = z.strictObject({
  at: z.iso.datetime(),
  old_state: ClusterState,
  new_state: ClusterState,
  health_score: z.int().nullable(),
  reason: z.string(),
});
export const HealthRollup = z.strictObject({
  /** Start of the five minutes. */
  start: z.iso.datetime(),
  checks: z.int(),
  /** Checks in which every configured endpoint answered. */
  healthy_checks: z.int(),
  min_score: z.int(),
  avg_score: z.number(),
});
export const HealthHistory = z.strictObject({ transitions: z.array(HealthTransition), rollups: z.array(HealthRollup) });
export type HealthHistory = z.infer<typeof HealthHistory>;

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
  /** Names of those in maintenance; they are in the counts and not among the unhealthy. */
  in_maintenance: z.array(ClusterName),
  as_of: z.iso.datetime(),
});
export type FleetSummary = z.infer<typeof FleetSummary>;

/** Health of every cluster that the caller may see, worst first; those in maintenance last. */
export const FleetHealth = z.strictObject({
  items: z.array(
    z.strictObject({
      cluster_id: z.uuid(),
      cluster_name: ClusterName,
      cluster_type: ClusterType,
      status: ClusterStatus,
      maintenance_until: z.iso.datetime().nullable(),
      last_seen_at: z.iso.datetime().nullable(),
    }),
  ),
  by_state: z.record(z.string(), z.int()),
  /** Null when no cluster has been checked. */
  avg_health_score: z.number().nullable(),
  as_of: z.iso.datetime(),
});
export type FleetHealth = z.infer<typeof FleetHealth>;

/**
 * What the fleet can do, over the clusters that the caller may see. A cluster whose value could not be discovered counts under
 * `unknown`, never as one that has nothing: sums are over the clusters that are known.
 */
export const FleetCapabilities = z.strictObject({
  total_clusters: z.int(),
  /** Clusters that discovery has not finished with even once. */
  not_discovered: z.array(ClusterName),
  /** By capability, such as `has_gpu_nodes`. */
  capabilities: z.record(
    z.string(),
    z.strictObject({ clusters: z.array(ClusterName), without: z.int(), unknown: z.int() }),
  ),
  gpus: z.strictObject({
    total: z.int(),
    /** Clusters by GPU model. */
    clusters_by_type: z.record(z.string(), z.int()),
    unknown: z.int(),
  }),
  nodes: z.strictObject({ total: z.int(), by_role: z.record(z.string(), z.int()), unknown: z.int() }),
  /** Clusters by kind of CNF. */
  clusters_by_cnf_type: z.record(z.string(), z.int()),
  /** Clusters by `<platform> <version>`. */
  clusters_by_version: z.record(z.string(), z.int()),
  as_of: z.iso.datetime(),
});
export type FleetCapabilities = z.infer<typeof FleetCapabilities>;
