import { describe, expect, it } from 'vitest';
import { AppError } from '../../model/errors.ts';
import { testCluster } from '../../model/test-cluster.ts';
import { ManualClock, sleep } from '../../platform/clock.ts';
import { createLogger } from '../../platform/logger.ts';
import { createMetrics } from '../../platform/metrics.ts';
import { type FanoutOptions, type FanoutRequest, createFanout } from './fanout.ts';

type Behaviour = (signal: AbortSignal, number: number) => Promise<unknown>;

/** One cluster whose every request is counted and behaves as told. */
function make(options: Partial<FanoutOptions> = {}) {
  const clock = new ManualClock();
  const metrics = createMetrics();
  const fanout = createFanout({
    clock,
    metrics,
    random: () => 0,
    logger: createLogger({ level: 'silent' }),
    spokes: { target: async ({ id }, kind) => ({ clusterId: id, kind, url: 'http://spoke.test', tls }) },
    ...options,
  });
  const state = { sent: 0, behave: (async () => undefined) as Behaviour };
  const cluster = testCluster('edge-1');
  const ask = async (over: Partial<FanoutRequest<number>> = {}, advanceMs = 0) => {
    const pending = fanout.ask<number>({
      clusters: [cluster],
      kind: 'PROMETHEUS',
      budgetMs: 10_000,
      signal: new AbortController().signal,
      scope: '',
      ask: async (_target, _cluster, { signal }) => {
        state.sent += 1;
        const number = state.sent;
        await state.behave(signal, number);
        return { value: number };
      },
      ...over,
    });
    await clock.advance(advanceMs);
    const { outcomes, values, complete } = await pending;
    return { ...outcomes[0], value: values.get(cluster.id), complete };
  };
  const metric = (name: string) => metrics.registry.getSingleMetricAsString(name);
  return { clock, fanout, cluster, state, ask, metric };
}

const tls = { insecure_skip_verify: false };
const unavailable = async () => {
  throw new AppError('SPOKE_ERROR', 'Prometheus answered with status 503.', { details: { status: 503 } });
};
const refused = async () => {
  throw new AppError('INVALID_PROMQL', 'Prometheus refuses the query.');
};

describe('retries of a fan-out', () => {
  it('hide a passing failure, and are counted', async () => {
    const { state, ask, metric } = make();
    state.behave = async (_signal, number) => (number < 3 ? unavailable() : undefined);
    expect(await ask({}, 1000)).toMatchObject({ status: 'SUCCESS', value: 3, query_time_ms: 300 });
    expect(await metric('aiops_spoke_retries_total')).toContain('{kind="PROMETHEUS"} 2');
  });

  it('never repeat what changes something, nor a refused query', async () => {
    const { state, ask } = make();
    state.behave = unavailable;
    expect(await ask({ idempotent: false }, 1000)).toMatchObject({ status: 'ERROR' });
    expect(state.sent).toBe(1);
    state.behave = refused;
    expect(await ask({}, 1000)).toMatchObject({ status: 'ERROR', error: { code: 'INVALID_PROMQL' } });
    expect(state.sent).toBe(2);
  });

  it('end with their caller', async () => {
    const { state, clock, ask } = make();
    const caller = new AbortController();
    state.behave = unavailable;
    const pending = ask({ signal: caller.signal }, 50);
    await clock.advance(0);
    caller.abort(new Error('gone'));
    await expect(pending).rejects.toThrow('gone');
    await clock.advance(5000);
    expect(state.sent).toBe(1);
  });
});

