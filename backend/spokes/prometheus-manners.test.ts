import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { AppError } from '../model/errors.ts';
import { ManualClock } from '../platform/clock.ts';
import { createPrometheusClient } from './prometheus.ts';
import { type HttpDouble, startHttp } from './test-servers.ts';
import { loopbackTransport, targetAt } from './test-transport.ts';

/* How servers other than the real Prometheus next door behave: bodies and statuses of wire.md 1.2 to 1.10. */

const transport = loopbackTransport();
const clock = new ManualClock();
const client = createPrometheusClient(transport, clock);
const limits = { timeoutMs: 5_000 };
const long = `up{job=~"${'x'.repeat(5000)}"}`;
const servers: HttpDouble[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop())));
afterAll(() => transport.close());

const scalar = { status: 'success', data: { resultType: 'scalar', result: [1, '1'] } };
const send = (response: ServerResponse, status: number, body: unknown) =>
  void response
    .writeHead(status, { 'content-type': typeof body === 'string' ? 'text/plain' : 'application/json' })
    .end(typeof body === 'string' ? body : JSON.stringify(body));

/** A server that answers as told, and what it was asked, as `METHOD path`. */
async function serving(answer: (request: IncomingMessage, response: ServerResponse, url: URL) => void) {
  const asked: string[] = [];
  const params: URLSearchParams[] = [];
  const server = await startHttp((request, response) => {
    const url = new URL(request.url ?? '', 'http://x');
    asked.push(`${request.method} ${url.pathname}`);
    params.push(url.searchParams);
    answer(request, response, url);
  });
  servers.push(server);
  return { target: targetAt(server.url), asked, params };
}

async function errorOf(promise: Promise<unknown>): Promise<AppError> {
  const error: unknown = await promise.then(
    () => 'it was answered',
    (thrown: unknown) => thrown,
  );
  if (error instanceof AppError) return error;
  throw new Error('no AppError', { cause: error });
}

describe('GET or POST', () => {
  it('asks by GET, and a long query by POST', async () => {
    const { target, asked } = await serving((_request, response) => send(response, 200, scalar));
    await client.instant(target, { query: 'up', time: 1, ...limits });
    await client.instant(target, { query: long, time: 1, ...limits });
    expect(asked).toEqual(['GET /api/v1/query', 'POST /api/v1/query']);
  });

  it.each([403, 405])('remembers for ten minutes that POST is refused with %i', async (status) => {
    const { target, asked } = await serving((request, response) =>
      request.method === 'POST' ? send(response, status, 'Forbidden (verb=create)') : send(response, 200, scalar),
    );
    const ask = () => client.instant(target, { query: long, time: 1, ...limits });
    await ask();
    await ask();
    expect(asked.map((line) => line.slice(0, 4))).toEqual(['POST', 'GET ', 'GET ']);
    await clock.advance(600_001);
    await ask();
    expect(asked.map((line) => line.slice(0, 4))).toEqual(['POST', 'GET ', 'GET ', 'POST', 'GET ']);
  });

  it('takes 403 for both ways as what it is and learns nothing from it', async () => {
    const { target, asked } = await serving((_request, response) => send(response, 403, 'Forbidden'));
    const ask = () => errorOf(client.instant(target, { query: long, time: 1, ...limits }));
    expect((await ask()).details['reason']).toBe('FORBIDDEN');
    await ask();
    expect(asked.map((line) => line.slice(0, 4))).toEqual(['POST', 'GET ', 'POST', 'GET ']);
  });

  it.each([414, 431])(
    'goes over to POST where a URL is too long (%i), and begins there the next time',
    async (status) => {
      const query = `up{job=~"${'x'.repeat(1000)}"}`;
      const { target, asked } = await serving((request, response, url) =>
        request.method === 'GET' && url.search.length > 500
          ? send(response, status, 'too long')
          : send(response, 200, scalar),
      );
      await client.instant(target, { query, time: 1, ...limits });
      await client.instant(target, { query, time: 1, ...limits });
      await client.instant(target, { query: 'up', time: 1, ...limits });
      expect(asked.map((line) => line.slice(0, 4))).toEqual(['GET ', 'POST', 'POST', 'GET ']);
    },
  );

  it('names both refusals when there is no way', async () => {
    const { target } = await serving((request, response) =>
      send(response, request.method === 'POST' ? 403 : 414, 'no'),
    );
    const error = await errorOf(client.instant(target, { query: long, time: 1, ...limits }));
    expect(error.details).toEqual({ reason: 'QUERY_TOO_LONG', status: 414 });
    expect(error.sentence).toMatch(/neither by POST \(403\) nor, for its \d+ characters, by GET \(414\)/);
  });
});

describe('what servers say beside their data', () => {
  const warningsOf = async (extra: object) => {
    const { target } = await serving((_request, response) => send(response, 200, { ...scalar, ...extra }));
    return (await client.instant(target, { query: 'up', time: 1, ...limits })).warnings;
  };

  it('joins warnings and infos without positions, each once', async () => {
    const text = 'PromQL info: metric might not be a counter, name does not end in _total: "x"';
    expect(
      await warningsOf({
        warnings: ['PromQL warning: bucket label "le" is missing (1:5)', '3 more warning annotations omitted'],
        infos: [`${text} (1:6)`, `${text} (2:1)`],
      }),
    ).toEqual([
      'PromQL warning: bucket label "le" is missing',
      'PromQL warning: 3 more warning annotations omitted',
      text,
    ]);
  });

  it('hands on the warnings of a Thanos whose store is down', async () => {
    const warning = 'No StoreAPIs matched for this query';
    expect(await warningsOf({ warnings: [warning] })).toEqual([warning]);
  });
});

