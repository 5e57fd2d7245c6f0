/** Polls, silences and details over a real Prometheus and Alertmanager, the history in an embedded database. */
import { asc } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { AlertDetail, AlertsAnswer } from '../../../model/alert.ts';
import type { Cluster } from '../../../model/cluster.ts';
import { SilencesAnswer, parseMatcher } from '../../../model/silence.ts';
import { systemClock } from '../../../platform/clock.ts';
import { createEventBus } from '../../../platform/event-bus.ts';
import { alertEpisodes, outbox } from '../../../platform/store/schema.ts';
import type { Store } from '../../../platform/store/store.ts';
import { openTestStore, silentLogger } from '../../../platform/store/test-store.ts';
import { insertClusters, readerOf } from '../../../registry/test-clusters.ts';
import { createSpokes } from '../../../spokes/spokes.ts';
import { type TestServer, freePort, startAlertmanager, startPrometheus } from '../../../spokes/test-servers.ts';
import { loopbackTransport } from '../../../spokes/test-transport.ts';
import { createAlertDetails } from '../alert-details.ts';
import { createAlertsCollector } from '../alerts.ts';
import { createFanout } from '../../fanout/fanout.ts';
import { createSilences } from '../silences.ts';
import { createAlertHistory } from './history.ts';
import { startAlertPoller } from './poller.ts';
import { createAlertRecorder } from './record.ts';

const transport = loopbackTransport();
const spokes = createSpokes({ transport, clock: systemClock, credentialsOf: async () => undefined });
const fanout = createFanout({ clock: systemClock, logger: silentLogger, spokes, cacheMaxBytes: 0 });
const clock = systemClock;
const logger = silentLogger;

let store: Store;
let prometheus: TestServer;
let alertmanager: TestServer;
let whole: Cluster;
let half: Cluster;

const RULES = JSON.stringify({
  groups: [
    {
      name: 'g',
      rules: [
        { alert: 'Watchdog', expr: 'vector(1)', labels: { severity: 'none' } },
        {
          alert: 'ShopDown',
          expr: 'vector(1) > 0',
          labels: { severity: 'critical', namespace: 'shop' },
          annotations: { summary: 'The shop is down.', runbook_url: 'https://runbooks.example/shop' },
        },
        { alert: 'Disk', expr: 'vector(2)', labels: { severity: 'warning', namespace: 'shop' } },
        { alert: 'Later', expr: 'vector(1)', for: '1h', labels: { severity: 'warning' } },
      ],
    },
  ],
});

beforeAll(async () => {
  [store, alertmanager] = await Promise.all([openTestStore(), startAlertmanager()]);
  prometheus = await startPrometheus({
    config: JSON.stringify({
      global: { scrape_interval: '1s', evaluation_interval: '200ms', external_labels: { region: 'eu' } },
      rule_files: ['rules.yml'],
      alerting: { alertmanagers: [{ static_configs: [{ targets: [new URL(alertmanager.url).host] }] }] },
    }),
    rules: RULES,
    args: ['--rules.alert.resend-delay=1s'],
  });
  const dead = `http://127.0.0.1:${await freePort()}`;
  const [one, two] = await insertClusters(store, clock, [
    { name: 'whole-1', endpoints: { prometheus_url: prometheus.url, alertmanager_url: alertmanager.url } },
    { name: 'half-1', endpoints: { prometheus_url: prometheus.url, alertmanager_url: dead } },
  ]);
  if (!one || !two) throw new Error('no clusters');
  [whole, half] = [one, two];
  const listed = async () =>
    (await (await fetch(`${alertmanager.url}/api/v2/alerts`)).text()).split('fingerprint').length - 1;
  await vi.waitUntil(async () => (await listed()) === 3, { timeout: 20_000, interval: 100 });
}, 60_000);
afterAll(async () => {
  await Promise.all([prometheus?.stop(), alertmanager?.stop(), transport.close(), store?.close()]);
});

