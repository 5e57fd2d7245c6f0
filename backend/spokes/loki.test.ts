import type { ServerResponse } from 'node:http';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { type AppError, asAppError } from '../model/errors.ts';
import { createLokiClient } from './loki.ts';
import { startHttp } from './test-servers.ts';
import { loopbackTransport, targetAt } from './test-transport.ts';

const transport = loopbackTransport();
const loki = createLokiClient(transport);
afterAll(() => transport.close());

const limits = { timeoutMs: 5_000 };
const window = { startNs: 1_795_227_871_000_000_000n, endNs: 1_795_227_872_000_000_000n };

interface Asked {
  readonly path: string;
  readonly params: URLSearchParams;
  readonly headers: NodeJS.Dict<string | string[]>;
}

async function server(answer: (response: ServerResponse) => void): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const running = await startHttp((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://spoke');
    asked.push({ path: pathname, params: searchParams, headers: request.headers });
    answer(response);
  });
  onTestFinished(() => running.stop());
  return { url: running.url, asked };
}

const json = (status: number, body: unknown) => (response: ServerResponse) =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
const text =
  (status: number, body: string, headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    void response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...headers }).end(body);

async function refused(answer: (response: ServerResponse) => void, query = '{a="b"}'): Promise<AppError> {
  const { url } = await server(answer);
  return loki.range(targetAt(url, 'LOKI'), { query, ...window, ...limits }).then(
    () => {
      throw new Error('it answered');
    },
    (thrown: unknown) => asAppError(thrown),
  );
}

