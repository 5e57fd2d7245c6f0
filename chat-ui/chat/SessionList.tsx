import { useLocation } from 'preact-iso';
import { useState } from 'preact/hooks';
import type { ChatSession } from '../../backend/model/chat.ts';
import { asFailure } from '../api/failure.ts';
import { Age } from '../components/Age.tsx';
import { Icon } from '../components/Icon.tsx';
import { FailureFacts, Retry } from '../components/StateView.tsx';
import { useServices } from '../services.ts';
import { Dialog } from '../shell/Dialog.tsx';

export function sessionUrl(id: string): string {
  return `/chat?session=${encodeURIComponent(id)}`;
}

/** The caller's conversations, last used first. */
export function SessionList({ current }: { current: string | undefined }) {
  const { chat } = useServices();
  const sessions = chat.sessions.value;
  return (
    <nav class="sessions" aria-label="Conversations">
      <a class="button new-chat" href="/chat" aria-current={current === undefined ? 'page' : undefined}>
        <Icon name="plus" />
        New conversation
      </a>
      {sessions.status === 'loading' && (
        <p class="muted" role="status">
          Loading…
        </p>
      )}
      {sessions.status === 'failed' && (
        <div class="sessions-failed" role="status">
          <p>Could not load conversations. {sessions.failure.message}</p>
          <p>
            <FailureFacts failure={sessions.failure} />
          </p>
          <Retry onRetry={() => void chat.refresh()} />
        </div>
      )}
      {sessions.status === 'ready' && sessions.value.length === 0 && <p class="muted">No conversation yet.</p>}
      {sessions.status === 'ready' && (
        <ul>
          {sessions.value.map((session) => (
            <SessionItem key={session.id} session={session} active={session.id === current} />
          ))}
        </ul>
      )}
    </nav>
  );
}

function SessionItem({ session, active }: { session: ChatSession; active: boolean }) {
  const [asking, setAsking] = useState(false);
  return (
    <li class={active ? 'session active' : 'session'}>
      <a href={sessionUrl(session.id)} aria-current={active ? 'page' : undefined}>
        <span class="session-title foreign">{session.title}</span>
        <span class="muted">
          <Age at={session.updated_at} />
        </span>
      </a>
      <button
        type="button"
        class="button quiet icon-only"
        aria-label={`Delete ${session.title}`}
        onClick={() => setAsking(true)}
      >
        <Icon name="trash" />
      </button>
      {asking && <DeleteDialog session={session} active={active} onClose={() => setAsking(false)} />}
    </li>
  );
}

function DeleteDialog({ session, active, onClose }: { session: ChatSession; active: boolean; onClose: () => void }) {
  const { chat } = useServices();
  const { route } = useLocation();
  const [problem, setProblem] = useState('');
  async function remove(): Promise<void> {
    try {
      await chat.remove(session.id);
      if (active) route('/chat', true);
      onClose();
    } catch (thrown) {
      setProblem(asFailure(thrown).message);
    }
  }
  return (
    <Dialog title="Delete this conversation?" onClose={onClose}>
      <p>
        “<span class="foreign">{session.title}</span>” and its {session.message_count} messages are deleted for good.
      </p>
      <p class="field-problem" role="alert">
        {problem}
      </p>
      <p class="dialog-actions">
        <button type="button" class="button" onClick={onClose}>
          Keep it
        </button>
        <button type="button" class="button danger" onClick={() => void remove()}>
          Delete
        </button>
      </p>
    </Dialog>
  );
}
