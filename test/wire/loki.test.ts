/**
 * What the Loki client expects of a Loki. Runs against the double of the simulated fleet; with AIOPS_TEST_LOKI=<url>
 * (`npm run test:wire`) against a real one, 3.x, that has received lines within the last hour.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Fetch, mergePages, readClusterPage } from '../../backend/collectors/logs/log-page.ts';
import type { LogCursor } from '../../backend/collectors/logs/log-cursor.ts';
import { formatSelector } from '../../backend/collectors/logs/logql.ts';
import { AppError } from '../../backend/model/errors.ts';
import type { LogDirection } from '../../backend/model/logs.ts';
import { createAddressPolicy } from '../../backend/spokes/address-policy.ts';
import { type LokiEntry, createLokiClient } from '../../backend/spokes/loki.ts';
import { loopbackTransport, targetAt } from '../../backend/spokes/test-transport.ts';
import type { SpokeTarget } from '../../backend/spokes/transport.ts';
import { type StartedLoki, type StartedLokis, startLokis } from '../../evals/fleet/loki/started-double.ts';

const real = process.env['AIOPS_TEST_LOKI'];
const transport = loopbackTransport(
  real === undefined ? {} : { policy: createAddressPolicy({ allow: [new URL(real).hostname], deny: [] }) },
);
const loki = createLokiClient(transport);
const limits = { timeoutMs: 20_000 };
const endMs = Math.floor(Date.now() / 1000) * 1000;
const endNs = BigInt(endMs) * 1_000_000n;
const window = { startNs: endNs - 3_600_000_000_000n, endNs };

let doubles: StartedLokis | undefined;
let target: SpokeTarget;
/** A selector that selects something. */
let selector: string;
beforeAll(async () => {
  doubles = real === undefined ? await startLokis(() => endMs) : undefined;
  target = targetAt(real ?? doubles?.lokis.get('prod-eu-1')?.url ?? '', 'LOKI');
  const { value } = await loki.labels(target, { ...window, ...limits });
  const name = ['namespace', 'app', 'service_name', 'job'].find((one) => value.includes(one)) ?? value[0];
  if (name === undefined) throw new Error('this Loki has no line of the last hour');
  selector = formatSelector([{ name, op: '=~', value: '.+' }]);
});
afterAll(async () => {
  await transport.close();
  await doubles?.stop();
});

const failure = async (call: Promise<unknown>): Promise<AppError> => {
  const thrown: unknown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof AppError) return thrown;
  throw new Error(`it did not fail as it should: ${String(thrown)}`);
};
async function read(
  query: string,
  over: { limit?: number; direction?: LogDirection; startNs?: bigint; endNs?: bigint } = {},
): Promise<LokiEntry[]> {
  const { value } = await loki.range(target, { query, ...window, limit: 100, ...limits, ...over });
  if (value.type !== 'STREAMS') throw new Error('these are no lines');
  return value.entries;
}
async function numbers(query: string, step?: number) {
  const { value } =
    step === undefined
      ? await loki.instant(target, { query, timeNs: endNs, ...limits })
      : await loki.range(target, { query, ...window, step, ...limits });
  if (value.type === 'STREAMS') throw new Error('these are no numbers');
  return value;
}

