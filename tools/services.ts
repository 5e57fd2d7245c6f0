import type { ApiTokens } from '../backend/access/tokens.ts';
import type { AlertDetails } from '../backend/collectors/alerts/alert-details.ts';
import type { Silences } from '../backend/collectors/alerts/silences.ts';
import type { AlertHistory } from '../backend/collectors/alerts/history/history.ts';
import type { WebhookSecrets } from '../backend/collectors/alerts/history/webhook-secrets.ts';
import type { AlertsCollector } from '../backend/collectors/alerts/alerts.ts';
import type { GpusCollector } from '../backend/collectors/gpu/gpus.ts';
import type { ErrorLogsCollector } from '../backend/collectors/logs/error-logs.ts';
import type { LogTails } from '../backend/collectors/logs/log-tail.ts';
import type { LogsCollector } from '../backend/collectors/logs/logs.ts';
import type { TracesCollector } from '../backend/collectors/traces/traces.ts';
import type { MetricsCollector } from '../backend/collectors/metrics/metrics.ts';
import type { MetricUsage } from '../backend/collectors/usage/usage-services.ts';
import type { CnfCollector } from '../backend/collectors/cnf/cnf.ts';
import type { WorkloadsCollector } from '../backend/collectors/workloads/workloads.ts';
import type { Conversations } from '../backend/conversations/conversations.ts';
import type { ChatMessage, ChatStreamEvent } from '../backend/model/chat.ts';
import type { Cluster } from '../backend/model/cluster.ts';
import type { Principal } from '../backend/model/access.ts';
import type { Persona } from '../backend/model/persona.ts';
import type { EvidenceStore } from '../backend/platform/evidence.ts';
import type { Credentials } from '../backend/registry/credentials/credentials.ts';
import type { KeyRotation } from '../backend/registry/credentials/master-key.ts';
import type { Discovery } from '../backend/registry/discovery/discover.ts';
import type { HealthHistories } from '../backend/registry/health-history.ts';
import type { HealthMonitor } from '../backend/registry/health.ts';
import type { Imports } from '../backend/registry/import/imports.ts';
import type { PermissionCheck } from '../backend/registry/permissions/check.ts';
import type { ClusterRegistry } from '../backend/registry/registry.ts';

/** What the tools stand on; made once in `mcp-server/runtime.ts`. */
export interface Services {
  readonly registry: ClusterRegistry;
  readonly credentials: Pick<Credentials, 'set' | 'remove' | 'validate' | 'validateNew' | 'rotate'>;
  rotateMasterKey(options: { readonly newKey: boolean; readonly dropUnused: boolean }): Promise<KeyRotation>;
  readonly health: Pick<HealthMonitor, 'checkNow'>;
  readonly healthHistories: Pick<HealthHistories, 'read'>;
  readonly discovery: DiscoverNow;
  readonly permissions: PermissionChecks;
  readonly imports: Imports;
  readonly metrics: MetricsCollector;
  readonly usage: MetricUsage;
  readonly alerts: AlertsCollector;
  readonly logs: LogsCollector;
  readonly traces: TracesCollector;
  readonly alertDetails: AlertDetails;
  readonly alertHistory: Pick<AlertHistory, 'list' | 'outcomes'>;
  readonly silences: Silences;
  readonly errorLogs: ErrorLogsCollector;
  readonly logTails: LogTails;
  readonly webhookSecrets: Pick<WebhookSecrets, 'rotate' | 'remove'>;
  readonly workloads: WorkloadsCollector;
  readonly gpus: GpusCollector;
  readonly cnf: CnfCollector;
  readonly conversations: Conversations;
  readonly tokens: ApiTokens;
  readonly evidence: Pick<EvidenceStore, 'get'>;
  readonly personas: PersonaDirectory;
  readonly agent: ChatAgent;
}

export interface DiscoverNow {
  /**
   * Discovers now, whatever the schedule says, and resolves when the findings are stored; the endpoints found are told only.
   * Throws CLUSTER_NOT_FOUND, DISCOVERY_FAILED.
   */
  discoverNow(clusterId: string): Promise<Pick<Discovery, 'endpoints_found'>>;
}

export interface PermissionChecks {
  /** Throws the spoke's error when the API server does not answer or does not take the credentials. */
  check(cluster: Cluster, signal: AbortSignal): Promise<PermissionCheck>;
}

export interface PersonaDirectory {
  list(): Persona[];
  /** Throws PERSONA_NOT_FOUND. */
  get(id: string): Persona;
}

/** The agent lives a floor above the tools; this is how a tool reaches it. */
export interface ChatAgent {
  /**
   * Stores the user's message, answers it with tools under the principal's own permissions, stores and returns the answer.
   * Every step is emitted as it happens. Aborting the signal stops model and tools; what was written so far is stored
   * with `complete: false`.
   */
  answer(request: {
    readonly principal: Principal;
    readonly sessionId: string;
    readonly content: string;
    readonly traceId: string;
    readonly signal: AbortSignal;
    emit(event: ChatStreamEvent): void;
  }): Promise<ChatMessage>;
}
