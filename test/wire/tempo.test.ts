/**
 * What the Tempo client expects of a Tempo. Runs against the double of the simulated fleet; with AIOPS_TEST_TEMPO=<url>
 * (`npm run test:wire`) against a real one that has received traces within the last hour.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../../backend/model/errors.ts';
import { createAddressPolicy } from '../../backend/spokes/address-policy.ts';
import type { FoundTrace } from '../../backend/spokes/tempo-search.ts';
import { createTempoClient } from '../../backend/spokes/tempo.ts';
import { loopbackTransport, targetAt } from '../../backend/spokes/test-transport.ts';
import type { SpokeTarget } from '../../backend/spokes/transport.ts';
import { type StartedTempos, startTempos } from '../../evals/fleet/tempo/started-double.ts';

const real = process.env['AIOPS_TEST_TEMPO'];
const transport = loopbackTransport(
  real === undefined ? {} : { policy: createAddressPolicy({ allow: [new URL(real).hostname], deny: [] }) },
);
const tempo = createTempoClient(transport);
const limits = { timeoutMs: 20_000 };
const end = (real === undefined ? Date.UTC(2026, 2, 1, 12) : Date.now()) / 1000;
const window = { start: end - 3600, end, ...limits };

let doubles: StartedTempos | undefined;
let target: SpokeTarget;
beforeAll(async () => {
  doubles = real === undefined ? await startTempos(() => end * 1000) : undefined;
  target = targetAt(real ?? doubles?.tempos.get('prod-us-1')?.url ?? '', 'TEMPO');
});
afterAll(async () => {
  await transport.close();
  await doubles?.stop();
});

const search = (query: string, limit = 20) => tempo.search(target, { ...window, query, limit, spansPerTrace: 3 });
const failure = async (call: Promise<unknown>): Promise<AppError> => {
  const thrown: unknown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof AppError) return thrown;
  throw new Error(`it did not fail as it should: ${String(thrown)}`);
};
const someTrace = async (): Promise<FoundTrace> => {
  const [first] = (await search('{}')).traces;
  if (!first) throw new Error('this Tempo has no trace of the last hour');
  return first;
};

describe(`a Tempo (${real ?? 'the double'})`, () => {
  it('is ready and lets searches through', async () => {
    await expect(tempo.ready(target, limits)).resolves.toBeUndefined();
    await expect(tempo.authorized(target, limits)).resolves.toBeUndefined();
  });

  it('finds traces within the window, no more than the limit', async () => {
    const { traces } = await search('{}', 5);
    expect(traces.length).toBeGreaterThan(0);
    expect(traces.length).toBeLessThanOrEqual(5);
    for (const { traceId, startNs, matched, spans } of traces) {
      expect(traceId).toMatch(/^[0-9a-f]{32}$/);
      expect(Number(startNs / 1_000_000_000n)).toBeGreaterThan(window.start - 120);
      expect(Number(startNs / 1_000_000_000n)).toBeLessThanOrEqual(end + 1);
      expect(matched).toBeGreaterThan(0);
      expect(spans.length).toBeLessThanOrEqual(3);
    }
  });

  it('has every trace that it finds, whole, with the spans that the search told', async () => {
    for (const found of (await search('{}', 5)).traces) {
      const trace = await tempo.trace(target, { ...limits, traceId: found.traceId });
      const ids = trace?.spans.map(({ spanId }) => spanId) ?? [];
      for (const { spanId } of found.spans) expect(ids).toContain(spanId);
      for (const span of trace?.spans ?? []) {
        expect(span.traceId).toBe(found.traceId);
        expect(span.spanId).toMatch(/^[0-9a-f]{16}$/);
        expect(span.endNs).toBeGreaterThanOrEqual(span.startNs);
        expect(span.resource['service.name'] ?? '(unnamed service)').toBe(span.service);
      }
    }
  });

  it('finds a trace by the service, the name and the duration of one of its spans', async () => {
    const trace = await tempo.trace(target, { ...limits, traceId: (await someTrace()).traceId });
    const span = trace?.spans[0];
    if (!span) throw new Error('a trace without spans');
    const query = `{ resource.service.name = ${JSON.stringify(span.service)} && name = ${JSON.stringify(span.name)} && duration >= ${span.endNs - span.startNs}ns } | select(status, name, resource.service.name)`;
    const { traces } = await search(query, 1000);
    expect(traces.map(({ traceId }) => traceId)).toContain(span.traceId);
  });

  it('takes anchored regular expressions', async () => {
    const service = (await search('{ kind = server }', 1)).traces[0]?.rootService ?? '';
    const start = service.slice(0, 3);
    const matched = await search(`{ resource.service.name =~ "^(?:${start}.*)$" }`, 5);
    expect(matched.traces.length).toBeGreaterThan(0);
    expect((await search(`{ resource.service.name =~ "^(?:${start})$" }`, 5)).traces).toEqual([]);
  });

  it('finds nothing where nothing matches', async () => {
    expect(await search('{ resource.service.name = "there is no such service" }')).toMatchObject({ traces: [] });
  });

  it('says where a query does not parse', async () => {
    const query = '{ resource.service.name = "x" && }';
    const error = await failure(search(query));
    expect(error.code).toBe('INVALID_TRACEQL');
    expect(error.details['position']).toBe(query.length - 1);
  });

  it('says that it refuses a window which ends before it starts', async () => {
    const error = await failure(
      tempo.search(target, { ...limits, start: end, end: end - 60, query: '{}', limit: 1, spansPerTrace: 1 }),
    );
    expect(error).toMatchObject({ code: 'SPOKE_ERROR', details: { reason: 'QUERY', status: 400 } });
  });

  it('does not have a trace that nobody sent', async () => {
    expect(await tempo.trace(target, { ...limits, traceId: 'c0ffee'.padStart(32, '0') })).toBeUndefined();
  });

  it('refuses a trace id that is none', async () => {
    expect((await failure(tempo.trace(target, { ...limits, traceId: 'xyz' }))).details['status']).toBe(400);
  });

  it('lists tags with their scope, services, and the operations of one service', async () => {
    expect(await tempo.tags(target, window)).toContain('resource.service.name');
    const services = await tempo.tagValues(target, { ...window, tag: 'resource.service.name' });
    expect(services.length).toBeGreaterThan(0);
    const all = await tempo.tagValues(target, { ...window, tag: 'name' });
    for (const service of services.slice(0, 3)) {
      const query = `{ resource.service.name = ${JSON.stringify(service)} }`;
      const own = await tempo.tagValues(target, { ...window, tag: 'name', query });
      expect(own.length).toBeGreaterThan(0);
      expect(all).toEqual(expect.arrayContaining(own));
    }
  });
});

describe.skipIf(real !== undefined)('the double of Tempo', () => {
  const at = (cluster: string) => {
    const found = doubles?.tempos.get(cluster);
    if (!found) throw new Error(cluster);
    return found;
  };

  it('tells the incident: traces of the storefront fail because checkout refuses', async () => {
    const eu = targetAt(at('prod-eu-1').url, 'TEMPO');
    const query = '{ resource.service.name = "storefront" && status = error && kind = server } with (most_recent=true)';
    const { traces, finished } = await tempo.search(eu, { ...window, query, limit: 50, spansPerTrace: 3 });
    expect([traces.length, finished]).toEqual([50, false]);
    expect(traces.map(({ startNs }) => startNs)).toEqual(
      traces.map(({ startNs }) => startNs).toSorted((a, b) => (a < b ? 1 : -1)),
    );
    const bodies = await Promise.all(traces.map(({ traceId }) => tempo.trace(eu, { ...limits, traceId })));
    const reasons = bodies.flatMap((trace) => trace?.spans ?? []).map(({ statusMessage }) => statusMessage ?? '');
    expect(reasons.some((reason) => reason.includes('connection refused'))).toBe(true);
  });

  it('holds its own part of a trace that spans clusters', async () => {
    const query = '{ rootServiceName = "storefront" && resource.k8s.cluster.name = "prod-eu-1" }';
    const us = targetAt(at('prod-us-1').url, 'TEMPO');
    const eu = targetAt(at('prod-eu-1').url, 'TEMPO');
    const known = await tempo.search(us, { ...window, query: '{}', limit: 10_000, spansPerTrace: 1 });
    const foreign = known.traces.filter(({ rootService }) => rootService === undefined);
    expect(foreign.length).toBeGreaterThan(3);
    const [one] = foreign;
    const there = await tempo.trace(us, { ...limits, traceId: one?.traceId ?? '' });
    const here = await tempo.trace(eu, { ...limits, traceId: one?.traceId ?? '' });
    expect(there?.spans.every(({ service }) => service === 'catalog')).toBe(true);
    const ids = here?.spans.map(({ spanId }) => spanId);
    expect(ids).toContain(there?.spans[0]?.parentSpanId);
    expect((await tempo.search(us, { ...window, query, limit: 1, spansPerTrace: 1 })).traces).toEqual([]);
  });

  it.each([
    ['{ .a > }', /unexpected }/],
    ['{ nested.set.parent = 1 }', /syntax error/],
    ['{} | count() > 2', /unexpected count/],
    ['{} && {}', /unexpected &&/],
    ['{ name =~ 3 }', /regular expression/],
  ])('refuses %s, which it does not evaluate', async (query, why) => {
    const us = targetAt(at('prod-us-1').url, 'TEMPO');
    const error = await failure(tempo.search(us, { ...window, query, limit: 1, spansPerTrace: 1 }));
    expect([error.code, error.message]).toEqual(['INVALID_TRACEQL', expect.stringMatching(why)]);
  });

  it('is also an old Tempo, asked by v1', async () => {
    const { url, modes } = at('stage-1');
    const old = targetAt(url, 'TEMPO');
    const newest = await tempo.search(old, { ...window, query: '{}', limit: 3, spansPerTrace: 1 });
    const traceId = newest.traces[0]?.traceId ?? '';
    const before = await tempo.trace(old, { ...limits, traceId });
    modes.old = true;
    try {
      expect(await tempo.trace(old, { ...limits, traceId })).toEqual(before);
      expect(await tempo.trace(old, { ...limits, traceId: '1' })).toBeUndefined();
      expect(await tempo.tagValues(old, { ...window, tag: 'resource.service.name' })).toContain('catalog');
      expect(await tempo.tags(old, window)).toContain('.service.name');
      const again = await tempo.search(old, { ...window, query: '{}', limit: 3, spansPerTrace: 1 });
      expect(again.traces[0]).toMatchObject({ traceId, services: undefined });
      modes.tooLarge = true;
      expect((await failure(tempo.trace(old, { ...limits, traceId }))).details).toMatchObject({
        reason: 'TRACE_TOO_LARGE',
      });
      modes.old = false;
      expect((await tempo.trace(old, { ...limits, traceId }))?.partial).toMatch(/exceeds maximum size/);
    } finally {
      modes.old = false;
      modes.tooLarge = false;
    }
  });

  it('is also behind a gateway, with tenant, token and RBAC on queries', async () => {
    const { url, modes } = at('stage-1');
    Object.assign(modes, { gatewayTenant: 'dev', token: 't', queryRbac: true, needsTenant: true });
    try {
      const base = targetAt(`${url}/api/traces/v1/dev/tempo`, 'TEMPO');
      const nobody = await failure(tempo.search(base, { ...window, query: '{}', limit: 1, spansPerTrace: 1 }));
      expect(nobody.message).toMatch(/redirect \(302\)/);
      const known: SpokeTarget = { ...base, auth: { type: 'BEARER', token: 't' } };
      const anywhere = await failure(tempo.search(known, { ...window, query: '{}', limit: 1, spansPerTrace: 1 }));
      expect(anywhere).toMatchObject({
        details: { reason: 'UNAUTHORIZED' },
        message: expect.stringContaining('no org id'),
      });
      const tenant: SpokeTarget = { ...known, headers: { 'x-scope-orgid': 'dev' } };
      await tempo.ready(tenant, limits);
      expect((await tempo.search(tenant, { ...window, query: '{}', limit: 1, spansPerTrace: 1 })).traces).toHaveLength(
        1,
      );
      expect(await tempo.tagValues(tenant, { ...window, tag: 'resource.service.name' })).toContain('checkout');
      expect((await failure(tempo.tags(tenant, window))).message).toMatch(/RBAC on queries/);
    } finally {
      Object.assign(modes, { gatewayTenant: undefined, token: undefined, queryRbac: false, needsTenant: false });
    }
  });

  it.each([
    [
      { kind: 'STATUS', status: 429, retryAfterSeconds: 3 },
      { code: 'SPOKE_ERROR', details: { reason: 'RATE_LIMITED' } },
    ],
    [{ kind: 'STATUS', status: 504, body: 'context deadline exceeded' }, { code: 'QUERY_TIMEOUT' }],
    [
      { kind: 'STATUS', status: 503, body: 'Service Unavailable' },
      { code: 'SPOKE_ERROR', details: { status: 503 } },
    ],
    [{ kind: 'TRUNCATE' }, { code: 'SPOKE_ERROR', details: { reason: 'TRUNCATED' } }],
    [{ kind: 'LOGIN_PAGE' }, { code: 'SPOKE_ERROR', details: { reason: 'HTML' } }],
    [{ kind: 'REDIRECT' }, { code: 'SPOKE_ERROR', message: expect.stringContaining('redirect') }],
    [{ kind: 'WRONG_SHAPE' }, { code: 'SPOKE_ERROR', details: { reason: 'SHAPE' } }],
    [{ kind: 'HUGE', bytes: 11 * 1024 * 1024 }, { code: 'SPOKE_ERROR' }],
    [{ kind: 'RESET' }, { code: 'CLUSTER_UNREACHABLE', details: { reason: 'RESET' } }],
    [{ kind: 'HANG' }, { code: 'QUERY_TIMEOUT' }],
  ] as const)('fails on demand: %j', async (fault, expected) => {
    const { url, faults } = at('stage-1');
    faults.set([{ ...fault, path: '/api/search', times: 1 }]);
    const asked = { ...window, timeoutMs: fault.kind === 'HANG' ? 50 : 5000, query: '{}', limit: 1, spansPerTrace: 1 };
    expect(await failure(tempo.search(targetAt(url, 'TEMPO'), asked))).toMatchObject(expected);
    faults.set([]);
  });
});