describe('the breaker of a fan-out', () => {
  it('stops asking after five failures in a row, says why, and is not complete', async () => {
    const { state, ask, metric } = make();
    state.behave = unavailable;
    const codes: unknown[] = [];
    for (let i = 0; i < 10; i += 1) codes.push((await ask({}, 1000)).error?.code);
    expect(state.sent).toBe(5);
    expect(codes).toEqual([
      ...Array.from({ length: 3 }, () => 'SPOKE_ERROR'),
      ...Array.from({ length: 7 }, () => 'BREAKER_OPEN'),
    ]);
    expect(await ask()).toMatchObject({
      status: 'SKIPPED',
      complete: false,
      error: { code: 'BREAKER_OPEN', message: expect.stringContaining('status 503') },
    });
    expect(await metric('aiops_breaker_state')).toContain('{cluster="edge-1",kind="PROMETHEUS"} 2');
  });

  it('is per kind, tries again after 30 s, and closes on an answer', async () => {
    const { state, clock, ask, metric } = make();
    state.behave = unavailable;
    for (let i = 0; i < 4; i += 1) await ask({}, 1000);
    expect(await ask({ kind: 'ALERTMANAGER', idempotent: false })).toMatchObject({ status: 'ERROR' });
    await clock.advance(30_000);
    state.behave = async () => undefined;
    expect(await ask()).toMatchObject({ status: 'SUCCESS', complete: true });
    expect(await metric('aiops_breaker_state')).toContain('{cluster="edge-1",kind="PROMETHEUS"} 0');
  });

  it('takes no wrong query and no short patience for a failure of the spoke', async () => {
    const { state, ask } = make();
    state.behave = refused;
    for (let i = 0; i < 10; i += 1) await ask();
    state.behave = () => new Promise(() => undefined);
    for (let i = 0; i < 10; i += 1) expect(await ask({ budgetMs: 1000 }, 1000)).toMatchObject({ status: 'TIMEOUT' });
    expect(state.sent).toBe(20);
    for (let i = 0; i < 5; i += 1) expect(await ask({}, 10_000)).toMatchObject({ status: 'TIMEOUT' });
    expect(await ask()).toMatchObject({ status: 'SKIPPED', error: { code: 'BREAKER_OPEN' } });
  });

  it('forgets its failures with the cluster, whose change may have cured them', async () => {
    const { state, fanout, cluster, ask, metric } = make();
    state.behave = unavailable;
    for (let i = 0; i < 5; i += 1) await ask({}, 1000);
    fanout.forget(cluster.id);
    expect(await metric('aiops_breaker_state')).not.toContain('edge-1');
    state.behave = async () => undefined;
    expect(await ask()).toMatchObject({ status: 'SUCCESS' });
  });

  it('leaves an answer that is kept from before to be served', async () => {
    const { state, clock, ask } = make();
    const cache = { key: 'up', ttlMs: 60_000 };
    await ask({ cache });
    state.behave = unavailable;
    for (let i = 0; i < 5; i += 1) await ask({}, 1000);
    expect(await ask({ cache })).toMatchObject({ status: 'SUCCESS', cached: true, value: 1 });
    await clock.advance(20_000);
    expect(await ask()).toMatchObject({ error: { code: 'BREAKER_OPEN' } });
  });
});

