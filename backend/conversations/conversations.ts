import { randomUUID } from 'node:crypto';
import { and, desc, eq, gt, lt, lte, sql } from 'drizzle-orm';
import type { ChatMessage, ChatSession } from '../model/chat.ts';
import { ToolCall, ToolResult } from '../model/chat.ts';
import { AppError } from '../model/errors.ts';
import type { Clock } from '../platform/clock.ts';
import { appendEvent } from '../platform/outbox.ts';
import { chatMessages, chatSessions } from '../platform/store/schema.ts';
import type { Store } from '../platform/store/store.ts';
import { isUuid } from '../platform/uuid.ts';

const IDLE_MS = 24 * 3_600_000;
const LIFE_MS = 7 * 24 * 3_600_000;
/** How long an expired session is kept, so that its owner hears SESSION_EXPIRED and not that it never was. */
const GRACE_MS = 7 * 24 * 3_600_000;
const MAX_MESSAGES = 100;

export type NewMessage = Omit<ChatMessage, 'id' | 'created_at' | 'session_id'> & { readonly id?: string };

/**
 * Chat sessions and their messages. A session lives for 24 hours after its last message and for 7 days at most. Whose a
 * session is stands in every statement: to anybody else it does not exist (SESSION_NOT_FOUND).
 */
export interface Conversations {
  createSession(
    input: Pick<ChatSession, 'user_id' | 'title' | 'persona_id' | 'cluster_context' | 'model'>,
  ): Promise<ChatSession>;
  /** Those that have not expired, last used first. */
  listSessions(userId: string): Promise<ChatSession[]>;
  /** Throws SESSION_NOT_FOUND, SESSION_EXPIRED. */
  getSession(id: string, userId: string): Promise<ChatSession>;
  /** Messages go with it. Throws SESSION_NOT_FOUND. */
  deleteSession(id: string, userId: string): Promise<void>;
  /**
   * Adds a message at the end and writes CHAT_MESSAGE. A question (role USER) is refused in an expired session
   * (SESSION_EXPIRED) and in one that holds 100 messages (VALIDATION_FAILED); the answer to a question that was let in is
   * always stored. The caller has looked up the session for its user before.
   */
  appendMessage(sessionId: string, message: NewMessage): Promise<ChatMessage>;
  /**
   * The last `limit` messages, oldest of them first; with `before` (a message id) the last ones before that message. An
   * unknown `before` gives none. Throws SESSION_NOT_FOUND, SESSION_EXPIRED.
   */
  listMessages(sessionId: string, userId: string, page: { limit: number; before?: string }): Promise<ChatMessage[]>;
  /** Deletes sessions that expired a week ago or earlier; returns how many. */
  purgeExpired(): Promise<number>;
}

/** `nudge` wakes the outbox relay after a commit. */
/** A session that nobody named gets its first question as title. */
export const UNTITLED = 'New chat';
const TITLE_CHARS = 80;

function titleFrom(question: string): string {
  const line = question.trim().split('\n')[0]?.trim() ?? '';
  return line === '' ? UNTITLED : line.length > TITLE_CHARS ? `${line.slice(0, TITLE_CHARS - 1)}…` : line;
}

