import type { Conversations } from '../../backend/conversations/conversations.ts';
import type { Principal } from '../../backend/model/access.ts';
import type { ChatMessage, ChatSession, ChatStreamEvent } from '../../backend/model/chat.ts';
import { AppError } from '../../backend/model/errors.ts';
import type { Clock } from '../../backend/platform/clock.ts';
import { createLogger } from '../../backend/platform/logger.ts';
import { createMetrics } from '../../backend/platform/metrics.ts';
import type { AnyTool } from '../../tools/define.ts';
import { type Dispatcher, createDispatcher } from '../../tools/dispatch.ts';
import type { Services } from '../../tools/services.ts';
import { createPersonaDirectory } from '../directory.ts';
import type { Provider } from '../llm/provider.ts';
import { type AgentLimits, createChatAgent } from './chat-agent.ts';

/** Test support: the agent with real dispatch over scripted tools, and conversations kept in memory. */

export const SESSION_ID = '11111111-1111-4111-8111-111111111111';
export const VIEWER: Principal = { id: 'token:v', display_name: 'V', role: 'viewer', scope: { selector: '' } };

export function memoryConversations(
  clock: Clock,
  session: Partial<ChatSession> = {},
): Conversations & { messages: ChatMessage[] } {
  const messages: ChatMessage[] = [];
  const now = clock.now().toISOString();
  const stored: ChatSession = {
    id: SESSION_ID,
    user_id: VIEWER.id,
    title: 't',
    persona_id: 'default',
    cluster_context: [],
    model: null,
    message_count: 0,
    created_at: now,
    updated_at: now,
    expires_at: now,
    ...session,
  };
  const getSession: Conversations['getSession'] = async (id, userId) => {
    if (id === stored.id && userId === stored.user_id) return stored;
    throw new AppError('SESSION_NOT_FOUND', 'No such session.');
  };
  return {
    messages,
    getSession,
    createSession: async () => stored,
    listSessions: async () => [stored],
    deleteSession: async () => undefined,
    appendMessage: async (sessionId, message) => {
      const whole = {
        ...message,
        id: message.id ?? crypto.randomUUID(),
        session_id: sessionId,
        created_at: clock.now().toISOString(),
      };
      messages.push(whole);
      return whole;
    },
    listMessages: async (id, userId, { limit }) => {
      await getSession(id, userId);
      return messages.slice(-limit);
    },
    purgeExpired: async () => 0,
  };
}

/** Dispatch over `catalog`, whose tools may use only the given services. */
export function realDispatcher(
  catalog: readonly AnyTool[],
  clock: Clock,
  services: Partial<Services> = {},
): Dispatcher {
  return createDispatcher({
    catalog,
    services: services as Services, // proof: a test hands over the services that its tools use
    audit: { record: async () => undefined, list: async () => [], purge: async () => 0 },
    evidence: {
      put: async () => ({ id: 'x', uri: 'aiops://evidence/x', bytes: 1 }),
      get: async () => {
        throw new AppError('EVIDENCE_NOT_FOUND', 'None.');
      },
      purgeExpired: async () => 0,
    },
    metrics: createMetrics(),
    clock,
    logger: createLogger({ level: 'silent' }),
  });
}

export interface FixtureOptions {
  readonly providers: readonly [Provider, ...Provider[]];
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly limits?: Partial<AgentLimits>;
  readonly capabilities?: readonly string[];
  readonly session?: Partial<ChatSession>;
  readonly principal?: Principal;
}

export function fixture(options: FixtureOptions) {
  const { providers, dispatcher, clock, limits = {}, capabilities, session, principal = VIEWER } = options;
  const conversations = memoryConversations(clock, { user_id: principal.id, ...session });
  const [builtIn] = createPersonaDirectory().list();
  if (!builtIn) throw new Error('there is no built-in persona');
  const personas = createPersonaDirectory([
    { ...builtIn, capabilities: [...(capabilities ?? dispatcher.tools.map((tool) => tool.name))] },
  ]);
  const agent = createChatAgent({
    dispatcher,
    conversations,
    personas,
    providers,
    clock,
    logger: createLogger({ level: 'silent' }),
    limits,
  });
  const events: ChatStreamEvent[] = [];
  const ask = (content: string, signal: AbortSignal = new AbortController().signal) =>
    agent.answer({
      principal,
      sessionId: SESSION_ID,
      content,
      traceId: 'trace-1',
      signal,
      emit: (event) => events.push(event),
    });
  return { agent, ask, events, conversations };
}

/** What a client that followed the stream has on its screen. */
export function shownText(events: readonly ChatStreamEvent[]): string {
  let text = '';
  for (const event of events) {
    if (event.type === 'content_reset') text = '';
    if (event.type === 'content_delta') text += event.text;
  }
  return text;
}
