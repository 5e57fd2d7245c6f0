import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../model/cluster.ts';
import { AppError } from '../../model/errors.ts';
import { ManualClock, sleep } from '../../platform/clock.ts';
import { createLogger } from '../../platform/logger.ts';
import { testCluster } from '../../model/test-cluster.ts';
import { type FanoutOptions, type FanoutRequest, createFanout } from './fanout.ts';

const silent = createLogger({ level: 'silent' });

function make(options: Partial<FanoutOptions> = {}) {
  const clock = new ManualClock();
  const spokes: FanoutOptions['spokes'] = {
    target: async (cluster, kind) => {
      const url = kind === 'API' ? cluster.api_server_url : cluster.endpoints.prometheus_url;
      return url === undefined ? undefined : { clusterId: cluster.id, kind, url, tls: cluster.tls };
    },
  };
  return { clock, fanout: createFanout({ clock, logger: silent, spokes, ...options }) };
}

function question<T>(
  clusters: readonly Cluster[],
  ask: FanoutRequest<T>['ask'],
  over: Partial<FanoutRequest<T>> = {},
): FanoutRequest<T> {
  return {
    clusters,
    kind: 'PROMETHEUS',
    budgetMs: 1000,
    signal: new AbortController().signal,
    scope: '',
    ask,
    ...over,
  };
}

const hang = () => new Promise<never>(() => undefined);

