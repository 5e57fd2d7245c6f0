import { describe, expect, it } from 'vitest';
import type { DomainEvent, EventType } from '../../backend/model/event.ts';
import { createApiClient } from '../api/client.ts';
import { createCredential } from '../api/credential.ts';
import { valueOf } from '../loadable.ts';
import {
  cluster,
  errorResponse,
  fakeFetch,
  json,
  manualClock,
  type SentRequest,
  settled,
  uuid,
  whole,
} from '../test-support.ts';
import { createClusterStore } from './cluster-store.ts';

const A = whole(cluster(1, 'alpha'), { resource_version: 5 });
const EMPTY = { transitions: [], rollups: [] };

function setUp(answer: (request: SentRequest) => Response | Promise<Response> = serve) {
  const clock = manualClock();
  const { fetch, sent } = fakeFetch(answer);
  const api = createApiClient({ fetch, credential: createCredential(undefined), clock });
  return { store: createClusterStore(api, clock, 'alpha'), sent, clock, paths: () => sent.map((r) => r.path) };
}

function serve({ path }: SentRequest): Response {
  return path.includes('/health') ? json(EMPTY) : json(A);
}

function event(event_type: EventType, of = A): DomainEvent {
  return {
    event_id: uuid(9),
    sequence: 1,
    event_type,
    source: 'registry',
    cluster_id: of.id,
    cluster_name: of.name,
    timestamp: '2026-03-01T10:00:00.000Z',
    payload: {},
  };
}

describe('store of one cluster', () => {
  it('fetches the history with the cluster, and again only after a minute or a change of state', async () => {
    const { store, paths, clock } = setUp();
    await store.refresh();
    expect(paths()).toEqual(['/clusters/alpha', `/clusters/${A.id}/health?start=-24h`]);
    await store.refresh();
    expect(paths()).toHaveLength(3);
    store.onEvent(event('CLUSTER_STATUS_CHANGED'));
    clock.advance(300);
    await settled();
    expect(paths()).toHaveLength(5);
    clock.advance(60_000);
    await store.refresh();
    expect(paths()).toHaveLength(7);
  });

  it('does not hear of other clusters, and hears a burst once', async () => {
    const { store, sent, clock } = setUp();
    await store.refresh();
    sent.length = 0;
    store.onEvent(event('CLUSTER_UPDATED', whole(cluster(2, 'beta'))));
    clock.advance(300);
    await settled();
    expect(sent).toEqual([]);
    for (let n = 0; n < 50; n += 1) store.onEvent(event('CLUSTER_UPDATED'));
    clock.advance(300);
    await settled();
    expect(sent).toHaveLength(1);
  });

  it('keeps what a change answered when an older answer comes in after it', async () => {
    let answer: (response: Response) => void = () => undefined;
    const { store } = setUp((request) =>
      request.path.includes('/health') ? json(EMPTY) : new Promise((resolve) => (answer = resolve)),
    );
    const first = store.refresh();
    await settled();
    store.take({ ...A, resource_version: 6, region: 'new' });
    answer(json(A));
    await first;
    expect(valueOf(store.cluster.value)?.region).toBe('new');
  });

  it('says that the cluster is gone, by event or when it is not found any more', async () => {
    const byEvent = setUp();
    await byEvent.store.refresh();
    byEvent.store.onEvent(event('CLUSTER_DELETED'));
    expect(byEvent.store.removed.value).toBe(true);
    let there = true;
    const byAnswer = setUp((request) => (there ? serve(request) : errorResponse(404, 'CLUSTER_NOT_FOUND')));
    await byAnswer.store.refresh();
    there = false;
    await byAnswer.store.refresh();
    expect(byAnswer.store.removed.value).toBe(true);
    const never = setUp(() => errorResponse(404, 'CLUSTER_NOT_FOUND'));
    await never.store.refresh();
    expect([never.store.removed.value, never.store.cluster.value.status]).toEqual([false, 'failed']);
  });

  it('keeps the cluster when only its history cannot be read, and asks again', async () => {
    let broken = true;
    const { store } = setUp((request) =>
      request.path.includes('/health') && broken ? errorResponse(503, 'STORE_UNAVAILABLE') : serve(request),
    );
    await store.refresh();
    expect([store.cluster.value.status, store.history.value.status]).toEqual(['ready', 'failed']);
    broken = false;
    await store.refresh();
    expect(store.history.value.status).toBe('ready');
  });

  it('shows no history of another range while the one that is asked for is on its way', async () => {
    const { store, paths } = setUp();
    await store.refresh();
    store.setHistoryHours(168);
    expect(store.history.value.status).toBe('loading');
    await settled();
    expect([store.history.value.status, paths().at(-1)]).toEqual(['ready', `/clusters/${A.id}/health?start=-168h`]);
  });
});