const question = (...clusters: Cluster[]) => ({
  clusters,
  budgetMs: 5_000,
  signal: new AbortController().signal,
  scope: '',
});
const startPoller = () => {
  const recorder = createAlertRecorder({
    store,
    clock,
    nudge: () => undefined,
    flapRule: { episodes: 5, windowMs: 1_800_000 },
    switchRules: { watchdogRequired: false, graceMs: 300_000 },
  });
  const bus = createEventBus(logger);
  const registry = readerOf(store);
  const watchdogs = ['Watchdog'];
  const poller = startAlertPoller({
    store,
    registry,
    recorder,
    watchdogs,
    fanout,
    spokes,
    bus,
    clock,
    logger,
    background: false,
  });
  onTestFinished(() => poller.stop());
  return poller;
};
const history = () => createAlertHistory(store, clock);
const collector = () => createAlertsCollector({ fanout, spokes, history: history() });
const details = () => createAlertDetails({ fanout, spokes, history: history() });
const silences = () => createSilences({ fanout, spokes, clock, watchdogs: ['Watchdog'] });
const matchers = (...texts: string[]) => texts.map((text) => parseMatcher(text, 'matchers'));

describe('a poll of real servers', () => {
  it('records what fires once, under the name that Alertmanager gives it, and arms the switches', async () => {
    const poller = startPoller();
    await poller.pollNow(whole.id);
    await Promise.all([poller.pollNow(whole.id), startPoller().pollNow(whole.id)]);
    const rows = await store.query((db) => db.select().from(alertEpisodes).orderBy(asc(alertEpisodes.alertname)));
    expect(rows.map((row) => [row.alertname, row.state, row.labels['region'], row.sources.toSorted()])).toEqual(
      ['Disk', 'ShopDown', 'Watchdog'].map((name) => [name, 'FIRING', 'eu', ['ALERTMANAGER', 'PROMETHEUS']]),
    );
    const events = await store.query((db) => db.select().from(outbox));
    expect(events.map((event) => String(event.payload['alertname'])).toSorted()).toEqual([
      'Disk',
      'ShopDown',
      'Watchdog',
    ]);
  });

  it('says of the history of a cluster that does not answer whole that something may be missing', async () => {
    await startPoller().pollNow(half.id);
    const answer = await collector().list({ ...question(whole, half), from: new Date(0), limit: 10 });
    expect(AlertsAnswer.safeParse(answer).error).toBeUndefined();
    expect(answer.clusters.map((one) => [one.cluster_name, one.status])).toEqual([
      ['half-1', 'PARTIAL'],
      ['whole-1', 'SUCCESS'],
    ]);
    expect(answer).toMatchObject({ complete: false, total: 6, by_severity: { CRITICAL: 2, WARNING: 2, INFO: 2 } });
    const page = { ...question(whole, half), from: new Date(0), limit: 4 };
    const first = await collector().list(page);
    const rest = await collector().list({ ...page, cursor: first.next_cursor });
    expect(new Set([...first.alerts, ...rest.alerts].map((alert) => alert.id)).size).toBe(6);
    expect(await collector().list({ ...question(whole), state: 'RESOLVED', limit: 4 })).toMatchObject({ total: 0 });
  });

  it('narrows what fires now by namespace', async () => {
    const answer = await collector().list({ ...question(whole), namespace: 'shop', limit: 10 });
    expect(answer.alerts.map((alert) => alert.alertname)).toEqual(['ShopDown', 'Disk']);
  });
});

describe('one alert', () => {
  it('is told with its history, its rule and its runbook, by either fingerprint', async () => {
    const { alerts } = await collector().list({ ...question(whole), alertname: 'ShopDown', limit: 1 });
    const fingerprint = alerts[0]?.fingerprint ?? '';
    const detail = await details().get({ ...question(whole, half), fingerprint });
    expect(AlertDetail.safeParse(detail).error).toBeUndefined();
    expect(detail).toMatchObject({
      alert: { alertname: 'ShopDown', cluster_name: 'whole-1', state: 'FIRING', severity: 'CRITICAL' },
      active: true,
      history: { episodes: 1, flapping: false, mean_seconds: null, last: [{ state: 'FIRING', announced: true }] },
      rule: { query: 'vector(1) > 0', group: 'g', for_seconds: 0, health: 'ok' },
      runbook_url: 'https://runbooks.example/shop',
      silences: [],
      complete: true,
    });
    const [row] = await store.query((db) =>
      db.select().from(alertEpisodes).orderBy(asc(alertEpisodes.alertname)).offset(2),
    );
    const own = await details().get({ ...question(whole, half), fingerprint: row?.rule_fingerprint ?? '' });
    expect(own.alert.alertname).toBe(row?.alertname);
    expect(own.other_clusters).toHaveLength(1);
  });

  it('is not found by a fingerprint that nobody knows, and says who did not answer', async () => {
    const unknown = { fingerprint: '0000000000000000' };
    await expect(details().get({ ...question(whole), ...unknown })).rejects.toMatchObject({ code: 'ALERT_NOT_FOUND' });
    await expect(details().get({ ...question(half), ...unknown })).rejects.toThrow(/so it may be there/);
  });
});