describe('our load on a spoke', () => {
  it('waits for its turn within the deadline, and says when there is none', async () => {
    const { state, clock, fanout, cluster } = make({ maxPerSecond: 2 });
    const ask = (budgetMs: number) =>
      fanout.ask({
        clusters: [cluster],
        kind: 'PROMETHEUS',
        budgetMs,
        signal: new AbortController().signal,
        scope: '',
        ask: async () => ({ value: (state.sent += 1) }),
      });
    const all = [ask(5000), ask(5000), ask(5000), ask(400)];
    await clock.advance(1000);
    const outcomes = (await Promise.all(all)).map(({ outcomes: [outcome] }) => [outcome?.status, outcome?.error?.code]);
    expect(outcomes).toEqual([
      ['SUCCESS', undefined],
      ['SUCCESS', undefined],
      ['SUCCESS', undefined],
      ['ERROR', 'SPOKE_BUDGET'],
    ]);
    expect(state.sent).toBe(3);
  });

  /** A question that sends `count` requests as the transport does, `atOnce` of them at a time or one after the other. */
  function sending(clock: ManualClock, count: number, atOnce: boolean, ms = 100) {
    const seen = { sent: 0, open: 0, most: 0 };
    const ask: FanoutRequest<number>['ask'] = async ({ turn }, _cluster, { signal }) => {
      const one = async () => {
        const done = await turn?.(signal);
        seen.sent += 1;
        seen.most = Math.max(seen.most, (seen.open += 1));
        await sleep(clock, ms, signal);
        seen.open -= 1;
        done?.();
      };
      if (atOnce) await Promise.all(Array.from({ length: count }, one));
      else for (let i = 0; i < count; i += 1) await one(); // oxlint-disable-line no-await-in-loop -- one after the other
      return { value: seen.sent };
    };
    return { seen, ask };
  }

  it('counts every request of a question, not every question', async () => {
    const { clock, ask } = make({ maxPerSecond: 10 });
    const many = sending(clock, 20, true, 0);
    const pending = ask({ ask: many.ask, budgetMs: 5000 });
    await clock.advance(0);
    expect(many.seen.sent).toBe(10);
    await clock.advance(1000);
    expect(await pending).toMatchObject({ status: 'SUCCESS', value: 20 });
    const late = sending(clock, 40, true, 0);
    expect(await ask({ ask: late.ask, budgetMs: 2000 }, 2000)).toMatchObject({ error: { code: 'SPOKE_BUDGET' } });
  });

  it('holds no more requests at a time than there are places, and questions never wait for each other', async () => {
    const { clock, ask } = make({ maxPerCluster: 3, maxPerSecond: 1000 });
    const many = sending(clock, 6, true);
    const pending = [ask({ ask: many.ask }), ask({ ask: many.ask }), ask({ ask: many.ask })];
    await clock.advance(600);
    expect((await Promise.all(pending)).map(({ status }) => status)).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS']);
    expect(many.seen).toMatchObject({ sent: 18, most: 3 });
  });

  it('is of a hub that of its requests, whichever clusters they are for', async () => {
    const { clock, fanout } = make({ maxPerSecond: 5 });
    const many = sending(clock, 1, false, 0);
    const pending = fanout.ask({
      clusters: Array.from({ length: 8 }, (_, i) => testCluster(`member-${i}`)),
      kind: 'GLOBAL_METRICS',
      budgetMs: 5000,
      signal: new AbortController().signal,
      scope: '',
      ask: many.ask,
    });
    await clock.advance(0);
    expect(many.seen.sent).toBe(5);
    await clock.advance(1000);
    expect((await pending).complete).toBe(true);
  });

  it('holds what follows a cluster to its rate and its pause', async () => {
    const { clock, fanout, cluster } = make({ maxPerSecond: 2 });
    const signal = new AbortController().signal;
    const target = await fanout.target(cluster, 'LOKI');
    const turns: string[] = [];
    for (let i = 0; i < 3; i += 1) void target?.turn?.(signal).then(() => turns.push('sent'));
    await clock.advance(0);
    expect(turns).toHaveLength(2);
    await clock.advance(500);
    expect(turns).toHaveLength(3);
    const paused = { ...cluster, collection_paused: true };
    await expect(fanout.target(paused, 'LOKI')).rejects.toMatchObject({ code: 'COLLECTION_PAUSED' });
  });

  it('is none while collection is paused, for one cluster or for all, and the answer is not complete', async () => {
    const one = make();
    const paused = { ...one.cluster, collection_paused: true };
    expect(await one.ask({ clusters: [paused] })).toMatchObject({
      status: 'SKIPPED',
      complete: false,
      error: { code: 'COLLECTION_PAUSED', message: expect.stringContaining('update_cluster') },
    });
    const all = make({ paused: true });
    expect(await all.ask()).toMatchObject({
      status: 'SKIPPED',
      complete: false,
      error: { code: 'COLLECTION_PAUSED', message: expect.stringContaining('AIOPS_COLLECTION_PAUSED') },
    });
    expect([one.state.sent, all.state.sent]).toEqual([0, 0]);
  });

  it('is none for a paused cluster even where an answer is kept from before', async () => {
    const { ask, cluster } = make();
    const cache = { key: 'up', ttlMs: 60_000 };
    await ask({ cache });
    const paused = { ...cluster, collection_paused: true };
    expect(await ask({ cache, clusters: [paused] })).toMatchObject({ error: { code: 'COLLECTION_PAUSED' } });
  });
});

