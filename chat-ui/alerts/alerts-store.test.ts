import { describe, expect, it } from 'vitest';
import type { Alert } from '../../backend/model/alert.ts';
import type { DomainEvent } from '../../backend/model/event.ts';
import { createApiClient } from '../api/client.ts';
import { createCredential } from '../api/credential.ts';
import { valueOf } from '../loadable.ts';
import {
  alert,
  alertsAnswer,
  cluster,
  errorResponse,
  fakeFetch,
  json,
  manualClock,
  type SentRequest,
  settled,
  uuid,
} from '../test-support.ts';
import { createAlertsStore } from './alerts-store.ts';

const A = cluster(1, 'alpha');
const named = (name: string) => alert(A, name, { fingerprint: `f-${name}` });
let sequence = 0;

function event(event_type: 'ALERT_FIRED' | 'ALERT_RESOLVED', name: string): DomainEvent {
  return {
    event_id: uuid((sequence += 1)),
    sequence,
    event_type,
    source: 'alerts',
    cluster_id: A.id,
    cluster_name: A.name,
    timestamp: '2026-03-01T10:00:00.000Z',
    payload: {
      episode_id: uuid(7),
      fingerprint: `f-${name}`,
      alertname: name,
      severity: 'WARNING',
      starts_at: '2026-03-01T10:00:00.000Z',
      silenced: false,
      inhibited: false,
      flapping: false,
      sources: ['PROMETHEUS'],
    },
  };
}

function setup(answer: (request: SentRequest) => Response) {
  const clock = manualClock();
  const { fetch, sent } = fakeFetch(answer);
  const api = createApiClient({ fetch, credential: createCredential(undefined), clock });
  let held = false;
  const store = createAlertsStore({ api, clock, isHeld: () => held });
  const names = () =>
    valueOf(store.shown.value)?.alerts.map((a) => (a.state === 'RESOLVED' ? `(${a.alertname})` : a.alertname));
  return {
    clock,
    sent,
    store,
    names,
    hold: (value: boolean) => (held = value),
    waiting: () => valueOf(store.shown.value)?.waiting,
  };
}

describe('the list of alerts', () => {
  it('reads page after page, each alert once', async () => {
    const pages: Record<string, { alerts: Alert[]; next?: string }> = {
      '': { alerts: [named('a'), named('b')], next: 'c1' },
      c1: { alerts: [named('b'), named('c')] },
    };
    const { store, sent, names } = setup(({ path }) => {
      const { alerts = [], next } = pages[new URL(path, 'http://x').searchParams.get('cursor') ?? ''] ?? {};
      return json(alertsAnswer([A], alerts, { total: 3, ...(next === undefined ? {} : { next_cursor: next }) }));
    });
    await store.refresh();
    expect(names()).toEqual(['a', 'b', 'c']);
    expect(sent.map(({ path }) => path)).toEqual(['/alerts?limit=1000', '/alerts?limit=1000&cursor=c1']);
  });

  it('changes by events at once, drawn together, and keeps each alert once however often it is told', async () => {
    const { store, clock, names } = setup(() => json(alertsAnswer([A], [named('a')])));
    await store.refresh();
    let draws = 0;
    store.shown.subscribe(() => (draws += 1));
    for (let n = 0; n < 200; n += 1) store.onEvent(event('ALERT_FIRED', `new-${n % 50}`));
    store.onEvent(event('ALERT_RESOLVED', 'a'));
    clock.advance(300);
    expect(names()?.length).toBe(50);
    expect(draws).toBeLessThanOrEqual(3);
  });

  it('moves no row while the person is among them: what is new waits, what ended says so in its place', async () => {
    const { store, clock, names, hold, waiting } = setup(() => json(alertsAnswer([A], [named('a'), named('b')])));
    await store.refresh();
    hold(true);
    store.onEvent(event('ALERT_FIRED', 'c'));
    store.onEvent(event('ALERT_RESOLVED', 'a'));
    clock.advance(300);
    expect([names(), waiting()]).toEqual([['(a)', 'b'], 1]);
    store.showWaiting();
    expect([names(), waiting()]).toEqual([['c', 'b'], 0]);
  });

  it('keeps what an event told while the answer without it was on its way', async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    const clock = manualClock();
    const { fetch } = fakeFetch(async () => {
      await gate;
      return json(alertsAnswer([A], [named('a')]));
    });
    const api = createApiClient({ fetch, credential: createCredential(undefined), clock });
    const store = createAlertsStore({ api, clock, isHeld: () => false });
    const fetched = store.refresh();
    store.onEvent(event('ALERT_FIRED', 'late'));
    release();
    await fetched;
    expect(valueOf(store.shown.value)?.alerts.map((a) => a.alertname)).toEqual(['late', 'a']);
  });

  it('keeps the list with the failure when a refresh fails', async () => {
    let ok = true;
    const { store, names } = setup(() => (ok ? json(alertsAnswer([A], [named('a')])) : errorResponse(503, 'X')));
    await store.refresh();
    ok = false;
    await store.refresh();
    await settled();
    expect(names()).toEqual(['a']);
    expect(store.shown.value).toMatchObject({ status: 'ready', failure: { code: 'X' } });
  });
});
