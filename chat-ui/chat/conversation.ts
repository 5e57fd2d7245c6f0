import { type ReadonlySignal, signal } from '@preact/signals';
import type { ChatSession } from '../../backend/model/chat.ts';
import type { ApiClient } from '../api/client.ts';
import { createSession, fetchMessages, fetchSession } from '../api/endpoints.ts';
import { ApiFailure, asFailure } from '../api/failure.ts';
import { readEventStream } from '../api/sse.ts';
import { LOADING, type Loadable, ready, refreshFailed } from '../loadable.ts';
import { type Answer, applyStreamEvent, newAnswer, parseStreamEvent, STREAM_LOST, type Turn, turnsOf } from './turn.ts';

/** Longest title that is made of a first question. */
const TITLE_LENGTH = 80;

let begun = 0;

/**
 * One conversation, stored (`id`) or about to be. It goes on while another page is shown. A new one is stored with its
 * first question, so that looking at the page leaves nothing behind.
 */
export interface Conversation {
  /** The same for as long as the page lives, also when a new one becomes a stored one. */
  readonly key: string;
  readonly id: ReadonlySignal<string | undefined>;
  readonly session: ReadonlySignal<Loadable<ChatSession | undefined>>;
  readonly turns: ReadonlySignal<readonly Turn[]>;
  readonly running: ReadonlySignal<boolean>;
  /** What stands in the composer. */
  readonly draft: { value: string };
  /** Names of the clusters a new conversation is about; empty = all. Fixed once it is stored. */
  readonly scope: { value: readonly string[] };
  /** Why the last question was not taken; the question is back in the draft. */
  readonly refusal: ReadonlySignal<ApiFailure | undefined>;
  load(): Promise<void>;
  /** Asks and follows the answer to its end; does nothing while one is running. Never rejects. */
  ask(text: string): Promise<void>;
  /** Ends the stream; the server stops model and tools when the reader goes away. */
  stop(): void;
}

export function createConversation(
  api: ApiClient,
  existingId: string | undefined,
  initialScope: readonly string[],
  onChange: (session: ChatSession | undefined) => void,
): Conversation {
  const id = signal(existingId);
  const key = existingId ?? `new-${(begun += 1)}`;
  const session = signal<Loadable<ChatSession | undefined>>(existingId === undefined ? ready(undefined, 0) : LOADING);
  const turns = signal<readonly Turn[]>([]);
  const running = signal(false);
  const draft = signal('');
  const scope = signal(initialScope);
  const refusal = signal<ApiFailure | undefined>(undefined);
  let abort = new AbortController();
  let asked = 0;

  async function load(): Promise<void> {
    if (id.value === undefined || running.value) return;
    try {
      const [loaded, messages] = await Promise.all([fetchSession(api, id.value), fetchMessages(api, id.value)]);
      if (running.value) return;
      session.value = ready(loaded, api.serverNow());
      scope.value = loaded.cluster_context;
      turns.value = turnsOf(messages);
    } catch (thrown) {
      session.value = refreshFailed(session.value, asFailure(thrown));
    }
  }

  async function stored(question: string): Promise<string> {
    if (id.value !== undefined) return id.value;
    const title = question.length > TITLE_LENGTH ? `${question.slice(0, TITLE_LENGTH - 1)}…` : question;
    const created = await createSession(api, { title, cluster_context: scope.value });
    session.value = ready(created, api.serverNow());
    id.value = created.id;
    onChange(created);
    return created.id;
  }

  function update(key: string, change: (answer: Answer) => Answer): void {
    turns.value = turns.value.map((turn) => (turn.key === key && turn.role === 'ASSISTANT' ? change(turn) : turn));
  }

  async function follow(key: string, question: string, signal: AbortSignal): Promise<void> {
    const sessionId = await stored(question);
    const stream = await api.stream(
      `/chat/sessions/${encodeURIComponent(sessionId)}/stream`,
      { content: question },
      signal,
    );
    await readEventStream(stream, (data) => {
      const event = parseStreamEvent(data);
      if (event) update(key, (answer) => applyStreamEvent(answer, event));
    });
    update(key, (answer) => (answer.status === 'STREAMING' ? failed(answer, LOST) : answer));
  }

  async function ask(text: string): Promise<void> {
    const question = text.trim();
    if (running.value || question === '') return;
    running.value = true;
    refusal.value = undefined;
    draft.value = '';
    abort = new AbortController();
    asked += 1;
    const answerKey = `asked-${asked}`;
    const before = turns.value;
    turns.value = [...before, { role: 'USER', key: `${answerKey}-question`, text: question }, newAnswer(answerKey)];
    try {
      await follow(answerKey, question, abort.signal);
    } catch (thrown) {
      const failure = asFailure(thrown);
      if (abort.signal.aborted) {
        update(answerKey, (answer) => ({ ...answer, status: 'STOPPED' }));
      } else if (failure.status > 0) {
        // Refused before it was taken: nothing was stored, so the question goes back to where it came from.
        turns.value = before;
        refusal.value = failure;
        if (draft.value === '') draft.value = question;
      } else {
        update(answerKey, (answer) => failed(answer, answer.lastEvent > 0 ? LOST : failure));
      }
    } finally {
      running.value = false;
      onChange(undefined);
    }
  }

  return { key, id, session, turns, running, draft, scope, refusal, load, ask, stop: () => abort.abort() };
}

const LOST = new ApiFailure(STREAM_LOST, 'The connection was lost before the answer was complete.');

function failed(answer: Answer, failure: ApiFailure): Answer {
  return {
    ...answer,
    status: 'FAILED',
    error: { code: failure.code, message: failure.message, traceId: failure.traceId },
  };
}
