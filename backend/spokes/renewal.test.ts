import type { IncomingMessage } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../model/errors.ts';
import { testCluster } from '../model/test-cluster.ts';
import { ManualClock, systemClock } from '../platform/clock.ts';
import type { OidcCredentials, UsableCredentials } from './auth.ts';
import { createOidcTokens } from './oidc-tokens.ts';
import { createSpokes } from './spokes.ts';
import { type Certificates, type HttpDouble, makeCertificates, startHttp } from './test-servers.ts';
import { loopbackTransport } from './test-transport.ts';

const INSECURE = { insecure_skip_verify: true };
const limits = { timeoutMs: 5_000 };
const servers: HttpDouble[] = [];
const transport = loopbackTransport();
let certificates: Certificates;

async function serve(...args: Parameters<typeof startHttp>): Promise<HttpDouble> {
  const server = await startHttp(...args);
  servers.push(server);
  return server;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array)); // proof: no encoding set
  return Buffer.concat(chunks).toString();
}

beforeAll(async () => {
  certificates = await makeCertificates();
});
afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop())));
afterAll(() => transport.close());

describe('a spoke that answers 401', () => {
  /** Prometheus that takes one token at a time. */
  async function prometheus(accepted: () => string) {
    const seen: string[] = [];
    const server = await serve(
      (request, response) => {
        const token = (request.headers.authorization ?? '').replace('Bearer ', '');
        seen.push(token);
        const ok = token === accepted();
        response.writeHead(ok ? 200 : 401, { 'content-type': 'application/json' });
        response.end(ok ? '{"status":"success","data":[]}' : `not yours: ${token}`);
      },
      { tls: certificates.server },
    );
    return { server, seen };
  }
  const service = (token: string): UsableCredentials => ({ auth_type: 'SERVICE_ACCOUNT', api_token: token });

  function spokesOver(url: string, stored: () => UsableCredentials) {
    let reads = 0;
    const spokes = createSpokes({
      transport,
      credentialsOf: async () => {
        reads += 1;
        return stored();
      },
    });
    const cluster = testCluster('a-1', { has_credentials: true, tls: INSECURE, endpoints: { prometheus_url: url } });
    const ask = async () => {
      const target = await spokes.target(cluster, 'PROMETHEUS');
      if (!target) throw new Error('no target');
      return spokes.prometheus.labels(target, { start: 0, end: 1, ...limits });
    };
    return { ask, reads: () => reads, spokes, cluster };
  }

  it('gets the credentials that were stored meanwhile, once, and its answer counts', async () => {
    let stored = 'old-token-4711';
    let accepted = stored;
    const { server, seen } = await prometheus(() => accepted);
    const { ask, reads } = spokesOver(server.url, () => service(stored));
    await ask();
    await ask();
    expect(reads()).toBe(1);
    stored = accepted = 'new-token-4711';
    expect((await ask()).value).toEqual([]);
    expect(seen).toEqual(['old-token-4711', 'old-token-4711', 'old-token-4711', 'new-token-4711']);
    expect(reads()).toBe(2);
  });

  it('is asked again on a turn of its own, and never beyond its turns', async () => {
    let turns = 0;
    const open = new Set<number>();
    const turn = async () => {
      if (turns === 3) throw new AppError('SPOKE_BUDGET', 'no more');
      turns += 1;
      const own = turns;
      open.add(own);
      return () => void open.delete(own);
    };
    const { server, seen } = await prometheus(() => 'new-token-4711');
    const { spokes, cluster } = spokesOver(server.url, () => service(turns < 1 ? 'old-token-4711' : 'new-token-4711'));
    const target = await spokes.target(cluster, 'PROMETHEUS');
    if (!target) throw new Error('no target');
    const ask = () => spokes.prometheus.labels({ ...target, turn }, { start: 0, end: 1, ...limits });
    await ask();
    expect([turns, seen.length, open.size]).toEqual([2, 2, 0]);
    await expect(ask()).rejects.toMatchObject({ code: 'SPOKE_BUDGET' });
    expect([turns, seen.length, open.size]).toEqual([3, 3, 0]);
  });

  it('is not asked again with the same credentials, and what it echoes of them is not repeated', async () => {
    const { server, seen } = await prometheus(() => 'another');
    const { ask, reads } = spokesOver(server.url, () => service('canary-token-4711'));
    const error: unknown = await ask().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'SPOKE_ERROR', details: { reason: 'UNAUTHORIZED' } });
    expect(JSON.stringify(error) + String(error)).not.toContain('canary');
    expect([seen.length, reads()]).toEqual([1, 2]);
  });

  it('is told apart from one that answers 403, which no new credentials cure', async () => {
    const server = await serve((_request, response) => response.writeHead(403).end(), { tls: certificates.server });
    const { ask, reads } = spokesOver(server.url, () => service('token-4711'));
    await expect(ask()).rejects.toMatchObject({ code: 'SPOKE_ERROR', details: { reason: 'FORBIDDEN' } });
    expect(reads()).toBe(1);
  });

  it('forgets credentials when it is told to, and after a minute', async () => {
    const clock = new ManualClock();
    let reads = 0;
    const load = async () => {
      reads += 1;
      return service('t');
    };
    const spokes = createSpokes({ transport, clock, credentialsOf: load });
    const cluster = testCluster('a-1', { has_credentials: true });
    const target = () => spokes.target(cluster, 'API');
    await Promise.all([target(), target(), target()]);
    expect(reads).toBe(1);
    spokes.forget(cluster.id);
    await target();
    expect(reads).toBe(2);
    await clock.advance(60_000);
    await target();
    expect(reads).toBe(3);
  });
});