describe(`a Loki (${real ?? 'the double'})`, () => {
  it('is ready, and answers what takes permission', async () => {
    await expect(loki.ready(target, limits)).resolves.toBeUndefined();
    await expect(loki.authorized(target, limits)).resolves.toBeUndefined();
  });

  it('gives the newest or the oldest lines of the window, no more than the limit', async () => {
    const newest = await read(selector, { limit: 20, direction: 'BACKWARD' });
    const oldest = await read(selector, { limit: 20, direction: 'FORWARD' });
    expect([newest.length, oldest.length]).toEqual([20, 20]);
    for (const { ns, line } of [...newest, ...oldest]) {
      expect(ns >= window.startNs && ns < window.endNs).toBe(true);
      expect(typeof line).toBe('string');
    }
    const times = (entries: LokiEntry[]) => entries.map(({ ns }) => ns).sort((a, b) => (a < b ? -1 : 1));
    expect((times(oldest).at(-1) ?? 0n) <= (times(newest)[0] ?? 0n)).toBe(true);
  });

  it('keeps the end of the window out and its start in', async () => {
    const [one] = await read(selector, { limit: 1 });
    if (!one) throw new Error('there is no line');
    const around = (startNs: bigint, end: bigint) => read(selector, { startNs, endNs: end, limit: 100 });
    expect((await around(one.ns, one.ns + 1n)).map(({ ns }) => ns)).toContain(one.ns);
    expect((await around(one.ns - 1_000_000_000n, one.ns)).map(({ ns }) => ns)).not.toContain(one.ns);
  });

  it('filters lines', async () => {
    const [one] = await read(selector, { limit: 1 });
    const word = /\w{4,}/.exec(one?.line ?? '')?.[0] ?? '';
    const found = await read(`${selector} |= ${JSON.stringify(word)}`, { limit: 50 });
    expect(found.length).toBeGreaterThan(0);
    expect(found.every(({ line }) => line.includes(word))).toBe(true);
    expect(
      (await read(`${selector} != ${JSON.stringify(word)}`, { limit: 50 })).some(({ line }) => line.includes(word)),
    ).toBe(false);
  });

  it('counts what it gives', async () => {
    const startNs = endNs - 60_000_000_000n;
    const lines = await read(selector, { startNs, limit: 5000, direction: 'FORWARD' });
    const { series } = await numbers(`sum(count_over_time(${selector}[1m]))`);
    // The range of a count is open at its start and closed at its end.
    const edge = lines.filter(({ ns }) => ns === startNs).length;
    expect(Number(series[0]?.values[0]?.[1])).toBeGreaterThanOrEqual(lines.length - edge);
    const matrix = await numbers(`sum(count_over_time(${selector}[1m]))`, 60);
    expect(matrix.type).toBe('MATRIX');
    expect(matrix.series[0]?.values.length).toBeGreaterThan(1);
  });

  it('lists labels, their values and series', async () => {
    const { value: names } = await loki.labels(target, { ...window, ...limits });
    const label = names.find((name) => selector.includes(name)) ?? '';
    const { value: values } = await loki.labelValues(target, { ...window, ...limits, label });
    expect(values.length).toBeGreaterThan(0);
    expect(await loki.labelValues(target, { ...window, ...limits, label: 'no_such_label' })).toMatchObject({
      value: [],
    });
    const { value: series } = await loki.series(target, { ...window, ...limits, selectors: [selector] });
    expect(series.every((labels) => labels[label] !== undefined)).toBe(true);
  });

  it('pages through a window without loss or repeat', async () => {
    const startNs = endNs - 120_000_000_000n;
    const all = await read(selector, { startNs, limit: 5000 });
    const fetch: Fetch = async (part) => ({
      entries: await read(selector, { ...part, direction: 'BACKWARD' }),
      warnings: [],
    });
    const keys: string[] = [];
    let cursor: LogCursor | undefined;
    for (let more = true; more;) {
      const part = await readClusterPage(
        { cluster: 'one', direction: 'BACKWARD', startNs, endNs, limit: 37, cursor },
        fetch,
      );
      const page = mergePages([part], 'BACKWARD', 37, cursor);
      keys.push(...page.entries.map(({ entry, key }) => `${entry.ns} ${key}`));
      more = page.more && page.place !== undefined;
      if (page.place) cursor = { v: 1, q: '', s: String(startNs), e: String(endNs), ...page.place };
    }
    expect(keys.length).toBe(all.length);
    expect(new Set(keys).size).toBe(all.length);
  });

  it.each([
    ['{a="b"', 'INVALID_LOGQL'],
    ['{a=~".*"}', 'INVALID_LOGQL'],
  ])('refuses %s', async (query, code) => {
    expect((await failure(read(query))).code).toBe(code);
  });

  it('refuses lines as an instant query, more lines than it may give, and ranges that are too long', async () => {
    expect((await failure(numbers(selector))).code).toBe('INVALID_LOGQL');
    const tooMany = await failure(read(selector, { limit: 5001 }));
    expect([tooMany.code, tooMany.details]).toEqual([
      'QUERY_REFUSED',
      { rule: 'loki_max_entries', observed: 5001, limit: 5000 },
    ]);
    const tooLong = await failure(read(selector, { startNs: endNs - 4_000_000_000_000_000n }));
    expect([tooLong.code, tooLong.details['rule']]).toEqual(['QUERY_REFUSED', 'loki_max_query_length']);
  });

  it('tails what is there already', async () => {
    const end = new AbortController();
    const { frames } = await loki.tail(target, {
      query: selector,
      startNs: window.startNs,
      limit: 5,
      ...limits,
      signal: end.signal,
    });
    const entries: LokiEntry[] = [];
    for await (const frame of frames) {
      entries.push(...frame.entries);
      if (entries.length > 0) break;
    }
    expect(entries[0]?.ns).toBeTypeOf('bigint');
    end.abort();
    expect((await failure(loki.tail(target, { query: '{', startNs: 0n, limit: 1, ...limits }))).code).toBe(
      'INVALID_LOGQL',
    );
  });
});

