/**
 * Every table of the platform, once, for PostgreSQL and PGlite alike. After a change here write its migration:
 *
 *     drizzle-kit generate --dialect postgresql --schema backend/platform/store/schema.ts \
 *       --out backend/platform/store/migrations --name <what_changed>
 *
 * `migrations.test.ts` fails while the migrations do not give exactly this schema. A migration that shipped is never edited.
 *
 * `jsonb` is for what SQL looks into; `json` for documents that only pass through, because it keeps them byte for byte
 * and, unlike `jsonb`, takes the escape for NUL. Times are UTC with milliseconds.
 */
import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  index,
  integer,
  json,
  jsonb,
  pgSchema,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import type { Switches } from '../../model/alert.ts';
import type { ToldTraces } from '../../model/trace.ts';
import type {
  Capabilities,
  ClusterTls,
  EndpointOptions,
  Endpoints,
  GlobalMetrics,
  OpenShiftStatus,
} from '../../model/cluster.ts';

export const clustersSchema = pgSchema('clusters');
export const intelligenceSchema = pgSchema('intelligence');
export const platformSchema = pgSchema('platform');

const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'date' });

export const clusters = clustersSchema.table('clusters', {
  id: uuid('id').primaryKey(),
  name: text('name').notNull().unique(),
  display_name: text('display_name').notNull(),
  api_server_url: text('api_server_url').notNull(),
  cluster_type: text('cluster_type', { enum: ['HUB', 'SPOKE', 'EDGE', 'FAR_EDGE'] }).notNull(),
  platform: text('platform', { enum: ['OPENSHIFT', 'KUBERNETES', 'MICROSHIFT'] }).notNull(),
  platform_version: text('platform_version'),
  region: text('region'),
  environment: text('environment', { enum: ['PRODUCTION', 'STAGING', 'DEVELOPMENT', 'LAB'] }).notNull(),
  labels: jsonb('labels').$type<Record<string, string>>().notNull(),
  endpoints: jsonb('endpoints').$type<Endpoints>().notNull(),
  tls: jsonb('tls').$type<ClusterTls>().notNull(),
  state: text('state', { enum: ['ONLINE', 'OFFLINE', 'DEGRADED', 'UNKNOWN', 'PROVISIONING'] }).notNull(),
  health_score: integer('health_score'),
  /** The last twelve API checks, oldest first: `1` answered, `0` did not. What `connectivity` is computed from. */
  recent_api_checks: text('recent_api_checks').notNull().default(''),
  /** The state that listeners last heard of, where maintenance kept a later one from them; null = they know `state`. */
  announced_state: text('announced_state', { enum: ['ONLINE', 'OFFLINE', 'DEGRADED', 'UNKNOWN', 'PROVISIONING'] }),
  api_server_healthy: boolean('api_server_healthy'),
  prometheus_healthy: boolean('prometheus_healthy'),
  alertmanager_healthy: boolean('alertmanager_healthy'),
  tempo_healthy: boolean('tempo_healthy'),
  loki_healthy: boolean('loki_healthy'),
  last_error: text('last_error'),
  checked_at: time('checked_at'),
  created_at: time('created_at').notNull(),
  updated_at: time('updated_at').notNull(),
  last_seen_at: time('last_seen_at'),
  endpoint_options: jsonb('endpoint_options').$type<Record<string, EndpointOptions>>().notNull().default({}),
  global_metrics: jsonb('global_metrics').$type<GlobalMetrics>(),
  exec_enabled: boolean('exec_enabled').notNull().default(false),
  collection_paused: boolean('collection_paused').notNull().default(false),
  capabilities: jsonb('capabilities').$type<Capabilities>(),
  openshift: jsonb('openshift').$type<OpenShiftStatus>(),
  maintenance_until: time('maintenance_until'),
  source: text('source', { enum: ['MANUAL', 'KUBECONFIG', 'ACM', 'FILE'] })
    .notNull()
    .default('MANUAL'),
  /** The importer's own key of this cluster: context, ManagedCluster name or entry of the file. */
  source_key: text('source_key'),
  resource_version: integer('resource_version').notNull().default(1),
  /** Set = being deleted: hidden from every list; a job removes secret, credentials and row. */
  deleting_at: time('deleting_at'),
});

