import express from 'express';
import { asc, eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createAlertIntake } from '../../backend/collectors/alerts/history/intake.ts';
import { type AlertRecorder, createAlertRecorder } from '../../backend/collectors/alerts/history/record.ts';
import { createWebhookSecrets } from '../../backend/collectors/alerts/history/webhook-secrets.ts';
import { fingerprintOf } from '../../backend/collectors/alerts/fingerprint.ts';
import type { Cluster } from '../../backend/model/cluster.ts';
import { ManualClock, systemClock } from '../../backend/platform/clock.ts';
import { alertEpisodes, alertSchedule, outbox, webhookSecrets } from '../../backend/platform/store/schema.ts';
import type { Store } from '../../backend/platform/store/store.ts';
import { emptyStore, openTestStore, silentLogger } from '../../backend/platform/store/test-store.ts';
import { insertClusters } from '../../backend/registry/test-clusters.ts';
import { type TestServer, startAlertmanager, startHttp } from '../../backend/spokes/test-servers.ts';
import { errorHandler } from '../http/errors.ts';
import { beginRequest } from '../http/request-state.ts';
import { readTraceContext } from '../http/trace.ts';
import { alertWebhook } from './alert-webhook.ts';

let store: Store;
beforeAll(async () => {
  store = await openTestStore();
}, 60_000);
afterAll(() => store.close());

const STARTS = '2026-03-01T09:59:00.123456789Z';
const LABELS = { alertname: 'Down', severity: 'critical', cluster: 'edge-1' };
const alertOf = (over: object = {}) => ({
  status: 'firing',
  labels: LABELS,
  annotations: { summary: 'It is down.' },
  startsAt: STARTS,
  endsAt: '0001-01-01T00:00:00Z',
  generatorURL: '',
  fingerprint: fingerprintOf(LABELS),
  ...over,
});
const payload = (alerts: object[] = [alertOf()], over: object = {}) => ({
  version: '4',
  receiver: 'hook',
  status: 'firing',
  groupKey: '{}:{}',
  alerts,
  truncatedAlerts: 0,
  ...over,
});