describe('credentials whose store is away', () => {
  it('serve on as they were loaded, and are loaded again when it is back', async () => {
    const clock = new ManualClock();
    const away = new AppError('STORE_UNAVAILABLE', 'away');
    let answer: () => Promise<UsableCredentials | undefined> = () => Promise.reject(away);
    const spokes = createSpokes({ transport, clock, credentialsOf: () => answer() });
    const cluster = testCluster('a-1', { has_credentials: true });
    const auth = async () => (await spokes.target(cluster, 'API'))?.auth;
    await expect(auth()).rejects.toBe(away);
    answer = async () => ({ auth_type: 'SERVICE_ACCOUNT', api_token: 'first' });
    expect(await auth()).toMatchObject({ token: 'first' });
    answer = () => Promise.reject(away);
    await clock.advance(61_000);
    expect([await auth(), await auth()]).toMatchObject([{ token: 'first' }, { token: 'first' }]);
    answer = async () => ({ auth_type: 'SERVICE_ACCOUNT', api_token: 'second' });
    expect(await auth()).toMatchObject({ token: 'second' });
    answer = () => Promise.reject(new AppError('CREDENTIALS_INVALID', 'changed'));
    await clock.advance(61_000);
    await expect(auth()).rejects.toMatchObject({ code: 'CREDENTIALS_INVALID' });
  });
});

