import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { EventType } from '../../backend/model/event.ts';
import { every } from '../clock.ts';
import { createFetchLoop } from '../fleet/fetch-loop.ts';
import { createQueryRun, type RunState } from '../observability/query-run.ts';
import { useServices } from '../services.ts';

/** Exporters are scraped every 15 to 30 s, so asking more often shows nothing new. */
const POLL_MS = 15_000;
/** Rest after a fetch: so many times what it took, and never less than the server keeps an answer. */
const REST = 4;
const SHORTEST_REST_MS = 5000;
const LONGEST_REST_MS = 60_000;

export interface LiveAnswer<T> {
  readonly state: RunState<T>;
  readonly ask: () => void;
}

/**
 * The answer of a GET that is asked again while somebody looks: every 15 s, soon after an event of `types`, and when the socket
 * is back. `path` undefined = nothing is asked.
 */
export function useLiveAnswer<T>(path: string | undefined, types: readonly EventType[] = []): LiveAnswer<T> {
  const { api, clock, events, live } = useServices();
  const run = useMemo(() => createQueryRun<T>(api.serverNow), [api]);
  const asking = useMemo(() => {
    let closed = false;
    const loop = createFetchLoop({
      clock,
      fetchOnce: async () => {
        if (path !== undefined && !closed) await run.ask(path, (signal) => api.get<T>(path, signal));
      },
      restAfter: (tookMs) => Math.min(LONGEST_REST_MS, Math.max(SHORTEST_REST_MS, REST * tookMs)),
    });
    return { loop, close: () => (closed = true) };
  }, [api, clock, run, path]);
  const { loop } = asking;
  const wanted = types.join(' ');
  useEffect(() => {
    if (path === undefined) run.clear();
    else void loop.now();
    const visible = () => document.visibilityState === 'visible';
    const stopPolling = every(clock, POLL_MS, () => visible() && loop.whenRested());
    const stopListening = events.subscribe(({ event_type }) => {
      if (wanted.split(' ').includes(event_type) && visible()) loop.soon();
    });
    return () => {
      stopPolling();
      stopListening();
      asking.close();
      run.cancel();
    };
  }, [asking, wanted]);

  // What happened while the socket was lost was told to nobody.
  const state = live.state.value;
  const wasLive = useRef(state === 'live');
  useEffect(() => {
    if (state === 'live' && !wasLive.current && path !== undefined) void loop.now();
    wasLive.current = state === 'live';
  }, [state]);

  return { state: run.state.value, ask: () => void loop.now() };
}

/** The state of a page as `data-state`; each is visible in its own way. `shown` of `count` things pass the filters. */
export function pageState<T extends object>(
  state: RunState<T>,
  count: (answer: T) => number,
  shown: (answer: T) => number = count,
): string {
  if (state.status === 'failed') return state.failure.denied ? 'denied' : 'error';
  if (state.status !== 'ready') return state.status;
  if (state.failure) return 'stale';
  if (count(state.value) > 0 && shown(state.value) === 0) return 'filtered-empty';
  const { complete }: { readonly complete?: boolean } = state.value;
  if (complete === false) return 'partial';
  return count(state.value) === 0 ? 'empty' : 'ready';
}
