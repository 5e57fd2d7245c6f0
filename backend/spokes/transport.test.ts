import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AppError } from '../model/errors.ts';
import { systemClock } from '../platform/clock.ts';
import { createLogger } from '../platform/logger.ts';
import { createMetrics } from '../platform/metrics.ts';
import { createAddressPolicy } from './address-policy.ts';
import { type HttpDouble, startHttp, startTcp } from './test-servers.ts';
import {
  type SpokeRequest,
  type SpokeTarget,
  type Transport,
  type TransportOptions,
  createTransport,
} from './transport.ts';

const TLS = { insecure_skip_verify: false };
const get: SpokeRequest = { path: '/x', timeoutMs: 5_000 };
const servers: HttpDouble[] = [];
let transport: Transport;
let log = '';
let metrics = createMetrics();

function make(options: Partial<TransportOptions> = {}): Transport {
  const logger = createLogger({ level: 'debug', destination: { write: (line) => void (log += line) } });
  const policy = createAddressPolicy({ allow: ['127.0.0.0/8'], deny: [] });
  metrics = createMetrics();
  return createTransport({ policy, clock: systemClock, logger, metrics, version: '1.2.3', ...options });
}

async function serve(...args: Parameters<typeof startHttp>): Promise<HttpDouble> {
  const server = await startHttp(...args);
  servers.push(server);
  return server;
}

function at(url: string, more: Partial<SpokeTarget> = {}): SpokeTarget {
  return { clusterId: 'c1', kind: 'PROMETHEUS', url, tls: TLS, ...more };
}

async function failure(promise: Promise<unknown>): Promise<AppError> {
  const outcome = await promise.then(
    () => new Error('it was answered'),
    (error: AppError) => error,
  );
  if (!('code' in outcome)) throw outcome;
  return outcome;
}

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 3000;
  while (!condition() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(condition()).toBe(true);
}

beforeEach(() => {
  log = '';
  transport = make();
});