describe.runIf(real === undefined)('the double of Loki', () => {
  let double: StartedLoki;
  beforeEach(() => {
    const found = doubles?.lokis.get('prod-eu-1');
    if (!found) throw new Error('the double does not run');
    double = found;
    double.faults.set([]);
    for (const key of Object.keys(double.modes)) Reflect.deleteProperty(double.modes, key);
    double.modes.patterns = true;
  });

  it('writes a line of level error for each request that the exporters count as failed', async () => {
    const end = endMs / 1000;
    const storefronts = double.targets.filter(({ job }) => job === 'storefront');
    const counted = (time: number) =>
      storefronts
        .flatMap(({ families }) =>
          families.flatMap(({ name, samples }) => (name === 'http_requests_total' ? samples : [])),
        )
        .reduce((sum, one) => sum + (one.labels['code'] === '503' ? (one.value(time) ?? 0) : 0), 0);
    const { series } = await numbers('sum(count_over_time({app="storefront"} | detected_level="error" [10m]))');
    expect(Number(series[0]?.values[0]?.[1])).toBe(counted(end) - counted(end - 600));
    expect(Number(series[0]?.values[0]?.[1])).toBeGreaterThan(100);
  });

  it('writes of kills and restarts when kube-state-metrics counts them', async () => {
    const { incident } = double.inventory;
    if (!incident) throw new Error('there is no incident');
    const end = endMs / 1000;
    const count = async (query: string) =>
      Number((await numbers(`sum(count_over_time(${query}[30m]))`)).series[0]?.values[0]?.[1]);
    expect(await count('{unit="kernel"} |= "Killed process"')).toBe(incident.kills(end));
    expect(await count('{app="checkout"} |= "heap exhausted"')).toBe(incident.kills(end));
    expect(await count('{app="checkout"} |= "starting checkout"')).toBe(incident.restarts(end));
    for (const { ns } of await read('{app="checkout"}', { limit: 1000 }))
      expect(incident.isDown(Number(ns / 1_000_000n) / 1000)).toBe(false);
  });

  it('writes the trace ids of the sampled requests, as structured metadata and in the line', async () => {
    const served = await read('{app="storefront"} | logfmt | msg="served"', { limit: 20 });
    expect(served.length).toBe(20);
    for (const { line, structuredMetadata, parsed } of served) {
      expect(line).toContain(`trace_id=${structuredMetadata['trace_id']}`);
      expect(parsed).toMatchObject({ msg: 'served', trace_id_extracted: structuredMetadata['trace_id'] });
    }
  });

  it('refuses LogQL that it does not evaluate, rather than finding nothing', async () => {
    for (const query of [
      '{app="x"} | line_format "{{.a}}"',
      'sum(rate({app="x"}[1m] offset 5m))',
      'quantile_over_time(0.9, {app="x"} | json | unwrap a [1m])',
    ])
      expect((await failure(loki.range(target, { query, ...window, ...limits }))).message).toContain(
        'does not evaluate',
      );
  });

  it('keeps patterns by level, or none', async () => {
    const asked = { selector: '{app="storefront"}', step: 60, ...window, ...limits };
    const patterns = await loki.patterns(target, asked);
    const errors = patterns?.filter(({ level }) => level === 'error') ?? [];
    expect(errors.some(({ pattern }) => pattern.includes('deadline exceeded'))).toBe(true);
    double.modes.patterns = false;
    expect(await loki.patterns(target, asked)).toBeUndefined();
  });

  it.each([
    [
      { kind: 'STATUS', status: 429, retryAfterSeconds: 3 },
      'SPOKE_ERROR',
      { reason: 'RATE_LIMITED', retry_after_s: 3 },
    ],
    [{ kind: 'STATUS', status: 429 }, 'SPOKE_ERROR', { reason: 'RATE_LIMITED' }],
    [{ kind: 'STATUS', status: 499 }, 'QUERY_TIMEOUT', {}],
    [{ kind: 'STATUS', status: 503 }, 'SPOKE_ERROR', { reason: 'STATUS' }],
    [{ kind: 'STATUS', status: 504 }, 'QUERY_TIMEOUT', {}],
    [{ kind: 'TRUNCATE' }, 'SPOKE_ERROR', { reason: 'TRUNCATED' }],
    [{ kind: 'LOGIN_PAGE' }, 'SPOKE_ERROR', { reason: 'HTML' }],
    [{ kind: 'REDIRECT' }, 'SPOKE_ERROR', { reason: 'REDIRECT' }],
    [{ kind: 'WRONG_SHAPE' }, 'SPOKE_ERROR', { reason: 'SHAPE' }],
    [{ kind: 'HUGE', bytes: 11_000_000 }, 'SPOKE_ERROR', { reason: 'TOO_LARGE' }],
    [{ kind: 'RESET' }, 'CLUSTER_UNREACHABLE', { reason: 'RESET' }],
  ] as const)('is told apart when it fails by %j', async (fault, code, details) => {
    double.faults.set([fault]);
    const error = await failure(read(selector));
    expect(error.code).toBe(code);
    expect(error.details).toMatchObject(details);
  });

  it('is given up on at the deadline, and waited for within it', async () => {
    double.faults.set([
      { kind: 'HANG', times: 1 },
      { kind: 'DELAY', ms: 50, times: 1 },
    ]);
    expect((await failure(loki.labels(target, { ...window, timeoutMs: 100 }))).code).toBe('QUERY_TIMEOUT');
    expect((await read(selector, { limit: 1 })).length).toBe(1);
  });

  it('is asked once more with renewed credentials after a 401', async () => {
    Object.assign(double.modes, { gatewayTenant: 'application', token: 'new' });
    double.faults.set([{ kind: 'STATUS', status: 401, times: 1 }]);
    const gateway = { ...target, url: `${double.url}/api/logs/v1/application` };
    const renewed: SpokeTarget = {
      ...gateway,
      auth: { type: 'BEARER', token: 'old' },
      renewAuth: async () => ({ type: 'BEARER', token: 'new' }),
    };
    await loki.authorized(renewed, limits);
    expect(
      (await failure(loki.authorized({ ...gateway, auth: { type: 'BEARER', token: 'old' } }, limits))).sentence,
    ).toContain('set the loki_token');
  });

  it('serves a LokiStack gateway: readiness by a question, a namespace that has to be named', async () => {
    Object.assign(double.modes, { gatewayTenant: 'application', onlyNamespace: 'shop' });
    const gateway = { ...target, url: `${double.url}/api/logs/v1/application` };
    await loki.ready(gateway, limits);
    const ask = (query: string) => loki.range(gateway, { query, ...window, limit: 1, ...limits });
    expect((await failure(ask('{app="storefront"}'))).sentence).toContain('name one exactly in the selector');
    expect(await ask('{namespace="shop"}')).toMatchObject({ value: { type: 'STREAMS' } });
  });

  it('passes warnings on, and wants a tenant where it serves several', async () => {
    double.modes.warnings = ['an ingester did not answer'];
    expect(await loki.labels(target, { ...window, ...limits })).toMatchObject({
      warnings: ['an ingester did not answer'],
    });
    double.modes.needsTenant = true;
    expect((await failure(read(selector))).details['reason']).toBe('TENANT');
    const tenant = { ...target, headers: { 'x-scope-orgid': 'team' } };
    expect((await loki.labels(tenant, { ...window, ...limits })).value.length).toBeGreaterThan(0);
  });

  it('tells in a tail what was dropped, and why or how it ended', async () => {
    const tail = async (over: object = {}) => {
      Object.assign(double.modes, { tailEveryMs: 20, ...over });
      const { frames } = await loki.tail(target, { query: selector, startNs: window.startNs, limit: 5, ...limits });
      let [lines, dropped] = [0, 0];
      try {
        for await (const frame of frames) {
          lines += frame.entries.length;
          dropped += frame.dropped;
        }
      } catch (thrown) {
        if (thrown instanceof AppError) return { lines, dropped, error: thrown };
        throw thrown;
      }
      throw new Error('a tail does not end well');
    };
    const reason = 'reached tail max duration limit';
    const closed = await tail({ tailDrops: 7, tailEnd: { afterFrames: 1, close: { code: 1011, reason } } });
    expect(closed).toMatchObject({ lines: 5, dropped: 7, error: { details: { reason: 'CLOSED', code: 1011 } } });
    expect(closed.error.message).toContain(reason);
    expect(await tail({ tailEnd: { afterFrames: 1 } })).toMatchObject({
      lines: 5,
      error: { details: { reason: 'TRUNCATED' } },
    });
  });
});
