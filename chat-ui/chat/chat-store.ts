import { type ReadonlySignal, signal } from '@preact/signals';
import type { ChatSession } from '../../backend/model/chat.ts';
import type { ApiClient } from '../api/client.ts';
import { deleteSession, fetchSessions } from '../api/endpoints.ts';
import { asFailure } from '../api/failure.ts';
import { LOADING, type Loadable, ready, refreshFailed } from '../loadable.ts';
import { type Conversation, createConversation } from './conversation.ts';

/** The caller's conversations. Each that was opened stays, so that leaving the page stops no answer. */
export interface ChatStore {
  readonly sessions: ReadonlySignal<Loadable<ChatSession[]>>;
  refresh(): Promise<void>;
  /** The conversation of that id, loading it the first time; without an id, the one that is about to begin. */
  open(id: string | undefined, scope: readonly string[]): Conversation;
  /** Throws {@link ApiFailure}. */
  remove(id: string): Promise<void>;
  /** Loads again what a 401 kept from loading. */
  reloadOpen(): void;
}

export function createChatStore(api: ApiClient): ChatStore {
  const sessions = signal<Loadable<ChatSession[]>>(LOADING);
  const open = new Map<string, Conversation>();
  let beginning: Conversation | undefined;

  async function refresh(): Promise<void> {
    try {
      sessions.value = ready(await fetchSessions(api), api.serverNow());
    } catch (thrown) {
      sessions.value = refreshFailed(sessions.value, asFailure(thrown));
    }
  }

  function begin(scope: readonly string[]): Conversation {
    const conversation = createConversation(api, undefined, scope, (created) => {
      if (created) {
        open.set(created.id, conversation);
        if (beginning === conversation) beginning = undefined;
      }
      void refresh();
    });
    return conversation;
  }

  return {
    sessions,
    refresh,
    open: (id, scope) => {
      if (id === undefined) {
        beginning ??= begin(scope);
        if (scope.length > 0) beginning.scope.value = scope;
        return beginning;
      }
      let conversation = open.get(id);
      if (!conversation) {
        conversation = createConversation(api, id, [], () => void refresh());
        open.set(id, conversation);
        void conversation.load();
      }
      return conversation;
    },
    remove: async (id) => {
      open.get(id)?.stop();
      await deleteSession(api, id);
      open.delete(id);
      await refresh();
    },
    reloadOpen: () => {
      for (const conversation of open.values()) {
        if (conversation.session.value.status === 'failed') void conversation.load();
      }
    },
  };
}