describe('silences of a real Alertmanager', () => {
  const ask = { durationMs: 900_000, comment: 'Disk is being replaced', createdBy: 'Ada (AIOps)' };

  it('are made, listed, shown at the alert and ended', async () => {
    const made = await silences().create({
      ...question(whole, half),
      ...ask,
      matchers: matchers('alertname="Disk"', 'namespace=~"shop|x"', 'pod!="none"'),
    });
    expect(made.silences).toMatchObject([{ cluster_name: 'whole-1', matching_alerts: 1 }]);
    expect(made.clusters.map((one) => one.error === undefined)).toEqual([false, true]);
    expect(made.complete).toBe(false);
    const [silence] = made.silences;
    const listed = await silences().list({ ...question(whole), state: 'ACTIVE', limit: 10 });
    expect(SilencesAnswer.safeParse(listed).error).toBeUndefined();
    expect(listed.silences).toMatchObject([
      {
        id: silence?.silence_id,
        matchers: ['alertname="Disk"', 'namespace=~"shop|x"', 'pod!="none"'],
        created_by: 'Ada (AIOps)',
        comment: 'Disk is being replaced',
        ends_at: made.ends_at,
      },
    ]);
    const find = async () => (await collector().list({ ...question(whole), alertname: 'Disk', limit: 1 })).alerts[0];
    await vi.waitFor(async () => expect(await find()).toMatchObject({ silenced: true }), { timeout: 10_000 });
    const fingerprint = (await find())?.fingerprint ?? '';
    const detail = await details().get({ ...question(whole), fingerprint });
    expect(detail.silences).toMatchObject([{ id: silence?.silence_id }]);
    await silences().expire(whole, silence?.silence_id ?? '', question());
    expect(await silences().list({ ...question(whole), state: 'ACTIVE', limit: 10 })).toMatchObject({ total: 0 });
    expect(await silences().list({ ...question(whole), limit: 10 })).toMatchObject({
      silences: [{ state: 'EXPIRED' }],
    });
  });

  it.each([
    ['the Watchdog', ['alertname="Watchdog"'], /the alert that shows that alerting works/],
    ['every alert by an external label', ['region="eu"'], /would silence Watchdog/],
  ])('are refused where they would hide %s', async (_what, texts, why) => {
    const { silences: made, clusters } = await silences().create({
      ...question(whole),
      ...ask,
      matchers: matchers(...texts),
    });
    expect(made).toEqual([]);
    expect(clusters[0]?.error).toMatchObject({ code: 'QUERY_REFUSED', message: expect.stringMatching(why) });
    expect(await silences().list({ ...question(whole), state: 'ACTIVE', limit: 10 })).toMatchObject({ total: 0 });
  });

  it('are refused without an equality before any cluster is asked', async () => {
    await expect(
      silences().create({ ...question(whole), ...ask, matchers: matchers('alertname=~".+"') }),
    ).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  });

  it('say in one line what Alertmanager says wrong, in either of its forms', async () => {
    const bad = await silences().create({
      ...question(whole),
      ...ask,
      matchers: matchers('alertname="X"', 'pod=~"(["'),
    });
    expect(bad.clusters[0]).toMatchObject({ status: 'ERROR', error: { code: 'SPOKE_ERROR' } });
    expect(bad.clusters[0]?.error?.message).toMatch(/^Alertmanager refuses \(400\): "/);
  });

  it('of an id that is not there are not found', async () => {
    await expect(silences().expire(whole, '00000000-0000-4000-8000-000000000000', question())).rejects.toMatchObject({
      code: 'SILENCE_NOT_FOUND',
    });
  });
});

describe('what ends', () => {
  it('is resolved by two polls when its Prometheus is asked and Alertmanager has let go of it', async () => {
    const poller = startPoller();
    await poller.pollNow(whole.id);
    await prometheus.stop();
    const end = async (labels: Record<string, string>) =>
      fetch(`${alertmanager.url}/api/v2/alerts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify([{ labels, endsAt: new Date().toISOString() }]),
      });
    await end({ alertname: 'Disk', severity: 'warning', namespace: 'shop', region: 'eu' });
    await poller.pollNow(whole.id);
    const rows = await store.query((db) => db.select().from(alertEpisodes));
    // Prometheus knew it as well and does not answer: nothing is concluded from its silence.
    expect(rows.every((row) => row.state === 'FIRING')).toBe(true);
  });
});
