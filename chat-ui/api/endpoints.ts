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

/** Pages asked for at once: enough to hide the way there and back, few enough to leave the server to others. */
const PAGES_AT_ONCE = 4;

/**
 * Every cluster in the caller's scope, each once, in the order the server lists them (by name). `onProgress` hears after each
 * page how many of how many are there.
 */
export async function fetchClusters(
  api: ApiClient,
  onProgress: (loaded: number, total: number) => void = () => undefined,
): Promise<ListedCluster[]> {
  const pages: ListedCluster[][] = [];
  let loaded = 0;
  const fetchPage = async (number: number) => {
    const page = await api.get<Page<ListedCluster>>(`/clusters?page=${number}&page_size=${PAGE_SIZE}`);
    pages[number - 1] = page.items;
    loaded += page.items.length;
    onProgress(loaded, page.total);
    return page;
  };
  const { total_pages: last } = await fetchPage(1);
  let next = 2;
  const worker = async () => {
    try {
      while (next <= last) await fetchPage(next++);
    } finally {
      next = last + 1; // done, or one page failed: the rest need not be asked for
    }
  };
  await Promise.all(Array.from({ length: PAGES_AT_ONCE }, worker));
  // A cluster added between two pages shifts the rest by one; the id keeps it from being shown twice.
  return [...new Map(pages.flat().map((cluster) => [cluster.id, cluster])).values()];
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
