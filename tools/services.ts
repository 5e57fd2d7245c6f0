import type { ApiTokens } from '../backend/access/tokens.ts';
import type { AlertsCollector } from '../backend/collectors/alerts.ts';
import type { MetricsCollector } from '../backend/collectors/metrics.ts';
import type { Conversations } from '../backend/conversations/conversations.ts';
import type { ChatMessage, ChatStreamEvent } from '../backend/model/chat.ts';
import type { Principal } from '../backend/model/access.ts';
import type { Persona } from '../backend/model/persona.ts';
import type { EvidenceStore } from '../backend/platform/evidence.ts';
import type { ClusterRegistry } from '../backend/registry/registry.ts';

/** What the tools stand on; made once in `mcp-server/runtime.ts`. */
export interface Services {
  readonly registry: ClusterRegistry;
  readonly metrics: MetricsCollector;
  readonly alerts: AlertsCollector;
  readonly conversations: Conversations;
  readonly tokens: ApiTokens;
  readonly evidence: Pick<EvidenceStore, 'get'>;
  readonly personas: PersonaDirectory;
  readonly agent: ChatAgent;
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