afterEach(async () => {
  await transport.close();
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

describe('what goes out', () => {
  it('sends path, query, form, credentials and who we are, below the path of the base URL', async () => {
    const seen: Record<string, unknown>[] = [];
    const server = await serve((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        seen.push({
          url: request.url,
          method: request.method,
          body,
          agent: request.headers['user-agent'],
          auth: request.headers.authorization,
          type: request.headers['content-type'],
        });
        response.end('ok');
      });
    });
    await transport.request(at(`${server.url}/prometheus/?tenant=a`, { auth: { type: 'BEARER', token: 't0k' } }), {
      ...get,
      query: new URLSearchParams({ query: 'a b' }),
    });
    await transport.request(at(server.url, { auth: { type: 'BASIC', username: 'u', password: 'p' } }), {
      ...get,
      method: 'POST',
      form: new URLSearchParams({ q: '1' }),
    });
    expect(seen).toEqual([
      {
        url: '/prometheus/x?tenant=a&query=a+b',
        method: 'GET',
        body: '',
        agent: 'aiops-nextgen/1.2.3',
        auth: 'Bearer t0k',
        type: undefined,
      },
      {
        url: '/x',
        method: 'POST',
        body: 'q=1',
        agent: 'aiops-nextgen/1.2.3',
        auth: 'Basic dTpw',
        type: 'application/x-www-form-urlencoded',
      },
    ]);
  });

  it('reuses the connection to a cluster and closes it when the cluster is forgotten', async () => {
    const server = await serve((_request, response) => response.end('ok'));
    for (let i = 0; i < 5; i += 1) await transport.request(at(server.url), get);
    expect(server.sockets.size).toBeLessThanOrEqual(2);
    transport.forget('c1');
    await until(() => server.sockets.size === 0);
  });

  it('lets what is in flight end when the cluster is forgotten, and when everything is closed not', async () => {
    const server = await serve(
      (request, response) => void setTimeout(() => response.end('ok'), request.url === '/slow' ? 5000 : 100),
    );
    const pending = transport.request(at(server.url), get);
    await until(() => server.sockets.size === 1);
    transport.forget('c1');
    expect((await pending).status).toBe(200);
    const slow = failure(transport.request(at(server.url), { ...get, path: '/slow' }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await transport.close();
    expect((await slow).code).toBe('CLUSTER_UNREACHABLE');
  });

  it('counts every request by kind and outcome', async () => {
    const server = await serve((_request, response) => response.end('ok'));
    await transport.request(at(server.url), get);
    await failure(transport.request(at('http://169.254.169.254/'), get));
    const text = await metrics.registry.metrics();
    expect(text).toContain('aiops_spoke_requests_total{kind="PROMETHEUS",outcome="SUCCESS"} 1');
    expect(text).toContain('aiops_spoke_requests_total{kind="PROMETHEUS",outcome="ADDRESS_FORBIDDEN"} 1');
  });
});

describe('abuse', () => {
  it('never follows a redirect, so a canary behind it gets no hit', async () => {
    let hits = 0;
    const canary = await serve((_request, response) => {
      hits += 1;
      response.end();
    });
    for (const status of [301, 302, 303, 307, 308]) {
      const server = await serve((_request, response) =>
        response.writeHead(status, { location: `${canary.url}/login?state=hunter2` }).end(),
      );
      const error = await failure(
        transport.request(at(server.url, { auth: { type: 'BEARER', token: 'secret-token' } }), get),
      );
      expect(error.code).toBe('SPOKE_ERROR');
      expect(error.message).toContain(`redirect (${status}) to "${canary.url}/login"`);
      expect(error.sentence).not.toContain('hunter2');
    }
    expect(hits).toBe(0);
  });

  it('aborts a gzip bomb at the cap without holding it in memory', async () => {
    // A gzip file may have many members, so 1 GiB need not be compressed (or held) here.
    const member = gzipSync(Buffer.alloc(16 * 1024 * 1024));
    const bomb = Buffer.concat(Array<Buffer>(64).fill(member));
    expect(bomb.length).toBeLessThan(1_100_000);
    const server = await serve((_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
    );
    const before = process.memoryUsage().rss;
    let peak = before;
    const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 5);
    const error = await failure(transport.request(at(server.url), get));
    clearInterval(watch);
    expect(error.code).toBe('SPOKE_ERROR');
    expect(error.details['reason']).toBe('TOO_LARGE');
    expect(Math.max(peak, process.memoryUsage().rss) - before).toBeLessThan(64 * 1024 * 1024);
  });

  it('refuses a body over the cap, announced or not, and never cuts it silently', async () => {
    const announced = await serve((_request, response) => response.end(Buffer.alloc(2000)));
    const endless = await serve((_request, response) => {
      const pump = () => {
        while (response.write(Buffer.alloc(1000)));
        response.once('drain', pump);
      };
      response.writeHead(200);
      pump();
    });
    for (const server of [announced, endless]) {
      const error = await failure(transport.request(at(server.url), { ...get, maxBytes: 1500 }));
      expect(error.details).toMatchObject({ reason: 'TOO_LARGE', limit_bytes: 1500 });
    }
    await until(() => endless.sockets.size === 0);
    const fits = await transport.request(at(announced.url), { ...get, maxBytes: 2000 });
    expect(fits.body.length).toBe(2000);
  });

  it('reads gzip that fits, and refuses an encoding that it did not ask for', async () => {
    const zipped = await serve((_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"a":1}')),
    );
    expect((await transport.request(at(zipped.url), get)).body.toString()).toBe('{"a":1}');
    const other = await serve((_request, response) => response.writeHead(200, { 'content-encoding': 'br' }).end('x'));
    expect((await failure(transport.request(at(other.url), get))).details['reason']).toBe('ENCODING');
    const damaged = await serve((_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end('not gzip'),
    );
    expect((await failure(transport.request(at(damaged.url), get))).message).toContain('damaged gzip');
  });

  it('connects only to the address that was checked, so a name server that changes its answer gains nothing', async () => {
    const server = await serve((_request, response) => response.writeHead(200, { connection: 'close' }).end('ok'), {
      host: '127.0.0.2',
    });
    const answers = ['127.0.0.2', '169.254.169.254', '::ffff:169.254.169.254'];
    let asked = 0;
    const flipping = make({
      lookup: async () => {
        const address = answers[asked] ?? '169.254.169.254';
        asked += 1;
        return [{ address, family: address.includes(':') ? 6 : 4 }];
      },
    });
    const target = at(`http://rebind.test:${server.port}`);
    expect((await flipping.request(target, get)).status).toBe(200);
    expect((await failure(flipping.request(target, get))).code).toBe('ADDRESS_FORBIDDEN');
    expect((await failure(flipping.request(target, get))).code).toBe('ADDRESS_FORBIDDEN');
    expect(asked).toBe(3);
    await flipping.close();
  });

  it('picks the allowed addresses of a name and never the forbidden ones beside them', async () => {
    const server = await serve((_request, response) => response.end('ok'), { host: '127.0.0.2' });
    const mixed = make({
      lookup: async () => [
        { address: '169.254.169.254', family: 4 },
        { address: '127.0.0.2', family: 4 },
      ],
    });
    expect((await mixed.request(at(`http://mixed.test:${server.port}`), get)).status).toBe(200);
    await mixed.close();
  });

  it.each([
    'http://0251.0376.0251.0376/',
    'http://0xa9fea9fe/',
    'http://[::ffff:169.254.169.254]/',
    'http://[fe80::1]/',
  ])('refuses %s before any connection', async (url) => {
    expect((await failure(transport.request(at(url), get))).code).toBe('ADDRESS_FORBIDDEN');
  });

  it('shows no token, password or key in errors and logs', async () => {
    const server = await startTcp((socket) => socket.destroy());
    servers.push(server);
    const secrets = ['tok-canary', 'pass-canary'];
    const errors = [
      await failure(transport.request(at(server.url, { auth: { type: 'BEARER', token: 'tok-canary' } }), get)),
      await failure(transport.request(at(server.url, { auth: { type: 'BEARER', token: 'tok-canary\r\nx: y' } }), get)),
      await failure(
        transport.request(at(server.url, { auth: { type: 'BASIC', username: 'u', password: 'pass-canary' } }), get),
      ),
    ];
    const causes = errors.map((error) => (error.cause instanceof Error ? error.cause.message : ''));
    const text = JSON.stringify([errors, errors.map((error) => error.sentence), causes]) + log;
    for (const secret of secrets) expect(text).not.toContain(secret);
    expect(errors[1]?.code).toBe('CREDENTIALS_INVALID');
  });
});

describe('faults', () => {
  it('frees a half-open connection by the deadline', async () => {
    const silent = await startTcp();
    servers.push(silent);
    const startedMs = performance.now();
    const error = await failure(transport.request(at(silent.url), { ...get, timeoutMs: 200 }));
    expect(performance.now() - startedMs).toBeLessThan(450);
    expect(error.code).toBe('QUERY_TIMEOUT');
    await until(() => silent.sockets.size === 0);
  });

  it('frees a TLS handshake that never ends by the deadline', async () => {
    const silent = await startTcp();
    servers.push(silent);
    const startedMs = performance.now();
    const error = await failure(
      transport.request(at(silent.url.replace('http:', 'https:')), { ...get, timeoutMs: 200 }),
    );
    expect(performance.now() - startedMs).toBeLessThan(450);
    expect(error.code).toBe('QUERY_TIMEOUT');
    await until(() => silent.sockets.size === 0);
  });

  it('answers a slow drip at the deadline', async () => {
    const drip = await serve((_request, response) => {
      const timer = setInterval(() => response.write('.'), 20);
      response.once('close', () => clearInterval(timer));
    });
    const startedMs = performance.now();
    const error = await failure(transport.request(at(drip.url), { ...get, timeoutMs: 300 }));
    expect(error.code).toBe('QUERY_TIMEOUT');
    expect(performance.now() - startedMs).toBeLessThan(550);
    await until(() => drip.sockets.size === 0);
  });

  it('tells a body that breaks off from one that ended', async () => {
    const chunked = await serve((_request, response) => {
      response.write('{"status":"succ');
      setTimeout(() => response.destroy(), 20);
    });
    const short = await startTcp((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"status"'));
    servers.push(short);
    for (const server of [chunked, short]) {
      const error = await failure(transport.request(at(server.url), get));
      expect([error.code, error.details['reason']]).toEqual(['SPOKE_ERROR', 'TRUNCATED']);
    }
  });

  it('rejects with the reason of a caller who aborts, and frees the socket', async () => {
    const silent = await startTcp();
    servers.push(silent);
    const controller = new AbortController();
    const reason = new Error('the caller went away');
    const pending = transport.request(at(silent.url), { ...get, signal: controller.signal });
    setTimeout(() => controller.abort(reason), 50);
    await expect(pending).rejects.toBe(reason);
    await until(() => silent.sockets.size === 0);
  });

  it('names what kept it from a spoke', async () => {
    const gone = await startTcp();
    await gone.stop();
    const refused = await failure(transport.request(at(gone.url), get));
    expect([refused.code, refused.details['reason']]).toEqual(['CLUSTER_UNREACHABLE', 'REFUSED']);
    expect(refused.message).toContain(`127.0.0.1:${gone.port}`);

    const nameless = make({ lookup: () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' })) });
    expect((await failure(nameless.request(at('http://nowhere.test'), get))).details['reason']).toBe('DNS');
    await nameless.close();

    const reset = await startTcp((socket) => socket.destroy());
    const chatty = await startTcp((socket) => socket.end('SSH-2.0-OpenSSH_9\r\n'));
    servers.push(reset, chatty);
    expect((await failure(transport.request(at(reset.url), get))).details['reason']).toBe('RESET');
    expect((await failure(transport.request(at(chatty.url), get))).details['reason']).toBe('NOT_HTTP');
  });
});
