import { describe, expect, it } from 'vitest';
import { AppError } from '../../model/errors.ts';
import { testCluster } from '../../model/test-cluster.ts';
import { ManualClock, sleep } from '../../platform/clock.ts';
import { createLogger } from '../../platform/logger.ts';
import { createMetrics } from '../../platform/metrics.ts';
import { type FanoutRequest, createFanout } from './fanout.ts';

/** A fleet whose answers are counted: the nth request is answered with n after 10 ms. */
function make() {
  const clock = new ManualClock();
  const metrics = createMetrics();
  const fanout = createFanout({
    clock,
    metrics,
    logger: createLogger({ level: 'silent' }),
    spokes: { target: async ({ id }, kind) => ({ clusterId: id, kind, url: 'http://spoke.test', tls }) },
  });
  const cluster = testCluster('edge-1');
  const seen: { aborted: boolean }[] = [];
  let behave: () => Promise<{ warnings?: string[] }> = async () => ({});
  const request = (over: Partial<FanoutRequest<number>> = {}): FanoutRequest<number> => ({
    clusters: [cluster],
    kind: 'PROMETHEUS',
    budgetMs: 1000,
    signal: new AbortController().signal,
    scope: '',
    cache: { key: 'up', ttlMs: 100, staleMs: 100 },
    ask: async (_target, _cluster, { signal, timeoutMs }) => {
      const mine = { aborted: false };
      const value = seen.push(mine);
      signal.addEventListener('abort', () => (mine.aborted = true));
      await Promise.race([sleep(clock, 10), sleep(clock, timeoutMs).then(late)]);
      return { value, ...(await behave()) };
    },
    ...over,
  });
  const ask = async (over: Partial<FanoutRequest<number>> = {}) => {
    const pending = fanout.ask(request(over));
    await clock.advance(10);
    const { outcomes, values } = await pending;
    const [outcome] = outcomes;
    return { value: values.get(cluster.id), ...outcome };
  };
  return { clock, metrics, fanout, cluster, seen, request, ask, behaveAs: (next: typeof behave) => (behave = next) };
}

const tls = { insecure_skip_verify: false };
const late = () => {
  throw new AppError('QUERY_TIMEOUT', 'No answer in time.');
};

describe('kept answers of a fan-out', () => {
  it('answers again from the cache, and says so and how old the answer is', async () => {
    const { clock, ask, seen, metrics } = make();
    expect(await ask()).toMatchObject({ value: 1, cached: false, query_time_ms: 10 });
    await clock.advance(40);
    const again = await ask();
    expect(again).toMatchObject({ value: 1, status: 'SUCCESS', cached: true, age_ms: 40 });
    expect(seen).toHaveLength(1);
    expect(await metrics.registry.getSingleMetricAsString('aiops_cache_hits_total')).toContain(
      '{kind="PROMETHEUS",freshness="FRESH"} 1',
    );
  });

  it('serves a stale answer at once and renews it once behind, however many ask', async () => {
    const { clock, ask, seen } = make();
    await ask();
    await clock.advance(150);
    const stale = await Promise.all([ask(), ask(), ask()]);
    expect(stale.map(({ value, cached }) => [value, cached])).toEqual([
      [1, true],
      [1, true],
      [1, true],
    ]);
    expect(seen).toHaveLength(2);
    expect(await ask()).toMatchObject({ value: 2, cached: true });
  });

  it('keeps a stale answer when it cannot be renewed, until its end', async () => {
    const { clock, ask, behaveAs } = make();
    await ask();
    behaveAs(async () => {
      throw new AppError('INVALID_PROMQL', 'no');
    });
    await clock.advance(150);
    expect(await ask()).toMatchObject({ value: 1, cached: true });
    expect(await ask()).toMatchObject({ value: 1, cached: true });
    await clock.advance(60);
    expect(await ask()).toMatchObject({ value: undefined, status: 'ERROR', cached: false });
  });

  it('keeps nothing that failed or came in part', async () => {
    const { ask, seen, behaveAs } = make();
    behaveAs(async () => {
      throw new AppError('INVALID_PROMQL', 'no');
    });
    expect(await ask()).toMatchObject({ status: 'ERROR', cached: false });
    behaveAs(async () => ({ warnings: ['a store is gone'] }));
    expect(await ask()).toMatchObject({ status: 'PARTIAL', cached: false });
    behaveAs(async () => ({ warnings: ['PromQL info: metric might not be a counter'] }));
    expect(await ask()).toMatchObject({ status: 'SUCCESS', cached: false });
    expect(await ask()).toMatchObject({ status: 'SUCCESS', cached: true, warnings: [expect.any(String)] });
    expect(seen).toHaveLength(3);
  });

  it('keeps apart what differs in scope, kind, question or version of the cluster', async () => {
    const { ask, seen, cluster } = make();
    await ask();
    const newer = { ...cluster, resource_version: cluster.resource_version + 1 };
    await ask({ scope: 'environment=LAB' });
    await ask({ kind: 'ALERTMANAGER' });
    await ask({ cache: { key: 'down', ttlMs: 100 } });
    await ask({ clusters: [newer] });
    expect(seen).toHaveLength(5);
    expect(await ask({ scope: 'environment=LAB' })).toMatchObject({ value: 2, cached: true });
  });

  it('forgets a cluster, and does not keep what was asked before it changed', async () => {
    const { clock, fanout, cluster, ask, request, seen } = make();
    await ask();
    fanout.forget(cluster.id);
    const before = fanout.ask(request());
    await clock.advance(5);
    fanout.forget(cluster.id);
    await clock.advance(5);
    expect((await before).outcomes[0]?.status).toBe('SUCCESS');
    expect(await ask()).toMatchObject({ value: 3, cached: false });
    expect(seen).toHaveLength(3);
  });

  it('serves nothing from before a change at the spoke, also when the change failed', async () => {
    const { ask, behaveAs, seen } = make();
    await ask();
    await ask({ idempotent: false });
    expect(await ask()).toMatchObject({ value: 3, cached: false });
    behaveAs(() => Promise.reject(new AppError('SPOKE_ERROR', 'no')));
    await ask({ idempotent: false });
    behaveAs(async () => ({}));
    expect(await ask()).toMatchObject({ value: 5, cached: false });
    expect(seen).toHaveLength(5);
  });
});

