import type { AlertsAnswer } from '../../backend/model/alert.ts';
import type { ChatMessage, ChatSession } from '../../backend/model/chat.ts';
import type { ListedCluster } from '../../backend/model/cluster.ts';
import type { ApiClient } from './client.ts';

interface Page<T> {
  readonly items: T[];
  readonly total: number;
  readonly total_pages: number;
}

const PAGE_SIZE = 100;

/** Every cluster in the caller's scope, each once, in the order the server lists them (by name). */
export async function fetchClusters(api: ApiClient, signal?: AbortSignal): Promise<ListedCluster[]> {
  const page = (number: number) =>
    api.get<Page<ListedCluster>>(`/clusters?page=${number}&page_size=${PAGE_SIZE}`, signal);
  const first = await page(1);
  const others = await Promise.all(Array.from({ length: Math.max(0, first.total_pages - 1) }, (_, i) => page(i + 2)));
  // A cluster added between two pages shifts the rest by one; the id keeps it from being shown twice.
  const byId = new Map([first, ...others].flatMap((p) => p.items).map((cluster) => [cluster.id, cluster]));
  return [...byId.values()];
}

/** Firing alerts of all clusters in scope, worst first; `total` may be more than the list holds. */
export function fetchFiringAlerts(api: ApiClient, signal?: AbortSignal): Promise<AlertsAnswer> {
  return api.get<AlertsAnswer>('/alerts?state=FIRING&limit=500', signal);
}

/** The caller's own conversations, last used first. */
export async function fetchSessions(api: ApiClient): Promise<ChatSession[]> {
  const { items } = await api.get<{ items: ChatSession[] }>('/chat/sessions');
  return items;
}

export function fetchSession(api: ApiClient, id: string): Promise<ChatSession> {
  return api.get<ChatSession>(`/chat/sessions/${encodeURIComponent(id)}`);
}

/** All messages of a conversation, oldest first. A conversation ends at about 100, so this is two requests at most. */
export async function fetchMessages(api: ApiClient, id: string): Promise<ChatMessage[]> {
  const messages: ChatMessage[] = [];
  for (;;) {
    const before = messages[0] === undefined ? '' : `&before=${messages[0].id}`;
    const page = await api.get<{ items: ChatMessage[]; has_more: boolean }>(
      `/chat/sessions/${encodeURIComponent(id)}/messages?limit=100${before}`,
    );
    messages.unshift(...page.items);
    if (!page.has_more || page.items.length === 0) return messages;
  }
}

export function createSession(
  api: ApiClient,
  body: { title: string; cluster_context: readonly string[] },
): Promise<ChatSession> {
  return api.post<ChatSession>('/chat/sessions', body);
}

export function deleteSession(api: ApiClient, id: string): Promise<void> {
  return api.remove(`/chat/sessions/${encodeURIComponent(id)}`);
}
