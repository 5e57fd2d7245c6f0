import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAlertmanagerClient } from './alertmanager.ts';
import { type TestServer, startAlertmanager, startHttp } from './test-servers.ts';
import { loopbackTransport, targetAt } from './test-transport.ts';

const transport = loopbackTransport();
const client = createAlertmanagerClient(transport);
const limits = { timeoutMs: 5_000 };

async function post(url: string, body: unknown): Promise<void> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
}

afterAll(() => transport.close());

describe('against a real Alertmanager', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startAlertmanager();
  });
  afterAll(() => server.stop());

  it('lists active and silenced alerts', async () => {
    const labels = { alertname: 'Silent', team: 'größe', severity: 'warning' };
    const startsAt = new Date(Date.now() - 60_000).toISOString();
    await post(`${server.url}/api/v2/alerts`, [
      { labels: { alertname: 'Manual' }, annotations: { summary: 's' }, startsAt, generatorURL: 'http://gen.test/x' },
      { labels, startsAt },
    ]);
    const matchers = [{ name: 'alertname', value: 'Silent', isRegex: false }];
    const endsAt = new Date(Date.now() + 3_600_000).toISOString();
    await post(`${server.url}/api/v2/silences`, {
      matchers,
      startsAt: new Date().toISOString(),
      endsAt,
      createdBy: 't',
      comment: 'c',
    });

    const target = targetAt(server.url, 'ALERTMANAGER');
    let alerts = await client.alerts(target, limits);
    const end = Date.now() + 10_000;
    while (!alerts.some((alert) => alert.silencedBy.length > 0) && Date.now() < end)
      alerts = await client.alerts(target, limits);
    const byName = new Map(alerts.map((alert) => [alert.labels['alertname'], alert]));
    expect(byName.get('Manual')).toMatchObject({
      fingerprint: 'e415ab29abbfb632',
      annotations: { summary: 's' },
      generatorURL: 'http://gen.test/x',
      silencedBy: [],
      inhibitedBy: [],
    });
    expect(new Date(byName.get('Manual')?.startsAt ?? '').toISOString()).toBe(startsAt);
    expect(byName.get('Silent')?.labels).toEqual(labels);
    expect(byName.get('Silent')?.silencedBy).toHaveLength(1);
  });

  it('is ready', async () => {
    await expect(client.ready(targetAt(server.url, 'ALERTMANAGER'), limits)).resolves.toBeUndefined();
  });
});

describe('against servers that misbehave', () => {
  it('makes alerts of another shape a typed error that says where', async () => {
    const server = await startHttp((_request, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end('[{"labels":{}}]'),
    );
    await expect(client.alerts(targetAt(server.url, 'ALERTMANAGER'), limits)).rejects.toMatchObject({
      code: 'SPOKE_ERROR',
      details: { reason: 'SHAPE' },
    });
    await server.stop();
  });

  it('is ready when only /api is passed on', async () => {
    const server = await startHttp((request, response) =>
      response.writeHead(request.url === '/api/v2/status' ? 200 : 404).end('{}'),
    );
    await expect(client.ready(targetAt(server.url, 'ALERTMANAGER'), limits)).resolves.toBeUndefined();
    await server.stop();
  });
});
