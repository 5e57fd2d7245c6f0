import { describe, expect, it } from 'vitest';
import { createApiClient } from '../api/client.ts';
import { createCredential } from '../api/credential.ts';
import { errorResponse, fakeFetch, json, manualClock, type SentRequest, settled, uuid } from '../test-support.ts';
import { createChatStore } from './chat-store.ts';

const SESSION = {
  id: uuid(1),
  user_id: 'local',
  title: 't',
  persona_id: 'default',
  cluster_context: ['alpha'],
  model: null,
  message_count: 0,
  created_at: '2026-03-01T10:00:00.000Z',
  updated_at: '2026-03-01T10:00:00.000Z',
  expires_at: '2026-03-02T10:00:00.000Z',
};

function sse(...events: Record<string, unknown>[]): string {
  return events
    .map(
      (event, n) => `event: ${String(event.type)}\nid: ${n + 1}\ndata: ${JSON.stringify({ id: n + 1, ...event })}\n\n`,
    )
    .join('');
}

const STARTED = { type: 'message_start', message_id: uuid(3), model: 'offline-analyst', offline: true };

function setUp(stream: (request: SentRequest) => Response | Promise<Response>) {
  const { fetch, sent } = fakeFetch((request) => {
    if (request.path.endsWith('/stream')) return stream(request);
    if (request.path.endsWith('/messages?limit=100')) return json({ items: [], has_more: false });
    if (request.method === 'POST') return json(SESSION, 201);
    return request.path === '/chat/sessions' ? json({ items: [SESSION] }) : json(SESSION);
  });
  const chat = createChatStore(
    createApiClient({ fetch, credential: createCredential(undefined), clock: manualClock() }),
  );
  return { chat, sent };
}

/** A response that stays open until the reader goes away. */
function openStream(first: string, onCancel: () => void): Response {
  return new Response(
    new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode(first)),
      cancel: onCancel,
    }),
  );
}

describe('conversation', () => {
  it('is stored with its first question, about the clusters that were chosen, and keeps its identity', async () => {
    const { chat, sent } = setUp(() => new Response(sse(STARTED, { type: 'content_delta', text: 'Hi.' })));
    const conversation = chat.open(undefined, ['alpha']);
    expect(sent).toHaveLength(0);
    await conversation.ask('  What is firing?  ');
    expect(sent[0]).toMatchObject({
      method: 'POST',
      path: '/chat/sessions',
      body: { title: 'What is firing?', cluster_context: ['alpha'] },
    });
    expect(sent.find((r) => r.path.endsWith('/stream'))).toMatchObject({
      path: `/chat/sessions/${SESSION.id}/stream`,
      body: { content: 'What is firing?' },
    });
    expect(conversation.id.value).toBe(SESSION.id);
    expect(chat.open(SESSION.id, [])).toBe(conversation);
    expect(chat.open(undefined, [])).not.toBe(conversation);
  });

  it('says that the connection was lost when the stream ends before the answer', async () => {
    const { chat } = setUp(() => new Response(sse(STARTED, { type: 'content_delta', text: 'Half' })));
    const conversation = chat.open(undefined, []);
    await conversation.ask('q');
    expect(conversation.turns.value.at(-1)).toMatchObject({
      text: 'Half',
      status: 'FAILED',
      error: { code: 'STREAM_LOST' },
    });
    expect(conversation.running.value).toBe(false);
  });

  it('goes away from the stream when it is stopped, which stops the server, and keeps what was written', async () => {
    const aborted: boolean[] = [];
    const { fetch } = fakeFetch(() => json(SESSION));
    const chat = createChatStore(
      createApiClient({
        credential: createCredential(undefined),
        clock: manualClock(),
        fetch: async (input, init) => {
          if (!String(input).endsWith('/stream')) return fetch(input, init);
          const body = new ReadableStream<Uint8Array>({
            start: (controller) => {
              controller.enqueue(new TextEncoder().encode(sse(STARTED, { type: 'content_delta', text: 'So far' })));
              init?.signal?.addEventListener('abort', () => {
                aborted.push(true);
                controller.error(new DOMException('aborted', 'AbortError'));
              });
            },
          });
          return new Response(body);
        },
      }),
    );
    const conversation = chat.open(SESSION.id, []);
    const asking = conversation.ask('q');
    await settled();
    expect(conversation.running.value).toBe(true);
    conversation.draft.value = 'the next question';
    conversation.stop();
    await asking;
    expect(aborted).toEqual([true]);
    expect(conversation.turns.value.at(-1)).toMatchObject({ text: 'So far', status: 'STOPPED' });
    expect(conversation.draft.value).toBe('the next question');
  });

  it('puts a question that was refused back into the composer, with the reason', async () => {
    const { chat } = setUp(() => errorResponse(403, 'PERMISSION_DENIED', { permission: 'chat:write' }));
    const conversation = chat.open(undefined, []);
    await conversation.ask('May I?');
    expect(conversation.turns.value).toEqual([]);
    expect([conversation.draft.value, conversation.refusal.value?.permission]).toEqual(['May I?', 'chat:write']);
  });

  it('asks one question at a time', async () => {
    const { chat, sent } = setUp(() => openStream(sse(STARTED), () => undefined));
    const conversation = chat.open(undefined, []);
    void conversation.ask('one');
    await settled();
    await conversation.ask('two');
    expect(sent.filter((r) => r.path.endsWith('/stream'))).toHaveLength(1);
    conversation.stop();
  });

  it('tells a conversation that is not there from one that could not be loaded', async () => {
    const { fetch } = fakeFetch(() => errorResponse(410, 'SESSION_EXPIRED'));
    const chat = createChatStore(
      createApiClient({ fetch, credential: createCredential(undefined), clock: manualClock() }),
    );
    const conversation = chat.open(uuid(8), []);
    await settled();
    expect(conversation.session.value).toMatchObject({
      status: 'failed',
      failure: { status: 410, code: 'SESSION_EXPIRED' },
    });
  });
});
