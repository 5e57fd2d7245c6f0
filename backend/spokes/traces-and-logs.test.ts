import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { createLokiClient } from './loki.ts';
import { createTempoClient } from './tempo.ts';
import { startHttp } from './test-servers.ts';
import { loopbackTransport, targetAt } from './test-transport.ts';

const transport = loopbackTransport();
const limits = { timeoutMs: 5_000 };
const CLIENTS = { TEMPO: createTempoClient(transport), LOKI: createLokiClient(transport) };
afterAll(() => transport.close());

/** Asks for readiness at a server that answers these paths with these statuses and all others with 404; gives the paths asked. */
async function ready(kind: 'TEMPO' | 'LOKI', statuses: Record<string, number>, base = ''): Promise<string[]> {
  const asked: string[] = [];
  const server = await startHttp((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://spoke');
    asked.push(pathname);
    const status = statuses[pathname] ?? 404;
    response.writeHead(status).end(status === 200 ? '{"status":"success"}' : 'said the server');
  });
  onTestFinished(() => server.stop());
  await CLIENTS[kind].ready(targetAt(`${server.url}${base}`, kind), limits);
  return asked;
}

describe('Tempo', () => {
  it('is ready when it says so', async () => {
    expect(await ready('TEMPO', { '/ready': 200 })).toEqual(['/ready']);
  });

  it('is ready behind a gateway, which passes its API only', async () => {
    const base = '/api/traces/v1/dev/tempo';
    expect(await ready('TEMPO', { [`${base}/api/echo`]: 200 }, base)).toEqual([`${base}/ready`, `${base}/api/echo`]);
  });

  it('is ready behind a gateway with RBAC on queries, which forbids all but searches', async () => {
    const statuses = { '/ready': 403, '/api/echo': 403, '/api/search': 200 };
    expect(await ready('TEMPO', statuses)).toEqual(['/ready', '/api/echo', '/api/search']);
  });

  it.each([
    [{ '/ready': 503, '/api/echo': 503 }, 'Tempo answered with status 503: "said the server".'],
    [{ '/ready': 403, '/api/echo': 403, '/api/search': 403 }, 'forbids this (403)'],
    [{ '/ready': 401, '/api/echo': 401 }, 'does not accept the credentials (401)'],
  ])('is not ready with %j', async (statuses, said) => {
    await expect(ready('TEMPO', statuses)).rejects.toThrow(said);
  });
});

describe('Loki', () => {
  it('is ready when it says so', async () => {
    expect(await ready('LOKI', { '/ready': 200 })).toEqual(['/ready']);
  });

  it('is ready behind a gateway, which does not route its readiness', async () => {
    const base = '/api/logs/v1/application';
    const labels = `${base}/loki/api/v1/labels`;
    expect(await ready('LOKI', { [labels]: 200 }, base)).toEqual([`${base}/ready`, labels]);
  });

  it.each([
    [{ '/ready': 503, '/loki/api/v1/labels': 500 }, 'Loki answered with status 500: "said the server".'],
    [{ '/loki/api/v1/labels': 403 }, 'forbids this (403)'],
    [{ '/loki/api/v1/labels': 302 }, 'answered with a redirect (302)'],
  ])('is not ready with %j', async (statuses, said) => {
    await expect(ready('LOKI', statuses)).rejects.toThrow(said);
  });
});
