import { describe, expect, it } from 'vitest';
import { findMetrics } from './find-metrics.ts';
import { getMetricTrends } from './get-metric-trends.ts';
import { getResourceUsage } from './get-resource-usage.ts';
import { getTopConsumers } from './get-top-consumers.ts';

const outcome = {
  cluster_id: '00000000-0000-4000-8000-000000000000',
  cluster_name: 'edge-1',
  status: 'SUCCESS' as const,
  query_time_ms: 1,
  cached: false,
};
const whole = { clusters: [outcome], complete: true };

describe('the summaries of', () => {
  it('find_metrics name the best', () => {
    const metric = { metric: 'up', type: '', unit: '', help: '', cluster_count: 1, labels: null, example: 'up' };
    expect(findMetrics.summarize({ metrics: [metric], total: 1, searched: 900, ...whole })).toBe(
      '1 of 1 clusters answered; 900 metrics searched. 1 fit, best: up.',
    );
    expect(findMetrics.summarize({ metrics: [], total: 0, searched: 900, ...whole })).toContain('None fits.');
  });

  it('get_metric_trends name the most changed and what is gone', () => {
    const answer = {
      query: 'm',
      window: { start: '', end: '', step_seconds: 30 },
      previous: { start: '', end: '' },
      series: [
        { labels: { pod: 'a' }, trend: 'RISING' as const, vs_previous_percent: 60 },
        { labels: { pod: 'b' }, trend: 'FLAT' as const },
      ],
      total: 2,
      gone: 1,
      notes: [],
      ...whole,
    };
    expect(getMetricTrends.summarize(answer)).toBe(
      '1 of 1 clusters answered. 2 series; most changed: {pod="a"} RISING (+60 % against before); {pod="b"} FLAT (not there before). 1 series of before are gone.',
    );
    expect(
      getMetricTrends.forModel?.output.safeParse(getMetricTrends.forModel.view(answer).output).error,
    ).toBeUndefined();
  });

  it('get_resource_usage name the metrics that are missing', () => {
    const missing = [
      {
        measure: 'pods',
        metric: 'kube_pod_info',
        source: 'kube-state-metrics',
        cluster_count: 1,
        clusters: ['edge-1'],
      },
    ];
    const text = getResourceUsage.summarize({
      by: 'node',
      rows: [],
      missing,
      time: '2026-03-01T10:00:00.000Z',
      ...whole,
    });
    expect(text).toBe(
      '1 of 1 clusters answered. 0 rows by node, largest first. Not everywhere: kube_pod_info (kube-state-metrics).',
    );
  });

  it('get_top_consumers give the first of the ranking', () => {
    const items = [{ cluster: 'edge-1', labels: { namespace: 'shop', pod: 'a' }, value: 281_234_567 }];
    const answer = {
      resource: 'memory' as const,
      by: 'pod' as const,
      unit: 'bytes',
      meaning: 'working set now',
      query: 'q',
      items,
      missing: [],
      ...whole,
    };
    expect(getTopConsumers.summarize(answer)).toBe(
      '1 of 1 clusters answered. memory in bytes, working set now: shop/a/edge-1 281.2M.',
    );
    expect(getTopConsumers.summarize({ ...answer, items: [] })).toContain('Nothing found');
    expect(getTopConsumers.input.safeParse({ resource: 'happiness' }).success).toBe(false);
  });
});