describe('tokens by client credentials', () => {
  const CLIENT = { auth_type: 'OIDC', client_id: 'a:b', client_secret: 's ü%/4711', scope: 'read' } as const;

  async function issuer(answer: () => { status?: number; body: object }) {
    const requests: { authorization: string; body: string }[] = [];
    const server = await serve(
      (request, response) => {
        void bodyOf(request).then((body) => {
          requests.push({ authorization: request.headers.authorization ?? '', body });
          const { status = 200, body: said } = answer();
          response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(said));
        });
      },
      { tls: certificates.server },
    );
    const credentials: OidcCredentials = { ...CLIENT, token_url: `${server.url}/token/` };
    return { credentials, requests };
  }
  const cluster = () => testCluster('a-1', { tls: { ca: certificates.ca, insecure_skip_verify: false } });

  it('are asked for once as the standard says, and used until shortly before they end', async () => {
    let count = 0;
    const clock = new ManualClock();
    const { credentials, requests } = await issuer(() => ({
      body: { access_token: `token-${(count += 1)}`, token_type: 'bearer', expires_in: 300 },
    }));
    const tokens = createOidcTokens(loopbackTransport({ clock: systemClock }), clock);
    const one = cluster();
    expect(await Promise.all([tokens.token(one, credentials), tokens.token(one, credentials)])).toEqual([
      'token-1',
      'token-1',
    ]);
    expect(requests).toEqual([
      {
        authorization: `Basic ${Buffer.from('a%3Ab:s+%C3%BC%25%2F4711').toString('base64')}`,
        body: 'grant_type=client_credentials&scope=read',
      },
    ]);
    await clock.advance(269_000);
    expect(await tokens.token(one, credentials)).toBe('token-1');
    await clock.advance(2_000);
    expect(await tokens.token(one, credentials)).toBe('token-2');
  });

  it('are not given again when a spoke has refused them, unless they are brand-new', async () => {
    let count = 0;
    const clock = new ManualClock();
    const { credentials, requests } = await issuer(() => ({
      body: { access_token: `token-${(count += 1)}`, token_type: 'Bearer', expires_in: 3600 },
    }));
    const tokens = createOidcTokens(transport, clock);
    const one = cluster();
    await tokens.token(one, credentials);
    expect(await tokens.token(one, credentials, { refused: 'token-1' })).toBe('token-1');
    await clock.advance(11_000);
    expect(await tokens.token(one, credentials, { refused: 'token-1' })).toBe('token-2');
    expect(await tokens.token(one, credentials, { refused: 'token-1' })).toBe('token-2');
    expect(requests).toHaveLength(2);
  });

  it('say why there is none, without the secret, and are asked for again', async () => {
    let broken = true;
    const { credentials } = await issuer(() =>
      broken
        ? { status: 401, body: { error: 'invalid_client', error_description: 'wrong secret s+%C3%BC%25%2F4711' } }
        : { body: { access_token: 't', token_type: 'Bearer' } },
    );
    const tokens = createOidcTokens(transport, new ManualClock());
    const one = cluster();
    const error: unknown = await tokens.token(one, credentials).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'SPOKE_ERROR', details: { reason: 'UNAUTHORIZED', status: 401 } });
    expect(String(error)).toContain('invalid_client');
    expect(String(error)).not.toContain('4711');
    broken = false;
    expect(await tokens.token(one, credentials)).toBe('t');
  });

  it('never come from an issuer whose certificate does not verify, whatever the cluster says', async () => {
    const { credentials, requests } = await issuer(() => ({ body: { access_token: 't', token_type: 'Bearer' } }));
    const tokens = createOidcTokens(transport, new ManualClock());
    const error = await tokens
      .token(testCluster('a-1', { tls: INSECURE }), credentials)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'CLUSTER_UNREACHABLE', details: { reason: 'TLS_UNTRUSTED' } });
    expect(requests).toEqual([]);
  });
});

describe('endpoints of one cluster', () => {
  it('have TLS rules and a tenant of their own', async () => {
    const tenants: (string | undefined)[] = [];
    const connections = new Set<unknown>();
    const server = await serve(
      (request, response) => {
        connections.add(request.socket);
        tenants.push(request.headersDistinct['x-scope-orgid']?.[0]);
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"success","data":[]}');
      },
      { tls: certificates.server },
    );
    const spokes = createSpokes({ transport, credentialsOf: async () => undefined });
    const cluster = testCluster('a-1', {
      api_server_url: server.url,
      endpoints: { prometheus_url: server.url, loki_url: server.url },
      endpoint_options: {
        prometheus: { tls: { ca: certificates.ca, insecure_skip_verify: false }, tenant: 'team-a' },
        loki: { tenant: 'application' },
      },
    });
    const [prometheus, loki, api] = await Promise.all(
      (['PROMETHEUS', 'LOKI', 'API'] as const).map((kind) => spokes.target(cluster, kind)),
    );
    if (!prometheus || !loki || !api) throw new Error('no target');
    const get = { path: '/', ...limits };
    const untrusted = { code: 'CLUSTER_UNREACHABLE', details: { reason: 'TLS_UNTRUSTED' } };
    for (let round = 0; round < 2; round += 1) {
      expect((await transport.request(prometheus, get)).status).toBe(200);
      await expect(transport.request(loki, get)).rejects.toMatchObject(untrusted);
      await expect(transport.request(api, get)).rejects.toMatchObject(untrusted);
    }
    expect(tenants).toEqual(['team-a', 'team-a']);
    // One connection served both: another endpoint's rules did not close it.
    expect(connections.size).toBe(1);
    expect(loki.headers).toEqual({ 'x-scope-orgid': 'application' });
  });
});
