import { describe, expect, it } from 'vitest';
import { getMetricLabels } from './get-metric-labels.ts';

const outcome = {
  cluster_id: '00000000-0000-4000-8000-000000000000',
  cluster_name: 'edge-1',
  status: 'SUCCESS',
  query_time_ms: 1,
  cached: false,
} as const;

describe('get_metric_labels', () => {
  it('looks at the last hour unless it says otherwise', () => {
    expect(getMetricLabels.input.parse({})).toEqual({ match: [], start: '-1h', end: 'now', limit: 200 });
  });

  it('takes any name, as Prometheus does from 3.0 on, but an empty one', () => {
    expect(getMetricLabels.input.parse({ label: 'k8s.pod.name' }).label).toBe('k8s.pod.name');
    expect(getMetricLabels.input.safeParse({ label: '' }).success).toBe(false);
  });

  it('summarizes what it found, and says when that is not all', () => {
    const all = getMetricLabels.summarize({ values: ['a', 'b'], total: 2, clusters: [outcome], complete: true });
    expect(all).toBe('1 of 1 clusters answered. 2 found: a, b.');
    const failed = { ...outcome, cluster_name: 'edge-2', status: 'TIMEOUT' as const };
    const part = getMetricLabels.summarize({ values: ['a'], total: 1, clusters: [outcome, failed], complete: false });
    expect(part).toBe('1 of 2 clusters answered; edge-2: TIMEOUT. At least 1 found: a.');
    expect(getMetricLabels.summarize({ values: [], total: 0, clusters: [outcome], complete: true })).toContain(
      'widen the time range',
    );
  });
});