export const clusterCredentials = clustersSchema.table('credentials', {
  cluster_id: uuid('cluster_id')
    .primaryKey()
    .references(() => clusters.id, { onDelete: 'cascade' }),
  auth_type: text('auth_type').notNull(),
  /** An envelope (`platform/envelope.ts`) bound to the cluster id. */
  sealed: text('sealed').notNull(),
  /** Version of the master key that wraps the data key of the envelope. */
  key_version: integer('key_version').notNull().default(1),
  expires_at: time('expires_at'),
  /** When the warning that they expire was given; null after every change. */
  expiry_warned_at: time('expiry_warned_at'),
  updated_at: time('updated_at').notNull(),
});

/** When each cluster is checked next, and which process is at it until when. */
export const healthSchedule = clustersSchema.table(
  'health_schedule',
  {
    cluster_id: uuid('cluster_id')
      .primaryKey()
      .references(() => clusters.id, { onDelete: 'cascade' }),
    next_run_at: time('next_run_at').notNull(),
    lease_until: time('lease_until'),
    lease_owner: uuid('lease_owner'),
  },
  (t) => [index('health_schedule_due').on(t.next_run_at)],
);

/** When each cluster is discovered next, with the same leases as health. */
export const discoverySchedule = clustersSchema.table(
  'discovery_schedule',
  {
    cluster_id: uuid('cluster_id')
      .primaryKey()
      .references(() => clusters.id, { onDelete: 'cascade' }),
    next_run_at: time('next_run_at').notNull(),
    lease_until: time('lease_until'),
    lease_owner: uuid('lease_owner'),
  },
  (t) => [index('discovery_schedule_due').on(t.next_run_at)],
);

/** When each cluster's alerts are polled next, with the same leases, and what is known of whether its alerting works. */
export const alertSchedule = clustersSchema.table(
  'alert_schedule',
  {
    cluster_id: uuid('cluster_id')
      .primaryKey()
      .references(() => clusters.id, { onDelete: 'cascade' }),
    next_run_at: time('next_run_at').notNull(),
    lease_until: time('lease_until'),
    lease_owner: uuid('lease_owner'),
    switches: jsonb('switches').$type<Switches>().notNull().default({}),
  },
  (t) => [index('alert_schedule_due').on(t.next_run_at)],
);

/** When each cluster's traces are looked at next for errors, with the same leases, and what has been told of them. */
export const traceSchedule = clustersSchema.table(
  'trace_schedule',
  {
    cluster_id: uuid('cluster_id')
      .primaryKey()
      .references(() => clusters.id, { onDelete: 'cascade' }),
    next_run_at: time('next_run_at').notNull(),
    lease_until: time('lease_until'),
    lease_owner: uuid('lease_owner'),
    told: jsonb('told').$type<ToldTraces>().notNull().default({ trace_ids: [], services: {} }),
  },
  (t) => [index('trace_schedule_due').on(t.next_run_at)],
);

/** When GPUs of a cluster are looked at next, to tell what changed. */
export const gpuSchedule = clustersSchema.table(
  'gpu_schedule',
  {
    cluster_id: uuid('cluster_id')
      .primaryKey()
      .references(() => clusters.id, { onDelete: 'cascade' }),
    next_run_at: time('next_run_at').notNull(),
    lease_until: time('lease_until'),
    lease_owner: uuid('lease_owner'),
  },
  (t) => [index('gpu_schedule_due').on(t.next_run_at)],
);

/**
 * Every time an alert fired, once, whoever told of it. `fingerprint` and `starts_at` are those of Alertmanager as soon as it is
 * known there; what Prometheus says of the same alert, without external labels, stands in `rule_fingerprint` and `active_at`.
 */
