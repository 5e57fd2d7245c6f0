import { describe, expect, it } from 'vitest';
import type { Principal } from '../../backend/model/access.ts';
import type { ChatMessage, ChatSession, ChatStreamEvent } from '../../backend/model/chat.ts';
import { AppError } from '../../backend/model/errors.ts';
import type { Persona } from '../../backend/model/persona.ts';
import { ManualClock } from '../../backend/platform/clock.ts';
import { createLogger } from '../../backend/platform/logger.ts';
import { createMetrics } from '../../backend/platform/metrics.ts';
import { catalog } from '../catalog.ts';
import { createDispatcher } from '../dispatch.ts';
import type { Services } from '../services.ts';

const SESSION = '11111111-1111-4111-8111-111111111111';
const AT = '2026-03-01T10:00:00.000Z';
const operator: Principal = { id: 'token:o', display_name: 'O', role: 'operator', scope: { selector: '' } };
const viewer: Principal = { ...operator, id: 'token:v', role: 'viewer' };
const persona: Persona = {
  id: 'default',
  name: 'D',
  description: 'd',
  system_prompt: 'p',
  capabilities: [],
  icon: 'i',
  is_builtin: true,
};

function messageOf(n: number, overrides: Partial<ChatMessage> = {}): ChatMessage {
  return {
    id: `22222222-2222-4222-8222-${String(n).padStart(12, '0')}`,
    session_id: SESSION,
    role: 'USER',
    content: `m${n}`,
    persona_id: 'default',
    tool_calls: [],
    tool_results: [],
    model: null,
    complete: true,
    tokens_used: null,
    latency_ms: null,
    created_at: AT,
    ...overrides,
  };
}

function parts(messages: readonly ChatMessage[] = []) {
  const created: Partial<ChatSession>[] = [];
  const asked: Parameters<Services['agent']['answer']>[0][] = [];
  const sessionOf = (input: Partial<ChatSession>): ChatSession => ({
    id: SESSION,
    user_id: operator.id,
    title: 't',
    persona_id: 'default',
    cluster_context: [],
    model: null,
    message_count: 0,
    created_at: AT,
    updated_at: AT,
    expires_at: AT,
    ...input,
  });
  const services = {
    registry: { list: async () => [] },
    personas: {
      list: () => [persona],
      get: (id: string) => {
        if (id === persona.id) return persona;
        throw new AppError('PERSONA_NOT_FOUND', 'No such persona.');
      },
    },
    conversations: {
      createSession: async (input: Partial<ChatSession>) => {
        created.push(input);
        return sessionOf(input);
      },
      getSession: async (_id: string, userId: string) => {
        if (userId === operator.id) return sessionOf({});
        throw new AppError('SESSION_NOT_FOUND', 'Not yours.');
      },
      listSessions: async (userId: string) => (userId === operator.id ? [sessionOf({})] : []),
      deleteSession: async () => undefined,
      listMessages: async (_id: string, _user: string, { limit }: { limit: number }) => messages.slice(-limit),
    },
    agent: {
      answer: async (request: Parameters<Services['agent']['answer']>[0]) => {
        asked.push(request);
        request.emit({ id: 1, type: 'content_delta', text: 'hi' });
        return messageOf(9, { role: 'ASSISTANT', content: 'hi' });
      },
    },
  } as unknown as Services; // proof: these are all the services that the chat tools use
  const dispatcher = createDispatcher({
    catalog: catalog.filter((tool) => tool.toolset === 'chat'),
    services,
    audit: { record: async () => undefined, list: async () => [], purge: async () => 0 },
    evidence: {
      put: async () => ({ id: 'x', uri: 'aiops://evidence/x', bytes: 1 }),
      get: async () => {
        throw new AppError('EVIDENCE_NOT_FOUND', 'None.');
      },
      purgeExpired: async () => 0,
    },
    metrics: createMetrics(),
    clock: new ManualClock(),
    logger: createLogger({ level: 'silent' }),
  });
  const events: ChatStreamEvent[] = [];
  const call = async (tool: string, input: unknown, principal = operator) =>
    (
      await dispatcher.call({
        tool,
        input,
        principal,
        door: 'rest',
        traceId: 't1',
        confirmed: true,
        emit: (event) => events.push(event),
      })
    ).output;
  return { call, created, asked, events };
}

describe('the chat tools', () => {
  it('start a session for the caller, with the default persona and every cluster unless told', async () => {
    const { call, created } = parts();
    await call('create_chat_session', {});
    expect(created).toEqual([
      { user_id: 'token:o', title: 'New chat', persona_id: 'default', cluster_context: [], model: null },
    ]);
  });

  it('refuse a session with an unknown persona or an unknown cluster', async () => {
    const { call, created } = parts();
    await expect(call('create_chat_session', { persona_id: 'nobody' })).rejects.toMatchObject({
      code: 'PERSONA_NOT_FOUND',
    });
    await expect(call('create_chat_session', { cluster_context: ['edge-1'] })).rejects.toMatchObject({
      code: 'CLUSTER_NOT_FOUND',
    });
    expect(created).toEqual([]);
  });

  it('let a viewer read but not send', async () => {
    const { call } = parts();
    await expect(call('send_chat_message', { session_id: SESSION, content: 'x' }, viewer)).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    });
    await expect(call('list_chat_sessions', {}, viewer)).resolves.toEqual({ items: [] });
  });

  it('hand the question to the agent as the caller and pass its events on', async () => {
    const { call, asked, events } = parts();
    expect(await call('send_chat_message', { session_id: SESSION, content: ' what is firing? ' })).toMatchObject({
      content: 'hi',
    });
    expect(asked[0]).toMatchObject({
      principal: operator,
      sessionId: SESSION,
      content: 'what is firing?',
      traceId: 't1',
    });
    expect(events).toEqual([{ id: 1, type: 'content_delta', text: 'hi' }]);
  });

  it('page through messages and say whether there are earlier ones', async () => {
    const { call } = parts([1, 2, 3].map((n) => messageOf(n)));
    const latest = await call('list_chat_messages', { session_id: SESSION, limit: 2 });
    expect(latest).toMatchObject({ items: [{ content: 'm2' }, { content: 'm3' }], has_more: true });
    expect(await call('list_chat_messages', { session_id: SESSION, limit: 3 })).toMatchObject({
      items: [{}, {}, {}],
      has_more: false,
    });
  });

  it('look a session up, delete it, and show personas', async () => {
    const { call } = parts();
    expect(await call('get_chat_session', { session_id: SESSION })).toMatchObject({ id: SESSION });
    await expect(call('get_chat_session', { session_id: SESSION }, viewer)).rejects.toMatchObject({
      code: 'SESSION_NOT_FOUND',
    });
    expect(await call('delete_chat_session', { session_id: SESSION })).toEqual({ session_id: SESSION, deleted: true });
    expect(await call('list_personas', {})).toEqual({ items: [persona] });
    expect(await call('get_persona', { persona_id: 'default' })).toEqual(persona);
  });
});
