import { useLocation } from 'preact-iso';
import { useEffect, useMemo } from 'preact/hooks';
import { ChatLog } from '../chat/ChatLog.tsx';
import { Composer } from '../chat/Composer.tsx';
import type { Conversation } from '../chat/conversation.ts';
import { ScopePicker, scopeText } from '../chat/ScopePicker.tsx';
import { SessionList, sessionUrl } from '../chat/SessionList.tsx';
import { FailureFacts, FailureView, StateView } from '../components/StateView.tsx';
import { Shape } from '../components/Status.tsx';
import { useServices } from '../services.ts';

/** Questions that the offline analyst answers too, so that they work on every installation. */
const FIRST_QUESTIONS = ['Which clusters are unhealthy?', 'What is firing?', 'Top memory consumers in the last hour?'];

/** The question that another page has prepared for a conversation that is not begun. */
const lastPrepared = new WeakMap<Conversation, string>();

/** One conversation; which one is in the URL (`session`), as are the scope (`clusters`) and the question (`ask`) a new one begins with. */
export function ChatPage() {
  const { chat } = useServices();
  const { query, route } = useLocation();
  const id = query.session === '' ? undefined : query.session;
  const clusters = query.clusters ?? '';
  const conversation = useMemo(() => chat.open(id, clusters.split(',').filter(Boolean)), [id, clusters]);
  const storedId = conversation.id.value;
  const prepared = id === undefined ? (query.ask ?? '') : '';

  // Only written, never sent: the person reads it first. What the person wrote stays.
  useEffect(() => {
    const { draft } = conversation;
    if (prepared === '' || (draft.value !== '' && draft.value !== lastPrepared.get(conversation))) return;
    lastPrepared.set(conversation, prepared);
    draft.value = prepared;
  }, [conversation, prepared]);
  useEffect(() => void chat.refresh(), [chat]);
  // The first question gave the conversation its id: the address names it from now on.
  useEffect(() => {
    if (id === undefined && storedId !== undefined) route(sessionUrl(storedId), true);
  }, [id, storedId]);

  return (
    <div class="chat">
      <aside class="chat-aside">
        <SessionList current={storedId} />
      </aside>
      <details class="chat-switch">
        <summary class="button">Conversations</summary>
        <SessionList current={storedId} />
      </details>
      <ConversationView conversation={conversation} />
    </div>
  );
}

function ConversationView({ conversation }: { conversation: Conversation }) {
  const session = conversation.session.value;
  const turns = conversation.turns.value;
  const stored = session.status === 'ready' ? session.value : undefined;
  const last = turns.findLast((turn) => turn.role === 'ASSISTANT');
  const state = conversationState(conversation);
  return (
    <section class="conversation" data-state={state} aria-label="Conversation">
      <header class="chat-head">
        <h1 tabIndex={-1} class="foreign">
          {stored?.title ?? 'Chat'}
        </h1>
        <span class="persona">
          <span class="muted">Persona</span> {stored?.persona_id ?? 'default'}
        </span>
        <ScopePicker conversation={conversation} />
      </header>
      {last?.role === 'ASSISTANT' && last.offline && <OfflineBanner />}
      {state === 'error' || state === 'denied' ? (
        <Unavailable conversation={conversation} />
      ) : (
        <>
          <ChatLog key={conversation.key} turns={turns} onReload={() => void conversation.load()}>
            {state === 'loading' && <StateView title="Loading the conversation…" live />}
            {state === 'empty' && <Welcome conversation={conversation} />}
          </ChatLog>
          <Refusal conversation={conversation} />
          <Composer conversation={conversation} />
        </>
      )}
    </section>
  );
}

function conversationState({ session, turns, running }: Conversation): string {
  if (session.value.status === 'loading') return 'loading';
  if (session.value.status === 'failed') return session.value.failure.denied ? 'denied' : 'error';
  if (turns.value.length === 0) return 'empty';
  return running.value ? 'running' : 'ready';
}

function OfflineBanner() {
  return (
    <p class="offline-banner" role="note">
      <Shape tone="ai" />
      <span>
        <b>Offline analyst.</b> No language model is in use: answers follow fixed playbooks, and every number in them is
        a cited reading.
      </span>
    </p>
  );
}

function Welcome({ conversation }: { conversation: Conversation }) {
  return (
    <div class="welcome">
      <h2>Ask about your fleet</h2>
      <p class="muted">
        Questions are about: {scopeText(conversation.scope.value)}. Answers come from live readings, and each cites the
        calls it rests on.
      </p>
      <ul class="suggestions">
        {FIRST_QUESTIONS.map((question) => (
          <li key={question}>
            <button type="button" class="suggestion" onClick={() => void conversation.ask(question)}>
              {question}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Refusal({ conversation }: { conversation: Conversation }) {
  const failure = conversation.refusal.value;
  if (!failure) return null;
  return (
    <div class="refusal" role="alert">
      <Shape tone="warning" />
      <span>
        {failure.denied && failure.permission !== undefined
          ? `Asking needs the permission ${failure.permission}. `
          : 'The question was not taken. '}
        {failure.message} <FailureFacts failure={failure} />
      </span>
    </div>
  );
}

function Unavailable({ conversation }: { conversation: Conversation }) {
  const session = conversation.session.value;
  if (session.status !== 'failed') return null;
  const { failure } = session;
  if (failure.status !== 404 && failure.status !== 410) {
    return <FailureView what="this conversation" failure={failure} onRetry={() => void conversation.load()} />;
  }
  return (
    <StateView
      tone="unknown"
      title={failure.status === 410 ? 'This conversation has expired.' : 'There is no such conversation.'}
    >
      <p>{failure.message}</p>
      <p>
        <FailureFacts failure={failure} />
      </p>
      <a class="button" href="/chat">
        Begin a new one
      </a>
    </StateView>
  );
}