export function createConversations(parts: { store: Store; clock: Clock; nudge: () => void }): Conversations {
  const { store, clock, nudge } = parts;

  async function getSession(id: string, userId: string): Promise<ChatSession> {
    const [row] = isUuid(id)
      ? await store.query((db) =>
          db
            .select()
            .from(chatSessions)
            .where(and(eq(chatSessions.id, id), eq(chatSessions.user_id, userId))),
        )
      : [];
    if (!row) throw notFound();
    if (row.expires_at <= clock.now()) throw expired(row.expires_at);
    return toSession(row);
  }

  return {
    getSession,

    createSession: async (input) => {
      const now = clock.now();
      const row = {
        ...input,
        id: randomUUID(),
        title: storable(input.title),
        message_count: 0,
        created_at: now,
        updated_at: now,
        expires_at: expiryOf(now, now),
      };
      await store.query((db) => db.insert(chatSessions).values(row));
      return toSession(row);
    },

    listSessions: async (userId) => {
      const rows = await store.query((db) =>
        db
          .select()
          .from(chatSessions)
          .where(and(eq(chatSessions.user_id, userId), gt(chatSessions.expires_at, clock.now())))
          .orderBy(desc(chatSessions.updated_at), desc(chatSessions.id)),
      );
      return rows.map(toSession);
    },

    deleteSession: async (id, userId) => {
      const gone = isUuid(id)
        ? await store.query((db) =>
            db
              .delete(chatSessions)
              .where(and(eq(chatSessions.id, id), eq(chatSessions.user_id, userId)))
              .returning({ id: chatSessions.id }),
          )
        : [];
      if (gone.length === 0) throw notFound();
    },

    appendMessage: async (sessionId, message) => {
      if (!isUuid(sessionId)) throw notFound();
      const stored = await store.transaction(async (tx) => {
        // The row lock makes the positions of two messages that come at once different ones.
        const [session] = await tx.select().from(chatSessions).where(eq(chatSessions.id, sessionId)).for('update');
        if (!session) throw notFound();
        const now = clock.now();
        if (message.role === 'USER') requireRoom(session, now);

        const position = session.message_count + 1;
        const row = {
          ...message,
          id: message.id ?? randomUUID(),
          content: storable(message.content),
          session_id: sessionId,
          position,
          created_at: now,
        };
        await tx.insert(chatMessages).values(row);
        await tx
          .update(chatSessions)
          .set({
            message_count: position,
            updated_at: now,
            ...(position === 1 && session.title === UNTITLED ? { title: titleFrom(row.content) } : {}),
            expires_at: expiryOf(session.created_at, now),
          })
          .where(eq(chatSessions.id, sessionId));
        // No content: listeners are told that there is something, and its owner may fetch it.
        const payload = { session_id: sessionId, message_id: row.id, role: row.role, user_id: session.user_id };
        await appendEvent(tx, { event_type: 'CHAT_MESSAGE', source: 'conversations', payload }, now);
        return toMessage(row);
      });
      nudge();
      return stored;
    },

    listMessages: async (sessionId, userId, { limit, before }) => {
      await getSession(sessionId, userId);
      if (before !== undefined && !isUuid(before)) return [];
      const rows = await store.query((db) => {
        const ofSession = eq(chatMessages.session_id, sessionId);
        const position = db
          .select({ position: chatMessages.position })
          .from(chatMessages)
          .where(and(ofSession, eq(chatMessages.id, before ?? sessionId)));
        return db
          .select()
          .from(chatMessages)
          .where(and(ofSession, before === undefined ? undefined : lt(chatMessages.position, sql`(${position})`)))
          .orderBy(desc(chatMessages.position))
          .limit(limit);
      });
      return rows.toReversed().map(toMessage);
    },

    purgeExpired: async () => {
      const before = new Date(clock.now().getTime() - GRACE_MS);
      const gone = await store.query((db) =>
        db.delete(chatSessions).where(lte(chatSessions.expires_at, before)).returning({ id: chatSessions.id }),
      );
      return gone.length;
    },
  };
}

function expiryOf(created: Date, used: Date): Date {
  return new Date(Math.min(used.getTime() + IDLE_MS, created.getTime() + LIFE_MS));
}

function requireRoom(session: typeof chatSessions.$inferSelect, now: Date): void {
  if (session.expires_at <= now) throw expired(session.expires_at);
  if (session.message_count < MAX_MESSAGES) return;
  throw new AppError(
    'VALIDATION_FAILED',
    `This chat session holds ${MAX_MESSAGES} messages, which is the most it can.`,
    {
      hint: 'Start a new session.',
    },
  );
}

/** PostgreSQL has no NUL in text; models and terminals do send one now and then. Half surrogate pairs are not UTF-8 either. */
function storable(text: string): string {
  return text.replaceAll('\u0000', '\ufffd').toWellFormed();
}

function notFound(): AppError {
  return new AppError('SESSION_NOT_FOUND', 'No chat session of that id belongs to you.', {
    hint: 'List your sessions to see their ids.',
  });
}

function expired(at: Date): AppError {
  return new AppError('SESSION_EXPIRED', `The chat session expired at ${at.toISOString()}.`, {
    hint: 'Start a new session.',
  });
}

function toSession(row: typeof chatSessions.$inferSelect): ChatSession {
  return {
    ...row,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    expires_at: row.expires_at.toISOString(),
  };
}

function toMessage({ position: _position, ...row }: typeof chatMessages.$inferSelect): ChatMessage {
  return {
    ...row,
    tool_calls: ToolCall.array().parse(row.tool_calls),
    tool_results: ToolResult.array().parse(row.tool_results),
    created_at: row.created_at.toISOString(),
  };
}
