/** SIGKILL while Alertmanagers send: a notification that was acknowledged is there, with exactly one event each way. */
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../backend/collectors/alerts/fingerprint.ts';
import type { AlertEpisode } from '../../backend/model/alert.ts';
import { type Call, type CrashingServer, createCrashingServer } from './crashing-server.ts';

const ROUNDS = Math.min(10, Number(process.env['AIOPS_CRASH_ROUNDS'] ?? 3));
const ROUND_TIMEOUT_MS = 60_000;
/** Of late: a server forgets at its start what is past its time. */
const STARTED = new Date(Date.now() - 600_000).toISOString();
const ENDED = new Date(Date.now() - 300_000).toISOString();

describe('killed while notifications come in', () => {
  let server: CrashingServer;
  let id = '';
  let token = '';

  beforeAll(async () => {
    server = await createCrashingServer();
    await server.start();
    const body = { name: 'edge-1', api_server_url: 'https://127.0.0.1:1' };
    id = String((await server.call('POST', '/api/v1/clusters', body)).body['id']);
    token = String((await server.call('POST', `/api/v1/clusters/${id}/webhook-secret`)).body['secret']);
  }, ROUND_TIMEOUT_MS);
  afterAll(() => server.remove());

  const alert = (name: string, over: object = {}) => ({
    status: 'firing',
    labels: { alertname: name },
    annotations: {},
    startsAt: STARTED,
    endsAt: '0001-01-01T00:00:00Z',
    fingerprint: fingerprintOf({ alertname: name }),
    ...over,
  });
  const send = (...alerts: object[]): Call => ({
    method: 'POST',
    route: `/api/v1/alerts/webhook/${id}`,
    body: { version: '4', alerts },
    token,
  });
  const resolved = { status: 'resolved', endsAt: ENDED };

  it.each(Array.from({ length: ROUNDS }, (_, at) => at + 1))(
    'loses none that was acknowledged, round %i',
    async (round) => {
      await server.start();
      const names = Array.from({ length: 60 }, (_, at) => `R${round}N${at}`);
      const calls = names.flatMap((name) => [send(alert(name)), send(alert(name)), send(alert(name, resolved))]);
      const statuses = await server.killDuring(calls, 3, Math.round(50 + Math.random() * 300));
      expect(statuses.filter((status) => status !== undefined && status !== 200)).toEqual([]);
      await server.start();
      const { body } = await server.call('GET', '/api/v1/alerts/history?start=-2h&limit=1000');
      const kept = new Map((body['episodes'] as AlertEpisode[]).map((one) => [one.alertname, one]));
      for (const [at, name] of names.entries()) {
        const [first, second, end] = statuses.slice(at * 3);
        if (first === 200 || second === 200 || end === 200) expect([name, kept.has(name)]).toEqual([name, true]);
        if (end === 200) expect([name, kept.get(name)?.state]).toEqual([name, 'RESOLVED']);
      }
    },
    ROUND_TIMEOUT_MS,
  );

  it(
    'told of each episode once',
    async () => {
      const wrong = await server.inspect((store) =>
        store.query((db) =>
          db.execute<{ alertname: string; fired: number; resolved: number }>(sql`
            select e.alertname,
              count(*) filter (where o.event_type = 'ALERT_FIRED')::int as fired,
              count(*) filter (where o.event_type = 'ALERT_RESOLVED')::int as resolved
            from clusters.alert_episodes e left join platform.outbox o on o.payload ->> 'episode_id' = e.id::text
            group by e.id, e.alertname, e.fired_told_at, e.resolved_told_at
            having count(*) filter (where o.event_type = 'ALERT_FIRED') <> (e.fired_told_at is not null)::int
              or count(*) filter (where o.event_type = 'ALERT_RESOLVED') <> (e.resolved_told_at is not null)::int`),
        ),
      );
      expect(wrong.rows).toEqual([]);
    },
    ROUND_TIMEOUT_MS,
  );
});