export const alertEpisodes = clustersSchema.table(
  'alert_episodes',
  {
    id: uuid('id').primaryKey(),
    cluster_id: uuid('cluster_id')
      .notNull()
      .references(() => clusters.id, { onDelete: 'cascade' }),
    fingerprint: text('fingerprint').notNull(),
    starts_at: time('starts_at').notNull(),
    rule_fingerprint: text('rule_fingerprint'),
    active_at: time('active_at'),
    alertname: text('alertname').notNull(),
    severity: text('severity', { enum: ['CRITICAL', 'WARNING', 'INFO'] }).notNull(),
    state: text('state', { enum: ['FIRING', 'RESOLVED'] }).notNull(),
    namespace: text('namespace'),
    labels: json('labels').$type<Record<string, string>>().notNull(),
    annotations: json('annotations').$type<Record<string, string>>().notNull(),
    generator_url: text('generator_url'),
    sources: json('sources').$type<('PROMETHEUS' | 'ALERTMANAGER' | 'WEBHOOK' | 'PLATFORM')[]>().notNull(),
    silenced: boolean('silenced').notNull(),
    inhibited: boolean('inhibited').notNull(),
    ends_at: time('ends_at'),
    first_seen_at: time('first_seen_at').notNull(),
    last_seen_at: time('last_seen_at').notNull(),
    /** Since which poll it is missing from those that should list it; null while it is listed. */
    missing_since: time('missing_since'),
    /** When we learnt that it is over. */
    resolved_seen_at: time('resolved_seen_at'),
    flapping: boolean('flapping').notNull(),
    /** When ALERT_FIRED and ALERT_RESOLVED were written to the outbox. */
    fired_told_at: time('fired_told_at'),
    resolved_told_at: time('resolved_told_at'),
  },
  (t) => [
    uniqueIndex('alert_episodes_identity').on(t.cluster_id, t.fingerprint, t.starts_at),
    index('alert_episodes_rule').on(t.cluster_id, t.rule_fingerprint),
    index('alert_episodes_fingerprint').on(t.fingerprint),
    index('alert_episodes_time').on(t.starts_at),
    index('alert_episodes_open')
      .on(t.cluster_id)
      .where(sql`${t.state} = 'FIRING' or (${t.fired_told_at} is not null and ${t.resolved_told_at} is null)`),
  ],
);

/** The secret that a cluster's Alertmanager sends with its notifications; only its hash is kept. */
export const webhookSecrets = clustersSchema.table('webhook_secrets', {
  cluster_id: uuid('cluster_id')
    .primaryKey()
    .references(() => clusters.id, { onDelete: 'cascade' }),
  /** SHA-256 of the secret, hex. */
  secret_hash: text('secret_hash').notNull().unique(),
  /** The one before, while a rotation is under way. */
  previous_hash: text('previous_hash').unique(),
  previous_until: time('previous_until'),
  created_at: time('created_at').notNull(),
  created_by: text('created_by').notNull(),
});

/** Every change of a cluster's state. Kept 7 days. */
export const healthTransitions = clustersSchema.table(
  'health_transitions',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    cluster_id: uuid('cluster_id')
      .notNull()
      .references(() => clusters.id, { onDelete: 'cascade' }),
    at: time('at').notNull(),
    old_state: text('old_state').notNull(),
    new_state: text('new_state').notNull(),
    health_score: integer('health_score'),
    reason: text('reason').notNull(),
  },
  (t) => [index('health_transitions_of_cluster').on(t.cluster_id, t.at), index('health_transitions_at').on(t.at)],
);

/** How a cluster fared in each five minutes. Kept 7 days. */
export const healthRollups = clustersSchema.table(
  'health_rollups',
  {
    cluster_id: uuid('cluster_id')
      .notNull()
      .references(() => clusters.id, { onDelete: 'cascade' }),
    start: time('start').notNull(),
    checks: integer('checks').notNull(),
    healthy_checks: integer('healthy_checks').notNull(),
    min_score: integer('min_score').notNull(),
    sum_score: integer('sum_score').notNull(),
  },
  (t) => [primaryKey({ columns: [t.cluster_id, t.start] }), index('health_rollups_start').on(t.start)],
);

