import { describe, expect, it } from 'vitest';
import { ChatMessage, ChatSession } from '../model/chat.ts';
import { ManualClock } from '../platform/clock.ts';
import { listEventsAfter } from '../platform/outbox.ts';
import type { StoreUnderTest } from '../platform/store/store-under-test.ts';
import { createConversations, type NewMessage } from './conversations.ts';

const HOUR = 3_600_000;
const SESSION = {
  user_id: 'me',
  title: 'What is firing?',
  persona_id: 'default',
  cluster_context: ['prod-1'],
  model: null,
};
const QUESTION: NewMessage = {
  role: 'USER',
  content: 'hello',
  persona_id: 'default',
  tool_calls: [],
  tool_results: [],
  model: null,
  complete: true,
  tokens_used: null,
  latency_ms: null,
};
const ANSWER: NewMessage = {
  ...QUESTION,
  role: 'ASSISTANT',
  content: 'hi [E1]',
  model: 'offline-analyst',
  tool_calls: [{ id: 'c1', name: 'list_alerts', arguments: { z: 1, a: '\u0000' } }],
  tool_results: [{ tool_call_id: 'c1', status: 'SUCCESS', result: { n: [1.5, null] }, duration_ms: 3, evidence: 'E1' }],
  tokens_used: 12,
  latency_ms: 34,
};