describe('Thanos', () => {
  it('is told to merge replicas and to answer in part; a Prometheus is not, once that is known', async () => {
    for (const [version, expected] of [
      ['0.42.4', 'true'],
      ['3.13.2', null],
    ] as const) {
      const { target, params } = await serving((_request, response, url) =>
        send(response, 200, url.pathname.endsWith('buildinfo') ? { status: 'success', data: { version } } : scalar),
      );
      expect((await client.server(target, limits)).flavor).toBe(expected === null ? 'PROMETHEUS' : 'THANOS');
      await client.instant(target, { query: 'up', time: 1, ...limits });
      expect([params[1]?.get('dedup'), params[1]?.get('partial_response')]).toEqual([expected, expected]);
    }
  });
});

describe('Mimir', () => {
  const failing = async (status: number, body: unknown) => {
    const { target } = await serving((_request, response) => send(response, status, body));
    return errorOf(client.instant(target, { query: 'up', time: 1, ...limits }));
  };

  it('wants a tenant, which new credentials would not give', async () => {
    const error = await failing(401, 'no org id\n');
    expect(error.details['reason']).toBe('NO_TENANT');
    expect(error.sentence).toContain('endpoint_options');
  });

  it('gets the tenant of the endpoint as its header', async () => {
    let tenant: unknown;
    const { target } = await serving((request, response) => {
      tenant = request.headers['x-scope-orgid'];
      send(response, 200, scalar);
    });
    await client.instant({ ...target, headers: { 'x-scope-orgid': 'team-a' } }, { query: 'up', time: 1, ...limits });
    expect(tenant).toBe('team-a');
  });

  it.each([
    [422, 'execution', 'the query exceeded the maximum number of chunks (err-mimir-max-chunks-per-query)', 'QUERY'],
    [413, 'too_large_entry', 'response larger than the limit', 'QUERY'],
    [429, 'too_many_requests', 'too many outstanding requests', 'RATE_LIMITED'],
    [503, 'unavailable', 'no queriers', 'QUERY'],
  ])('has its limits told apart: %i %s', async (status, errorType, error, reason) => {
    const told = await failing(status, { status: 'error', errorType, error });
    expect([told.code, told.details['reason'], told.details['status']]).toEqual(['SPOKE_ERROR', reason, status]);
    if (status === 422) expect(told.details['limit']).toBe('err-mimir-max-chunks-per-query');
    if (status === 413) expect(told.hint).toContain('narrow');
  });
});

/** Word for word of 1.79.5. */
const VICTORIA_SAYS =
  'error when executing query="sum(demo" for (time=1795517901682, step=300000): argList: unexpected token ""; want ",", ")"; unparsed data: ""';

describe('VictoriaMetrics', () => {
  it('is unknown by its build, and its parse errors are those of the query', async () => {
    const { target } = await serving((_request, response, url) =>
      url.pathname.endsWith('buildinfo')
        ? send(response, 200, { status: 'success', data: {} })
        : send(response, 422, { status: 'error', errorType: '422', error: VICTORIA_SAYS }),
    );
    expect(await client.server(target, limits)).toEqual({ flavor: 'UNKNOWN' });
    expect((await errorOf(client.instant(target, { query: 'up}', time: 1, ...limits }))).code).toBe('INVALID_PROMQL');
  });

  it('may answer a path that it does not know with 400 and text', async () => {
    const { target } = await serving((_request, response) => send(response, 400, 'unsupported path requested'));
    const error = await errorOf(client.metadata(target, limits));
    expect([error.code, error.details['status']]).toEqual(['SPOKE_ERROR', 400]);
  });
});

describe('Prometheus 3', () => {
  it('is asked for values of any label name, escaped for the path', async () => {
    const { target, asked } = await serving((_request, response, url) =>
      send(response, 200, {
        status: 'success',
        data: url.pathname.endsWith('buildinfo') ? { version: '3.1.0' } : ['a'],
      }),
    );
    const values = (label: string) => client.labelValues(target, { label, start: 0, end: 1, ...limits });
    expect((await values('k8s.pod_name')).value).toEqual(['a']);
    await values('1é');
    await values('pod');
    expect(asked).toEqual([
      'GET /api/v1/status/buildinfo',
      'GET /api/v1/label/U__k8s_2e_pod__name/values',
      'GET /api/v1/label/U___31__e9_/values',
      'GET /api/v1/label/pod/values',
    ]);
  });

  it('asks what the server is once an hour, and sooner when it did not tell', async () => {
    let version: string | undefined = '3.1.0';
    const { target, asked } = await serving((_request, response) =>
      send(
        response,
        version === undefined ? 404 : 200,
        version === undefined ? 'no' : { status: 'success', data: { version } },
      ),
    );
    for (const _ of [1, 2]) await client.server(target, limits);
    expect(asked).toHaveLength(1);
    version = undefined;
    await clock.advance(3_600_001);
    expect(await client.server(target, limits)).toEqual({ flavor: 'UNKNOWN' });
    version = '3.2.0';
    await clock.advance(300_001);
    expect(await client.server(target, limits)).toEqual({ flavor: 'PROMETHEUS', version: '3.2.0', utf8Names: true });
  });

  it('hands on limit, and metadata with a missing unit', async () => {
    const { target, params } = await serving((_request, response, url) =>
      send(
        response,
        200,
        url.pathname.endsWith('metadata')
          ? { status: 'success', data: { up: [{ type: 'gauge', help: 'h' }] } }
          : scalar,
      ),
    );
    await client.instant(target, { query: 'up', time: 1, limit: 7, ...limits });
    expect(params[0]?.get('limit')).toBe('7');
    const { value } = await client.metadata(target, { metric: 'up', ...limits });
    expect(value).toEqual({ up: [{ type: 'gauge', help: 'h', unit: '' }] });
  });
});
