import { describe, expect, it, vi } from 'vitest';
import type { DomainEvent } from '../../backend/model/event.ts';
import { createApiClient } from '../api/client.ts';
import { createCredential } from '../api/credential.ts';
import { valueOf } from '../loadable.ts';
import {
  alertsAnswer,
  cluster,
  errorResponse,
  fakeFetch,
  json,
  manualClock,
  page,
  settled,
  type SentRequest,
  uuid,
} from '../test-support.ts';
import { createFleetStore } from './fleet-store.ts';

const A = cluster(1, 'alpha');
const B = cluster(2, 'beta');

function setUp(answer?: (request: SentRequest) => Response | Promise<Response>) {
  const clock = manualClock();
  const { fetch, sent } = fakeFetch(
    answer ?? (({ path }) => (path.startsWith('/clusters') ? page([A, B]) : json(alertsAnswer([A, B], [])))),
  );
  const store = createFleetStore(createApiClient({ fetch, credential: createCredential(undefined), clock }), clock);
  return { store, sent, clock, names: () => valueOf(store.clusters.value)?.map((c) => `${c.name} ${c.status.state}`) };
}

function event(
  event_type: DomainEvent['event_type'],
  of: typeof A,
  payload: Record<string, unknown> = {},
): DomainEvent {
  return {
    event_id: uuid(9),
    sequence: 1,
    event_type,
    source: 'health',
    cluster_id: of.id,
    cluster_name: of.name,
    timestamp: '2026-03-01T10:00:01.000Z',
    payload,
  };
}

describe('fleet store', () => {
  it('shows a change of state at once and fetches what the event does not tell', async () => {
    const { store, sent, clock, names } = setUp();
    await store.refresh();
    sent.length = 0;
    store.onEvent(
      event('CLUSTER_STATUS_CHANGED', A, {
        old_state: 'ONLINE',
        new_state: 'OFFLINE',
        health_score: 50,
        reason: 'API server down',
      }),
    );
    expect(names()).toEqual(['alpha OFFLINE', 'beta ONLINE']);
    expect(valueOf(store.clusters.value)?.[0]?.status).toMatchObject({
      health_score: 50,
      last_error: 'API server down',
    });
    expect(store.announcement.value).toBe('alpha is now offline.');
    clock.advance(400);
    await settled();
    expect(sent.map((r) => r.path)).toContain('/clusters?page=1&page_size=100');
  });

  it('takes a removed cluster away at once', async () => {
    const { store, names } = setUp();
    await store.refresh();
    store.onEvent(event('CLUSTER_DELETED', A));
    expect(names()).toEqual(['beta ONLINE']);
  });

  it('answers a burst of events with one fetch', async () => {
    const { store, sent, clock } = setUp();
    await store.refresh();
    sent.length = 0;
    for (let n = 0; n < 200; n += 1)
      store.onEvent(event('CLUSTER_STATUS_CHANGED', A, { new_state: 'DEGRADED', health_score: 80 }));
    clock.advance(400);
    await settled();
    expect(sent).toHaveLength(2);
  });

  it('keeps what it has when a refresh fails, and never turns a failure into an empty list', async () => {
    let broken = false;
    const { store, names } = setUp(({ path }) => {
      if (broken) return errorResponse(503, 'STORE_UNAVAILABLE');
      return path.startsWith('/clusters') ? page([A]) : json(alertsAnswer([A], []));
    });
    await store.refresh();
    broken = true;
    await store.refresh();
    expect(names()).toEqual(['alpha ONLINE']);
    expect(store.clusters.value).toMatchObject({ status: 'ready', failure: { code: 'STORE_UNAVAILABLE' } });
    const never = setUp(() => errorResponse(503, 'STORE_UNAVAILABLE'));
    await never.store.refresh();
    expect(never.store.clusters.value.status).toBe('failed');
  });

  it('asks once more when something changes while it fetches, not once for every change', async () => {
    let fetches = 0;
    const { store } = setUp(async ({ path }) => {
      if (!path.startsWith('/clusters')) return json(alertsAnswer([A], []));
      fetches += 1;
      await settled();
      return page([A]);
    });
    await Promise.all([store.refresh(), store.refresh(), store.refresh(), store.refresh()]);
    expect(fetches).toBe(2);
  });

  it('tells how far it has come, and asks of a large fleet less often than it takes', async () => {
    const progress: unknown[] = [];
    const { store, sent, clock } = setUp(({ path }) => {
      if (!path.startsWith('/clusters')) return json(alertsAnswer([A], []));
      clock.advance(2000);
      const number = Number(/page=(\d+)/.exec(path)?.[1]);
      const items = Array.from({ length: 100 }, (_, n) => cluster(number * 100 + n, `c-${number}-${n}`));
      return json({ items, total: 300, page: number, page_size: 100, total_pages: 3 });
    });
    store.progress.subscribe((value) => progress.push(value?.loaded));
    const stop = store.poll(() => true);
    await vi.waitFor(() => expect(store.clusters.value.status).toBe('ready'));
    await settled();
    expect(progress).toEqual([undefined, 100, 200, 300, undefined]);
    expect(valueOf(store.clusters.value)).toHaveLength(300);
    const lists = () => sent.filter((r) => r.path.startsWith('/clusters')).length;
    clock.advance(15_000);
    await settled();
    expect(lists()).toBe(3);
    clock.advance(15_000);
    await settled();
    expect(lists()).toBeGreaterThan(3);
    stop();
  });

  it('does not let the list wait for alerts that take long', async () => {
    let answer: (response: Response) => void = () => undefined;
    const { store, names } = setUp(({ path }) =>
      path.startsWith('/clusters') ? page([A]) : new Promise((resolve) => (answer = resolve)),
    );
    const both = store.refresh();
    await vi.waitFor(() => expect(names()).toEqual(['alpha ONLINE']));
    expect(store.alerts.value.status).toBe('loading');
    void store.refresh();
    await settled();
    expect(store.clusters.value.status).toBe('ready');
    answer(json(alertsAnswer([A], [])));
    await settled();
    answer(json(alertsAnswer([A], [])));
    await both;
  });

  it('polls only while the page is visible', async () => {
    const { store, sent, clock } = setUp();
    let visible = true;
    const stop = store.poll(() => visible);
    await settled();
    expect(sent).toHaveLength(2);
    clock.advance(15_000);
    await settled();
    expect(sent).toHaveLength(4);
    visible = false;
    clock.advance(60_000);
    await settled();
    expect(sent).toHaveLength(4);
    visible = true;
    stop();
    clock.advance(60_000);
    expect(sent).toHaveLength(4);
  });
});