describe('the memory of a fan-out', () => {
  it('is bounded: what comes when it is full is left out by name, and the rest is not waited for', async () => {
    const { clock, fanout } = make({ answerMaxBytes: 3000 });
    const clusters = ['a-1', 'b-1', 'c-1', 'd-1'].map((name) => testCluster(name));
    const aborted: string[] = [];
    const pending = fanout.ask({
      clusters,
      kind: 'PROMETHEUS',
      budgetMs: 10_000,
      signal: new AbortController().signal,
      scope: '',
      ask: async (_target, { name }, { signal }) => {
        signal.addEventListener('abort', () => aborted.push(name));
        await sleep(clock, name === 'd-1' ? 9000 : 10, signal);
        return { value: 'x'.repeat(1200) };
      },
    });
    await clock.advance(10);
    const { outcomes, values, complete } = await pending;
    expect(outcomes.map(({ status, error }) => [status, error?.code])).toEqual([
      ['SUCCESS', undefined],
      ['SUCCESS', undefined],
      ['ERROR', 'QUERY_REFUSED'],
      ['ERROR', 'QUERY_REFUSED'],
    ]);
    expect([values.size, complete]).toEqual([2, false]);
    expect(aborted).toContain('d-1');
  });
});

describe('hedging', () => {
  /** Twenty answers of 10 ms, so that the 95th percentile is known. */
  async function warmedUp(options: Partial<FanoutOptions> = {}) {
    const made = make({ hedging: true, maxPerSecond: 1000, ...options });
    made.state.behave = () => sleep(made.clock, 10);
    for (let i = 0; i < 20; i += 1) await made.ask({}, 10);
    return made;
  }

  it('sends a second request after the 95th percentile, takes the first answer and aborts the other', async () => {
    const { clock, state, ask, metric } = await warmedUp();
    const aborted: number[] = [];
    state.behave = (signal, number) => {
      signal.addEventListener('abort', () => aborted.push(number));
      return sleep(clock, number === 21 ? 5000 : 10, signal);
    };
    expect(await ask({}, 20)).toMatchObject({ status: 'SUCCESS', value: 22, query_time_ms: 20 });
    expect(aborted).toContain(21);
    expect(await metric('aiops_spoke_hedges_total')).toContain('{kind="PROMETHEUS",outcome="WON"} 1');
  });

  it('does so for reads only, and not unless it is turned on', async () => {
    const { clock, state, ask } = await warmedUp();
    state.behave = () => sleep(clock, 100);
    await ask({ idempotent: false }, 100);
    expect(state.sent).toBe(21);
    const off = await warmedUp({ hedging: false });
    off.state.behave = () => sleep(off.clock, 100);
    await off.ask({}, 100);
    expect(off.state.sent).toBe(21);
  });

  it('counts in the budget: without a free place or turn there is no second request', async () => {
    const { clock, state, ask } = await warmedUp({ maxPerCluster: 1 });
    state.behave = () => sleep(clock, 100);
    expect(await ask({}, 100)).toMatchObject({ status: 'SUCCESS', value: 21 });
    expect(state.sent).toBe(21);
  });

  it('fails with the error of the first request when both fail', async () => {
    const { clock, state, ask } = await warmedUp();
    state.behave = async (_signal, number) => {
      await sleep(clock, 50);
      throw new AppError('INVALID_PROMQL', `no ${number}`);
    };
    expect(await ask({}, 100)).toMatchObject({ status: 'ERROR', error: { message: 'no 21' } });
  });
});