describe('fan-out', () => {
  it('gives every cluster its outcome, ordered by name', async () => {
    const { clock, fanout } = make();
    const clusters = [
      testCluster('zeta-1'),
      testCluster('alpha-1'),
      testCluster('mid-1', { endpoints: {} }),
      testCluster('slow-1'),
    ];
    const pending = fanout.ask(
      question(clusters, async (_target, cluster) => {
        if (cluster.name === 'zeta-1')
          throw new AppError('CLUSTER_UNREACHABLE', 'connection refused', { hint: 'Look at it.' });
        if (cluster.name === 'slow-1') return hang();
        return { value: cluster.name };
      }),
    );
    await clock.advance(1000);
    const answer = await pending;
    expect(answer.outcomes.map((o) => [o.cluster_name, o.status, o.error?.code])).toEqual([
      ['alpha-1', 'SUCCESS', undefined],
      ['mid-1', 'SKIPPED', undefined],
      ['slow-1', 'TIMEOUT', 'QUERY_TIMEOUT'],
      ['zeta-1', 'ERROR', 'CLUSTER_UNREACHABLE'],
    ]);
    expect(answer.outcomes[3]?.error?.message).toBe('connection refused Look at it.');
    expect([...answer.values.values()]).toEqual(['alpha-1']);
    expect([...answer.errors.values()].map((error) => error.code).toSorted()).toEqual([
      'CLUSTER_UNREACHABLE',
      'QUERY_TIMEOUT',
    ]);
    expect(answer.complete).toBe(false);
  });

  it('answers at the deadline although a cluster ignores its signal', async () => {
    const { clock, fanout } = make();
    let answeredAt: number | undefined;
    const pending = fanout.ask(question([testCluster('slow-1')], hang)).then((answer) => {
      answeredAt = clock.monotonicMs();
      return answer;
    });
    const startedAt = clock.monotonicMs();
    await clock.advance(999);
    expect(answeredAt).toBeUndefined();
    await clock.advance(1);
    expect((await pending).outcomes[0]).toMatchObject({ status: 'TIMEOUT', query_time_ms: 1000 });
    expect((answeredAt ?? 0) - startedAt).toBe(1000);
  });

  it('aborts the question to a cluster at the deadline', async () => {
    const { clock, fanout } = make();
    let aborted = false;
    const pending = fanout.ask(
      question([testCluster('slow-1')], (_target, _cluster, { signal }) => {
        signal.addEventListener('abort', () => (aborted = true));
        return hang();
      }),
    );
    await clock.advance(1000);
    await pending;
    expect(aborted).toBe(true);
  });

  it('counts an answer as whole when the only ones missing have no such endpoint', async () => {
    const { fanout } = make();
    const answer = await fanout.ask(
      question([testCluster('a-1'), testCluster('b-1', { endpoints: {} })], async () => ({ value: 1 })),
    );
    expect(answer.complete).toBe(true);
  });

  it('tells a warning about missing data from one about the query', async () => {
    const { fanout } = make();
    const warned = async (warning: string) =>
      (await fanout.ask(question([testCluster('a-1')], async () => ({ value: 1, warnings: [warning] })))).outcomes[0];
    expect(await warned('remote_read: dead\nbackend')).toMatchObject({
      status: 'PARTIAL',
      warnings: ['"remote_read: dead backend"'],
    });
    expect(await warned('PromQL warning: bucket label missing (1:1)')).toMatchObject({ status: 'SUCCESS' });
  });

  it('makes a defect of our own an outcome that says nothing of it, and logs it', async () => {
    let log = '';
    const logger = createLogger({ level: 'error', destination: { write: (line) => void (log += line) } });
    const { fanout } = make({ logger });
    const answer = await fanout.ask(
      question([testCluster('a-1')], async () => {
        throw new RangeError('inner detail');
      }),
    );
    expect(answer.outcomes[0]?.error?.code).toBe('INTERNAL_ERROR');
    expect(answer.outcomes[0]?.error?.message).not.toContain('inner detail');
    expect(log).toContain('inner detail');
  });

  it('makes unreadable credentials of one cluster its outcome', async () => {
    const { fanout } = make({
      spokes: { target: () => Promise.reject(new AppError('STORE_UNAVAILABLE', 'the database is away')) },
    });
    const answer = await fanout.ask(question([testCluster('a-1')], async () => ({ value: 1 })));
    expect(answer.outcomes[0]).toMatchObject({ status: 'ERROR', error: { code: 'STORE_UNAVAILABLE' } });
  });

  it('rejects with the reason of a caller who aborts, before or during', async () => {
    const { fanout } = make();
    const reason = new Error('the caller went away');
    await expect(fanout.ask(question([testCluster('a-1')], hang, { signal: AbortSignal.abort(reason) }))).rejects.toBe(
      reason,
    );
    const controller = new AbortController();
    const pending = fanout.ask(question([testCluster('a-1')], hang, { signal: controller.signal }));
    controller.abort(reason);
    await expect(pending).rejects.toBe(reason);
  });

  it('answers at once when there is nobody to ask', async () => {
    const { fanout } = make();
    expect(await fanout.ask(question([], hang))).toMatchObject({ outcomes: [], complete: true });
  });

  it('bounds how much runs at once, per cluster and in all', async () => {
    const { clock, fanout } = make({ maxPerCluster: 2, maxTotal: 5 });
    const running = new Map<string, number>();
    let most = 0;
    let mostOfOne = 0;
    const ask: FanoutRequest<number>['ask'] = async (_target, cluster) => {
      running.set(cluster.id, (running.get(cluster.id) ?? 0) + 1);
      mostOfOne = Math.max(mostOfOne, running.get(cluster.id) ?? 0);
      most = Math.max(
        most,
        [...running.values()].reduce((sum, n) => sum + n, 0),
      );
      await sleep(clock, 10);
      running.set(cluster.id, (running.get(cluster.id) ?? 0) - 1);
      return { value: 1 };
    };
    const clusters = Array.from({ length: 4 }, (_, i) => testCluster(`c-${i}`));
    const pending = Promise.all(Array.from({ length: 6 }, () => fanout.ask(question(clusters, ask))));
    await clock.advance(500);
    const answers = await pending;
    expect(answers.every((answer) => answer.complete)).toBe(true);
    expect([most, mostOfOne]).toEqual([5, 2]);
  });

  it('frees the places of questions that hung, so that the next one is asked', async () => {
    const { clock, fanout } = make({ maxPerCluster: 1, maxTotal: 1 });
    const cluster = testCluster('a-1');
    const stuck = fanout.ask(question([cluster], hang));
    const waiting = fanout.ask(question([cluster], async () => ({ value: 1 }), { budgetMs: 500 }));
    await clock.advance(500);
    expect((await waiting).outcomes[0]?.status).toBe('TIMEOUT');
    await clock.advance(500);
    expect((await stuck).outcomes[0]?.status).toBe('TIMEOUT');
    expect((await fanout.ask(question([cluster], async () => ({ value: 2 })))).outcomes[0]?.status).toBe('SUCCESS');
  });

  it('asks a hundred clusters without a warning about listeners', async () => {
    const warnings: string[] = [];
    const note = (warning: Error) => warnings.push(warning.message);
    process.on('warning', note);
    const { fanout } = make();
    const clusters = Array.from({ length: 100 }, (_, i) => testCluster(`c-${String(i).padStart(3, '0')}`));
    await fanout.ask(question(clusters, async () => ({ value: 1 })));
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });

  it('holds its promises for any mixture of behaviours', async () => {
    const behaviour = fc.record({
      kind: fc.constantFrom('answer', 'warn', 'error', 'defect', 'hang', 'none'),
      delayMs: fc.integer({ min: 0, max: 1500 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(behaviour, { maxLength: 12 }), async (behaviours) => {
        const { clock, fanout } = make({ maxPerCluster: 2, maxTotal: 4 });
        const clusters = behaviours.map(({ kind }, i) =>
          testCluster(`c-${String.fromCharCode(97 + ((i * 7) % 26))}${i}`, kind === 'none' ? { endpoints: {} } : {}),
        );
        const pending = fanout.ask(
          question(clusters, async (_target, cluster) => {
            const { kind, delayMs } = behaviours[clusters.indexOf(cluster)] ?? { kind: 'hang', delayMs: 0 };
            if (kind === 'hang') return hang();
            await sleep(clock, delayMs);
            if (kind === 'error') throw new AppError('SPOKE_ERROR', 'no');
            if (kind === 'defect') throw new Error('oops');
            return { value: cluster.name, warnings: kind === 'warn' ? ['store is gone'] : [] };
          }),
        );
        await clock.advance(1000);
        const { outcomes, values, errors, complete } = await pending;
        expect(outcomes.map((o) => o.cluster_name)).toEqual(clusters.map((c) => c.name).toSorted());
        for (const outcome of outcomes) {
          expect(values.has(outcome.cluster_id)).toBe(outcome.status === 'SUCCESS' || outcome.status === 'PARTIAL');
          expect(errors.has(outcome.cluster_id)).toBe(outcome.status === 'ERROR' || outcome.status === 'TIMEOUT');
          expect(outcome.error === undefined).toBe(!errors.has(outcome.cluster_id));
          expect(outcome.query_time_ms).toBeLessThanOrEqual(1000);
        }
        expect(complete).toBe(outcomes.every((o) => o.status === 'SUCCESS' || o.status === 'SKIPPED'));
      }),
      { numRuns: 60 },
    );
  });
});