describe('alert webhook', () => {
  let edge: Cluster;
  let hub: Cluster;
  let secret: string;
  let server: TestServer;
  const clock = new ManualClock();
  const secrets = () => createWebhookSecrets(store, clock);

  const serve = async (over: { recorder?: Pick<AlertRecorder, 'notification'>; maxStoring?: number } = {}) => {
    const recorder = createAlertRecorder({
      store,
      clock: systemClock,
      nudge: () => undefined,
      flapRule: { episodes: 5, windowMs: 60_000 },
      switchRules: { watchdogRequired: false, graceMs: 60_000 },
    });
    const app = express();
    app.use((request, _response, next) => {
      beginRequest(request, readTraceContext(request.headers));
      next();
    });
    const intake = createAlertIntake({ recorder, logger: silentLogger, ...over });
    app.use('/api/v1', alertWebhook({ intake, secrets: secrets() }));
    app.use(errorHandler({ clock, logger: silentLogger }));
    const started = await startHttp(app);
    onTestFinished(() => started.stop());
    return started;
  };

  beforeEach(async () => {
    await emptyStore(store);
    const [one, two] = await insertClusters(store, clock, [{ name: 'edge-1' }, { name: 'hub-1' }]);
    if (!one || !two) throw new Error('no clusters');
    [edge, hub] = [one, two];
    ({ secret } = await secrets().rotate(edge.id, { createdBy: 'local', overlapMs: 0 }));
    server = await serve();
  });

  const post = async (
    body: unknown,
    {
      path = `/${edge.id}`,
      token = secret,
      type = 'application/json',
      at = server,
    }: { path?: string; token?: string; type?: string; at?: TestServer } = {},
  ) => {
    const response = await fetch(`${at.url}/api/v1/alerts/webhook${path}`, {
      method: 'POST',
      headers: { 'content-type': type, ...(token === '' ? {} : { authorization: `Bearer ${token}` }) },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    const answer = (await response.json()) as { error?: { code: string; message: string } };
    return {
      status: response.status,
      code: answer.error?.code,
      message: answer.error?.message,
      answer,
      headers: response.headers,
    };
  };
  const rows = () => store.query((db) => db.select().from(alertEpisodes).orderBy(asc(alertEpisodes.starts_at)));
  const events = () => store.query((db) => db.select().from(outbox).orderBy(asc(outbox.sequence)));

  it('stores the same notification ten times as one row with one event', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(payload())));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    expect(answers.filter(({ answer }) => 'opened' in answer && answer.opened === 1)).toHaveLength(1);
    expect(await rows()).toMatchObject([{ fingerprint: fingerprintOf(LABELS), state: 'FIRING', sources: ['WEBHOOK'] }]);
    expect(await events()).toMatchObject([
      {
        event_type: 'ALERT_FIRED',
        cluster_name: 'edge-1',
        payload: {
          alertname: 'Down',
          severity: 'CRITICAL',
          summary: 'It is down.',
          starts_at: '2026-03-01T09:59:00.123Z',
        },
      },
    ]);
  });

  it('takes the secret of the cluster in the path only, and says the same of every other', async () => {
    const other = await secrets().rotate(hub.id, { createdBy: 'local', overlapMs: 0 });
    const refused = await Promise.all([
      post(payload(), { token: '' }),
      post(payload(), { token: 'aiops_hook_wrong' }),
      post(payload(), { token: other.secret }),
      post(payload(), { path: '/00000000-0000-4000-8000-000000000000' }),
      post(payload(), { path: '/edge-1' }),
      post(payload(), { path: '', token: 'x'.repeat(600) }),
      post('{ not JSON, and not read', { token: 'aiops_hook_wrong' }),
    ]);
    expect(new Set(refused.map(({ status, code, message }) => `${status} ${code} ${message}`)).size).toBe(1);
    expect(refused[0]).toMatchObject({ status: 401, code: 'AUTH_FAILED' });
    expect(refused[0]?.headers.get('www-authenticate')).toContain('Bearer');
    expect(await rows()).toEqual([]);
  });

  it('takes the cluster from the label of the alerts where the path names none', async () => {
    expect((await post(payload(), { path: '' })).status).toBe(200);
    expect(await rows()).toMatchObject([{ cluster_id: edge.id }]);
    const elsewhere = alertOf({ labels: { ...LABELS, cluster: 'hub-1' } });
    expect(await post(payload([elsewhere]), { path: '' })).toMatchObject({ status: 401, code: 'AUTH_FAILED' });
    expect(await post(payload([alertOf(), elsewhere]), { path: '' })).toMatchObject({ status: 422 });
    const nowhere = await post(payload([alertOf({ labels: { alertname: 'Down' } })]), { path: '' });
    expect(nowhere).toMatchObject({ status: 422, message: expect.stringContaining('external label') });
  });

  it.each<[string, unknown, { type?: string }, number, string]>([
    ['no JSON', '{', {}, 400, 'INVALID_JSON'],
    ['another type', 'x', { type: 'text/plain' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['more than 2 MiB', payload([alertOf({ annotations: { big: 'x'.repeat(2_100_000) } })]), {}, 413, 'BODY_TOO_LARGE'],
    ['a template of its own', { text: 'hello' }, {}, 422, 'VALIDATION_FAILED'],
    ['another version', payload([], { version: '5' }), {}, 422, 'VALIDATION_FAILED'],
    ['an alert without a start', payload([alertOf({ startsAt: undefined })]), {}, 422, 'VALIDATION_FAILED'],
    ['a fingerprint that is none', payload([alertOf({ fingerprint: 'x' })]), {}, 422, 'VALIDATION_FAILED'],
    ['a list', [], {}, 422, 'VALIDATION_FAILED'],
  ])('refuses %s', async (_what, body, options, status, code) => {
    expect(await post(body, options)).toMatchObject({ status, code });
    expect(await rows()).toEqual([]);
  });

  it('takes a body of nearly 2 MiB, and keys that a newer Alertmanager sends', async () => {
    const big = alertOf({ annotations: { big: 'x'.repeat(2_000_000) }, new_key: 1 });
    expect((await post(payload([big], { routeLabels: { team: 'a' }, notification_reason: 'x' }))).status).toBe(200);
    expect((await rows())[0]?.annotations['big']).toHaveLength(4_096);
  });

  it('polls for what the sender left out, and says how many', async () => {
    const due = async () =>
      (await store.query((db) => db.select().from(alertSchedule).where(eq(alertSchedule.cluster_id, edge.id))))[0]
        ?.next_run_at;
    const before = await due();
    expect((await post(payload([alertOf()], { truncatedAlerts: 7 }))).answer).toMatchObject({ truncated: 7 });
    expect(await due()).not.toEqual(before);
  });

  it('asks to be sent again when too much is being stored', async () => {
    const hanging = Promise.withResolvers<undefined>();
    const notification = vi.fn<AlertRecorder['notification']>(() => hanging.promise);
    const at = await serve({ recorder: { notification }, maxStoring: 1 });
    const first = post(payload(), { at });
    await vi.waitFor(() => expect(notification).toHaveBeenCalled());
    const busy = await post(payload(), { at });
    expect(busy).toMatchObject({ status: 503, code: 'INTAKE_BUSY' });
    expect(busy.headers.get('retry-after')).toBe('5');
    hanging.resolve(undefined);
    expect((await first).status).toBe(200);
    expect((await post(payload(), { at })).status).toBe(200);
  });

  it('keeps the old secret for the overlap and not longer, and none after removal', async () => {
    const next = await secrets().rotate(edge.id, { createdBy: 'local', overlapMs: 60_000 });
    expect([(await post(payload())).status, (await post(payload(), { token: next.secret })).status]).toEqual([
      200, 200,
    ]);
    expect((await post(payload(), { path: '' })).status).toBe(200);
    await clock.advance(60_000);
    expect([(await post(payload())).status, (await post(payload(), { token: next.secret })).status]).toEqual([
      401, 200,
    ]);
    const kept = JSON.stringify(await store.query((db) => db.select().from(webhookSecrets)));
    expect(kept).not.toContain(secret.slice(-20));
    expect(kept).not.toContain(next.secret.slice(-20));
    expect(await secrets().remove(edge.id)).toBe(true);
    expect((await post(payload(), { token: next.secret })).status).toBe(401);
  });

  it('takes what a real Alertmanager sends, from firing to resolved, without an end too many', async () => {
    const alertmanager = await startAlertmanager(
      JSON.stringify({
        route: {
          receiver: 'hook',
          group_by: ['alertname'],
          group_wait: '0s',
          group_interval: '1s',
          repeat_interval: '1s',
        },
        receivers: [
          {
            name: 'hook',
            webhook_configs: [
              {
                url: `${server.url}/api/v1/alerts/webhook/${edge.id}`,
                send_resolved: true,
                http_config: { authorization: { credentials: secret } },
              },
            ],
          },
        ],
      }),
    );
    onTestFinished(() => alertmanager.stop());
    const send = async (over: object) => {
      const labels = { alertname: 'Real', severity: 'warning', site: 'größe' };
      const startsAt = new Date(Date.now() - 1_000).toISOString();
      const response = await fetch(`${alertmanager.url}/api/v2/alerts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify([{ labels, startsAt, annotations: { summary: 'a < b' }, ...over }]),
      });
      expect(response.status).toBe(200);
      return fingerprintOf(labels);
    };
    const fingerprint = await send({});
    await vi.waitFor(async () => expect(await rows()).toMatchObject([{ fingerprint, state: 'FIRING' }]), {
      timeout: 10_000,
    });
    await send({ endsAt: new Date().toISOString() });
    await vi.waitFor(async () => expect(await rows()).toMatchObject([{ state: 'RESOLVED' }]), { timeout: 10_000 });
    expect((await events()).map((event) => event.event_type)).toEqual(['ALERT_FIRED', 'ALERT_RESOLVED']);
    expect((await rows())[0]).toMatchObject({ severity: 'WARNING', annotations: { summary: 'a < b' } });
  }, 30_000);
});
