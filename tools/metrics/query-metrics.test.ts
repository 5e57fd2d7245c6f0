import { describe, expect, it } from 'vitest';
import { AppError } from '../../backend/model/errors.ts';
import type { MetricResult, MetricSeries, MetricsAnswer } from '../../backend/model/metrics.ts';
import type { MetricsQuery } from '../../backend/collectors/metrics/metrics.ts';
import { testCluster } from '../../backend/model/test-cluster.ts';
import { ManualClock } from '../../backend/platform/clock.ts';
import type { CallContext } from '../context.ts';
import { queryMetrics } from './query-metrics.ts';

const cluster = testCluster('edge-1');
const now = Date.parse('2026-03-01T10:00:00Z') / 1000;

/** Runs the tool and gives back what it asked the collector. */
async function asked(input: unknown): Promise<MetricsQuery> {
  let seen: MetricsQuery | undefined;
  const context = {
    clock: new ManualClock('2026-03-01T10:00:00.000Z'),
    question: async () => ({ clusters: [cluster], budgetMs: 29_500, signal: new AbortController().signal, scope: '' }),
    services: {
      metrics: {
        query: async (query: MetricsQuery) => {
          seen = query;
          return answer([]);
        },
      },
    },
  } as unknown as CallContext; // proof: these are all that the tool touches, and the assertions below would miss anything else
  await queryMetrics.run(context, queryMetrics.input.parse(input));
  if (!seen) throw new Error('the collector was not asked');
  return seen;
}

async function refusal(input: unknown): Promise<AppError> {
  const error: unknown = await asked(input).catch((thrown: unknown) => thrown);
  if (error instanceof AppError) return error;
  throw new Error('it was accepted');
}

function result(name: string, data: MetricSeries[], over: Partial<MetricResult> = {}): MetricResult {
  return {
    cluster_id: cluster.id,
    cluster_name: name,
    status: 'SUCCESS',
    query_time_ms: 1,
    cached: false,
    result_type: 'VECTOR',
    data,
    ...over,
  };
}

function answer(results: MetricResult[], over: Partial<MetricsAnswer> = {}): MetricsAnswer {
  const succeeded = results.filter((one) => one.status === 'SUCCESS').length;
  const complete = succeeded === results.length;
  return {
    query: 'up',
    results,
    complete,
    clusters_queried: results.length,
    clusters_succeeded: succeeded,
    total_query_time_ms: 1,
    notes: [],
    ...over,
  };
}

const series = (metric: Record<string, string>, ...values: string[]): MetricSeries => ({
  metric,
  values: values.map((v, i) => [i, v]),
});

describe('query_metrics, the question', () => {
  it('is an instant query of now unless it says otherwise', async () => {
    expect(await asked({ query: 'up' })).toMatchObject({ query: 'up', clusters: [cluster], budgetMs: 29_500 });
    expect(await asked({ query: 'up' })).not.toHaveProperty('range');
    expect(await asked({ query: 'up', time: '-5m' })).toMatchObject({ time: now - 300 });
  });

  it('puts answers side by side unless it names another way', async () => {
    expect(await asked({ query: 'up' })).toMatchObject({ aggregation: 'MERGE' });
    expect(await asked({ query: 'up', aggregation: 'FLEET' })).toMatchObject({ aggregation: 'FLEET' });
    expect(queryMetrics.input.safeParse({ query: 'up', aggregation: 'MEDIAN' }).success).toBe(false);
  });

  it('is a range query as soon as it has a start', async () => {
    expect((await asked({ query: 'up', start: '-1h' })).range).toEqual({ start: now - 3600, end: now });
    expect((await asked({ query: 'up', start: '2026-03-01T08:00:00Z', end: '-1h', step: '1m' })).range).toEqual({
      start: now - 7200,
      end: now - 3600,
      step: 60,
    });
  });

  it.each([
    [{ time: 'now', start: '-1h' }, 'time'],
    [{ end: 'now' }, 'end'],
    [{ step: '1m' }, 'step'],
    [{ start: 'yesterday' }, 'start'],
    [{ start: '-1h', step: '0' }, 'step'],
  ])('refuses %j and names the field', async (when, field) => {
    const error = await refusal({ query: 'up', ...when });
    expect(error.code).toBe('VALIDATION_FAILED');
    expect(error.details['issues']).toMatchObject([{ field }]);
  });

  it('may take as long as its timeout says, 300 seconds at most', () => {
    expect(queryMetrics.deadlineMs?.(queryMetrics.input.parse({ query: 'up', timeout: 120 }))).toBe(120_000);
    expect(queryMetrics.input.safeParse({ query: 'up', timeout: 301 }).success).toBe(false);
  });
});

describe('query_metrics, the summary', () => {
  it('gives coverage, count and the largest values in their own text', () => {
    const text = queryMetrics.summarize(
      answer([
        result('edge-1', [
          series({ __name__: 'up', cluster: 'edge-1', job: 'a' }, '1'),
          series({ cluster: 'edge-1', job: 'b' }, 'NaN'),
        ]),
        result('hub-1', [series({ cluster: 'hub-1', job: 'a' }, '123456789.123456789')]),
      ]),
    );
    expect(text).toBe(
      '2 of 2 clusters answered. 3 series; values: {cluster="hub-1",job="a"} = 123456789.123456789; up{cluster="edge-1",job="a"} = 1.',
    );
  });

  it('says who is missing and that totals are lower bounds', () => {
    const failed = result('edge-2', [], {
      status: 'ERROR',
      error: { code: 'CLUSTER_UNREACHABLE', message: 'connection refused' },
    });
    const text = queryMetrics.summarize(answer([result('edge-1', [series({ cluster: 'edge-1' }, '+Inf')]), failed]));
    expect(text).toBe(
      '1 of 2 clusters answered; edge-2: connection refused. Every total is a lower bound. 1 series; values: {cluster="edge-1"} = +Inf.',
    );
  });

  it('ranks a range by its last values and hands on the notes', () => {
    const many = Array.from({ length: 7 }, (_, i) => series({ cluster: 'edge-1', i: String(i) }, '99', String(i)));
    const text = queryMetrics.summarize(
      answer([result('edge-1', many)], { range: { start: 0, end: 1, step: 1 }, notes: ['step 1s was chosen.'] }),
    );
    expect(text).toContain(
      '7 series; highest last values: {cluster="edge-1",i="6"} = 6; {cluster="edge-1",i="5"} = 5;',
    );
    expect(text).toMatch(/; …\. step 1s was chosen\.$/);
  });

  it('reads the one answer of all clusters where they were put together', () => {
    const merged = { result_type: 'VECTOR' as const, data: [series({ job: 'a' }, '7')] };
    const text = queryMetrics.summarize(
      answer([result('edge-1', [])], {
        aggregation: 'FLEET',
        merged,
        notes: ['Without hub-1: counts are lower bounds.'],
      }),
    );
    expect(text).toBe(
      '1 of 1 clusters answered. 1 series; values: {job="a"} = 7. Without hub-1: counts are lower bounds.',
    );
    const empty = answer([result('edge-1', [])], { aggregation: 'FLEET', merged: { ...merged, data: [] } });
    expect(queryMetrics.summarize(empty)).toContain('The answer is empty');
  });

  it('tells what to do when there is nothing', () => {
    expect(queryMetrics.summarize(answer([result('edge-1', [])]))).toContain('No series match. Check the metric name');
    expect(queryMetrics.summarize(answer([]))).toContain('No cluster is in scope');
  });
});