export const chatSessions = intelligenceSchema.table(
  'chat_sessions',
  {
    id: uuid('id').primaryKey(),
    user_id: text('user_id').notNull(),
    title: text('title').notNull(),
    persona_id: text('persona_id').notNull(),
    cluster_context: json('cluster_context').$type<string[]>().notNull(),
    model: text('model'),
    message_count: integer('message_count').notNull().default(0),
    created_at: time('created_at').notNull(),
    updated_at: time('updated_at').notNull(),
    expires_at: time('expires_at').notNull(),
  },
  (t) => [index('chat_sessions_of_user').on(t.user_id, t.updated_at), index('chat_sessions_expiry').on(t.expires_at)],
);

export const chatMessages = intelligenceSchema.table(
  'chat_messages',
  {
    session_id: uuid('session_id')
      .notNull()
      .references(() => chatSessions.id, { onDelete: 'cascade' }),
    /** 1, 2, 3 … within the session: the order of the conversation, which times alone do not give. */
    position: integer('position').notNull(),
    id: uuid('id').notNull().unique(),
    role: text('role', { enum: ['USER', 'ASSISTANT', 'SYSTEM', 'TOOL'] }).notNull(),
    content: text('content').notNull(),
    persona_id: text('persona_id').notNull(),
    tool_calls: json('tool_calls').notNull(),
    tool_results: json('tool_results').notNull(),
    model: text('model'),
    complete: boolean('complete').notNull(),
    tokens_used: integer('tokens_used'),
    latency_ms: integer('latency_ms'),
    created_at: time('created_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.session_id, t.position] })],
);

export const apiTokens = platformSchema.table('api_tokens', {
  id: uuid('id').primaryKey(),
  name: text('name').notNull(),
  role: text('role', { enum: ['admin', 'operator', 'viewer'] }).notNull(),
  scope_selector: text('scope_selector').notNull(),
  /** SHA-256 of the secret, hex. */
  secret_hash: text('secret_hash').notNull().unique(),
  created_by: text('created_by').notNull(),
  created_at: time('created_at').notNull(),
  expires_at: time('expires_at'),
  last_used_at: time('last_used_at'),
});

/** Events written in the transaction of the change they tell. `sequence` ascends in commit order (`platform/outbox.ts`). */
export const outbox = platformSchema.table(
  'outbox',
  {
    sequence: bigint('sequence', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    event_id: uuid('event_id').notNull().unique(),
    event_type: text('event_type').notNull(),
    source: text('source').notNull(),
    cluster_id: uuid('cluster_id'),
    cluster_name: text('cluster_name'),
    timestamp: time('timestamp').notNull(),
    payload: json('payload').$type<Record<string, unknown>>().notNull(),
    published_at: time('published_at'),
  },
  (t) => [
    index('outbox_unpublished')
      .on(t.sequence)
      .where(sql`${t.published_at} is null`),
  ],
);

export const auditLog = platformSchema.table(
  'audit_log',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    at: time('at').notNull(),
    principal_id: text('principal_id').notNull(),
    door: text('door').notNull(),
    tool: text('tool').notNull(),
    arguments: json('arguments').notNull(),
    outcome: text('outcome').notNull(),
    duration_ms: integer('duration_ms').notNull(),
    trace_id: text('trace_id').notNull(),
    cluster_ids: json('cluster_ids').$type<string[]>().notNull(),
  },
  (t) => [index('audit_log_at').on(t.at)],
);

export const evidence = platformSchema.table(
  'evidence',
  {
    id: uuid('id').primaryKey(),
    owner: text('owner').notNull(),
    tool: text('tool').notNull(),
    /** JSON as text: it is handed out again as it came in, `null` and bare strings included. */
    content: text('content').notNull(),
    created_at: time('created_at').notNull(),
    expires_at: time('expires_at').notNull(),
  },
  (t) => [index('evidence_expiry').on(t.expires_at)],
);
