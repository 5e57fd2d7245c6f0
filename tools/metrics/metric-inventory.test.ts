import { describe, expect, it } from 'vitest';
import { getMetricMetadata } from './get-metric-metadata.ts';
import { getMetricSeries } from './get-metric-series.ts';

const outcome = {
  cluster_id: '00000000-0000-4000-8000-000000000000',
  cluster_name: 'edge-1',
  status: 'SUCCESS',
  query_time_ms: 1,
  cached: false,
} as const;

describe('get_metric_series', () => {
  it('wants at least one selector and looks at the last hour', () => {
    expect(getMetricSeries.input.safeParse({}).success).toBe(false);
    expect(getMetricSeries.input.parse({ match: ['up'] })).toMatchObject({ start: '-1h', end: 'now', limit: 1000 });
  });

  it('says when its total is a lower bound', () => {
    const part = getMetricSeries.summarize({ series: [], total: 3, clusters: [outcome], complete: false });
    expect(part).toBe('1 of 1 clusters answered. At least 3 series match.');
  });
});

describe('get_metric_metadata', () => {
  it('says why there may be none', () => {
    const none = getMetricMetadata.summarize({ metrics: [], total: 0, clusters: [outcome], complete: true });
    expect(none).toContain('scrape right now');
  });
});