export function conversationsSuite(store: StoreUnderTest): void {
  function setUp() {
    const clock = new ManualClock();
    let nudges = 0;
    const conversations = createConversations({ store: store(), clock, nudge: () => void (nudges += 1) });
    return { clock, conversations, nudges: () => nudges };
  }

  describe('conversations', () => {
    it('gives a session and its messages back as they were stored', async () => {
      const { conversations } = setUp();
      const session = await conversations.createSession(SESSION);
      expect(ChatSession.parse(session)).toMatchObject({
        ...SESSION,
        message_count: 0,
        expires_at: '2026-03-02T10:00:00.000Z',
      });
      const question = await conversations.appendMessage(session.id, QUESTION);
      const answer = await conversations.appendMessage(session.id, {
        ...ANSWER,
        id: '0190f0a0-0000-4000-8000-000000000009',
      });
      expect(answer.id).toBe('0190f0a0-0000-4000-8000-000000000009');
      const messages = await conversations.listMessages(session.id, 'me', { limit: 10 });
      expect(messages).toEqual([question, answer]);
      expect(ChatMessage.parse(messages[1])).toMatchObject(ANSWER);
      expect((await conversations.getSession(session.id, 'me')).message_count).toBe(2);
    });

    it('hides a session from everybody but its owner', async () => {
      const { conversations } = setUp();
      const { id } = await conversations.createSession(SESSION);
      await conversations.appendMessage(id, QUESTION);
      const notFound = { code: 'SESSION_NOT_FOUND' };
      await expect(conversations.getSession(id, 'you')).rejects.toMatchObject(notFound);
      await expect(conversations.listMessages(id, 'you', { limit: 1 })).rejects.toMatchObject(notFound);
      await expect(conversations.deleteSession(id, 'you')).rejects.toMatchObject(notFound);
      await expect(conversations.getSession('1; drop table', 'me')).rejects.toMatchObject(notFound);
      expect(await conversations.listSessions('you')).toEqual([]);
      await conversations.deleteSession(id, 'me');
      await expect(conversations.getSession(id, 'me')).rejects.toMatchObject(notFound);
      await expect(conversations.appendMessage(id, QUESTION)).rejects.toMatchObject(notFound);
    });

    it('lists sessions with the last used first', async () => {
      const { conversations, clock } = setUp();
      const first = await conversations.createSession({ ...SESSION, title: 'first' });
      await clock.advance(1_000);
      await conversations.createSession({ ...SESSION, title: 'second' });
      await clock.advance(1_000);
      await conversations.appendMessage(first.id, QUESTION);
      expect((await conversations.listSessions('me')).map((s) => s.title)).toEqual(['first', 'second']);
    });

    it('expires a session 24 hours after its last use and after 7 days at most', async () => {
      const { conversations, clock } = setUp();
      const { id } = await conversations.createSession(SESSION);
      for (let hour = 0; hour < 7 * 24 - 23; hour += 23) {
        await clock.advance(23 * HOUR);
        await conversations.appendMessage(id, QUESTION);
      }
      expect((await conversations.getSession(id, 'me')).expires_at).toBe('2026-03-08T10:00:00.000Z');
      await clock.advance(Date.parse('2026-03-08T10:00:00.000Z') - clock.now().getTime() - 1);
      await conversations.getSession(id, 'me');
      await clock.advance(1);
      await expect(conversations.getSession(id, 'me')).rejects.toMatchObject({ code: 'SESSION_EXPIRED' });
      await expect(conversations.appendMessage(id, QUESTION)).rejects.toMatchObject({ code: 'SESSION_EXPIRED' });
      await expect(conversations.appendMessage(id, ANSWER)).resolves.toBeDefined();
      expect(await conversations.listSessions('me')).toEqual([]);
    });

    it('takes no more questions at 100 messages, but the answer to the last one', async () => {
      const { conversations } = setUp();
      const { id } = await conversations.createSession(SESSION);
      for (let n = 0; n < 50; n += 1) {
        await conversations.appendMessage(id, QUESTION);
        await conversations.appendMessage(id, ANSWER);
      }
      await expect(conversations.appendMessage(id, QUESTION)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
      await expect(conversations.appendMessage(id, ANSWER)).resolves.toBeDefined();
    });

    it('pages backwards from a message', async () => {
      const { conversations } = setUp();
      const { id } = await conversations.createSession(SESSION);
      for (let n = 1; n <= 5; n += 1) await conversations.appendMessage(id, { ...QUESTION, content: `m${n}` });
      const last = await conversations.listMessages(id, 'me', { limit: 2 });
      expect(last.map((m) => m.content)).toEqual(['m4', 'm5']);
      const page = await conversations.listMessages(id, 'me', { limit: 2, before: last[0]?.id ?? '' });
      expect(page.map((m) => m.content)).toEqual(['m2', 'm3']);
      expect(await conversations.listMessages(id, 'me', { limit: 2, before: crypto.randomUUID() })).toEqual([]);
      expect(await conversations.listMessages(id, 'me', { limit: 2, before: 'x' })).toEqual([]);
    });

    it('keeps the order of messages that come at once', async () => {
      const { conversations } = setUp();
      const { id } = await conversations.createSession(SESSION);
      await Promise.all(
        Array.from({ length: 12 }, (_, n) => conversations.appendMessage(id, { ...QUESTION, content: `m${n}` })),
      );
      const messages = await conversations.listMessages(id, 'me', { limit: 100 });
      expect(new Set(messages.map((m) => m.content)).size).toBe(12);
      expect((await conversations.getSession(id, 'me')).message_count).toBe(12);
    });

    it('replaces characters that PostgreSQL cannot hold', async () => {
      const { conversations } = setUp();
      const { id } = await conversations.createSession(SESSION);
      const message = await conversations.appendMessage(id, { ...QUESTION, content: 'a\u0000b\ud800c' });
      expect(message.content).toBe('a\ufffdb\ufffdc');
      expect(await conversations.listMessages(id, 'me', { limit: 1 })).toEqual([message]);
    });

    it('writes one CHAT_MESSAGE for each message, without its content, and nudges the relay', async () => {
      const { conversations, nudges } = setUp();
      const { id } = await conversations.createSession(SESSION);
      const message = await conversations.appendMessage(id, { ...QUESTION, content: 'a private thought' });
      const events = await listEventsAfter(store(), 0, 10);
      expect(events).toHaveLength(1);
      expect(events[0]).toMatchObject({
        event_type: 'CHAT_MESSAGE',
        payload: { session_id: id, message_id: message.id, role: 'USER', user_id: 'me' },
      });
      expect(JSON.stringify(events)).not.toContain('private');
      expect(nudges()).toBe(1);
    });

    it('purges a session a week after it expired, with its messages', async () => {
      const { conversations, clock } = setUp();
      const { id } = await conversations.createSession(SESSION);
      await conversations.appendMessage(id, QUESTION);
      await clock.advance((24 + 7 * 24) * HOUR - 1);
      expect(await conversations.purgeExpired()).toBe(0);
      await clock.advance(1);
      expect(await conversations.purgeExpired()).toBe(1);
      await expect(conversations.getSession(id, 'me')).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
    });
  });
}