describe('Loki client', () => {
  it('asks by nanoseconds as text and for categories of labels, and reads entries exactly', async () => {
    const { url, asked } = await server(
      json(200, {
        status: 'success',
        data: {
          resultType: 'streams',
          encodingFlags: ['categorize-labels'],
          result: [
            {
              stream: { app: 'x' },
              values: [
                ['1795227871000000001', 'a', { structuredMetadata: { trace_id: '0af7' }, parsed: { k: 'v' } }],
                ['1795227871000000000', 'b', {}],
              ],
            },
          ],
        },
        warnings: ['part is missing'],
      }),
    );
    const target = { ...targetAt(url, 'LOKI'), headers: { 'x-scope-orgid': 'team' } };
    const answer = await loki.range(target, {
      query: '{app="x"}',
      ...window,
      limit: 5,
      direction: 'BACKWARD',
      ...limits,
    });
    expect(answer).toEqual({
      value: {
        type: 'STREAMS',
        entries: [
          {
            ns: 1_795_227_871_000_000_001n,
            line: 'a',
            stream: { app: 'x' },
            structuredMetadata: { trace_id: '0af7' },
            parsed: { k: 'v' },
          },
          { ns: 1_795_227_871_000_000_000n, line: 'b', stream: { app: 'x' }, structuredMetadata: {}, parsed: {} },
        ],
      },
      warnings: ['part is missing'],
    });
    expect(Object.fromEntries(asked[0]?.params ?? [])).toEqual({
      query: '{app="x"}',
      start: '1795227871000000000',
      end: '1795227872000000000',
      limit: '5',
      direction: 'backward',
    });
    expect(asked[0]?.headers).toMatchObject({
      'x-scope-orgid': 'team',
      'x-loki-response-encoding-flags': 'categorize-labels',
    });
  });

  it('reads a missing data key as nothing found', async () => {
    const { url } = await server(json(200, { status: 'success' }));
    expect(await loki.labels(targetAt(url, 'LOKI'), { ...window, ...limits })).toEqual({ value: [], warnings: [] });
    const patterns = { selector: '{a="b"}', step: 60, ...window, ...limits };
    expect(await loki.patterns(targetAt(url, 'LOKI'), patterns)).toEqual([]);
  });

  it('tells a server that keeps no patterns from one that fails', async () => {
    const patterns = { selector: '{a="b"}', step: 60, ...window, ...limits };
    const without = await server(text(404, '404 page not found'));
    expect(await loki.patterns(targetAt(without.url, 'LOKI'), patterns)).toBeUndefined();
    const failing = await server(text(503, 'Ingester not ready'));
    await expect(loki.patterns(targetAt(failing.url, 'LOKI'), patterns)).rejects.toThrow('503');
  });

  it.each([
    [{ data: { resultType: 'streams', result: [{ stream: {}, values: [[1795227871, 'a']] }] } }, 'timestamp'],
    [{ data: { resultType: 'streams', result: [{ stream: {}, values: [['1795227871000000001', 7]] }] } }, 'line'],
    [{ data: { resultType: 'streams', result: [{ stream: { a: 1 }, values: [['1', 'x']] }] } }, 'label value'],
    [{ data: { resultType: 'streams', result: [{}] } }, 'no values'],
    [{ data: { resultType: 'poems', result: [] } }, 'resultType'],
  ])('refuses what its API does not promise: %j', async (body, said) => {
    const error = await refused(json(200, { status: 'success', ...body }));
    expect([error.code, error.details['reason']]).toEqual(['SPOKE_ERROR', 'SHAPE']);
    expect(error.message).toContain(said);
  });

  it.each([
    [
      text(400, 'parse error at line 2, col 3: syntax error: unexpected IDENTIFIER'),
      'INVALID_LOGQL',
      { position: 10 },
      'syntax error',
    ],
    [
      text(400, 'max entries limit per query exceeded, limit > max_entries_limit_per_query (6000 > 5000)'),
      'QUERY_REFUSED',
      { rule: 'loki_max_entries' },
      'cursor',
    ],
    [
      text(400, 'the query time range exceeds the limit (query length: 800h, limit: 721h)'),
      'QUERY_REFUSED',
      { rule: 'loki_max_query_length' },
      'Shorten',
    ],
    [text(401, 'no org id'), 'SPOKE_ERROR', { reason: 'TENANT', status: 401 }, 'endpoint_options.loki.tenant'],
    [
      text(429, 'too many outstanding requests', { 'retry-after': '7' }),
      'SPOKE_ERROR',
      { reason: 'RATE_LIMITED', status: 429, retry_after_s: 7 },
      'too often',
    ],
    [text(429, 'too many outstanding requests'), 'SPOKE_ERROR', { reason: 'RATE_LIMITED', status: 429 }, 'too often'],
    [text(499, 'the request was cancelled by the client'), 'QUERY_TIMEOUT', { status: 499 }, 'gave up'],
    [text(504, 'request timed out, decrease the duration of the request'), 'QUERY_TIMEOUT', { status: 504 }, 'gave up'],
    [
      text(503, 'Ingester not ready: waiting for 15s after being ready'),
      'SPOKE_ERROR',
      { reason: 'STATUS', status: 503 },
      'not ready',
    ],
    [text(404, '404 page not found'), 'SPOKE_ERROR', { reason: 'STATUS', status: 404 }, '/api/logs/v1/<tenant>'],
    [
      json(403, {
        error: "You don't have permission to access this tenant",
        errorType: 'observatorium-api',
        status: 'error',
      }),
      'SPOKE_ERROR',
      { reason: 'FORBIDDEN', status: 403 },
      'name one exactly in the selector',
    ],
    [
      json(400, { error: '400 Bad Request', errorType: 'observatorium-api', status: 'error' }),
      'SPOKE_ERROR',
      { reason: 'FORBIDDEN', status: 400 },
      'name one exactly in the selector',
    ],
    [
      (response: ServerResponse) =>
        void response.writeHead(302, { location: '/openshift/application/login?route=x' }).end('{}'),
      'SPOKE_ERROR',
      { reason: 'REDIRECT', status: 302 },
      'set the loki_token',
    ],
    [
      (response: ServerResponse) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
      'SPOKE_ERROR',
      { reason: 'HTML', status: 200 },
      'login proxy',
    ],
  ])('knows refusal %#', async (answer, code, details, said) => {
    const error = await refused(answer, '{a="b"}\n| {x}');
    expect(error.code).toBe(code);
    expect(error.details).toMatchObject(details);
    expect(error.sentence).toContain(said);
  });
});