describe('the same question at the same time', () => {
  it('is one request', async () => {
    const { ask, seen } = make();
    const answers = await Promise.all([ask(), ask(), ask()]);
    expect(answers.map(({ value, cached }) => [value, cached])).toEqual([
      [1, false],
      [1, false],
      [1, false],
    ]);
    expect(seen).toHaveLength(1);
  });

  it('goes on when one caller leaves, and is aborted when the last one does', async () => {
    const { clock, fanout, request, seen } = make();
    const [first, second] = [new AbortController(), new AbortController()];
    const gone = new Error('gone');
    const one = fanout.ask(request({ signal: first.signal }));
    const two = fanout.ask(request({ signal: second.signal }));
    await clock.advance(5);
    first.abort(gone);
    await expect(one).rejects.toBe(gone);
    expect(seen).toEqual([{ aborted: false }]);
    second.abort(gone);
    await expect(two).rejects.toBe(gone);
    expect(seen).toEqual([{ aborted: true }]);
    await clock.advance(5);
    expect(await fanout.ask(request({ cache: { key: 'up', ttlMs: 0 }, clusters: [] }))).toBeDefined();
  });

  it('is asked again by whoever has time left when the request that was joined had less', async () => {
    const { clock, fanout, request, seen } = make();
    const short = fanout.ask(request({ budgetMs: 5 }));
    const long = fanout.ask(request());
    await clock.advance(20);
    expect((await short).outcomes[0]?.status).toBe('TIMEOUT');
    expect((await long).outcomes[0]?.status).toBe('SUCCESS');
    expect(seen).toHaveLength(2);
  });
});

describe('the progress of a fan-out', () => {
  it('is told of every cluster when it is asked and when it has its outcome', async () => {
    const { clock, fanout, request } = make();
    const told: string[] = [];
    const clusters = [testCluster('b-1'), testCluster('a-1')];
    const name = (id: string) => clusters.find((cluster) => cluster.id === id)?.name ?? '';
    const progress = {
      asked: (id: string) => void told.push(`asked ${name(id)}`),
      answered: (id: string) => void told.push(`answered ${name(id)}`),
    };
    const pending = fanout.ask(request({ clusters, progress }));
    await clock.advance(10);
    await pending;
    expect(told).toEqual(['asked a-1', 'asked b-1', 'answered a-1', 'answered b-1']);
  });
});
