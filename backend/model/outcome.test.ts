import { describe, expect, it } from 'vitest';
import { type ClusterOutcome, coverageByName, describeOutcomes } from './outcome.ts';

const outcome = (cluster_name: string, status: ClusterOutcome['status'], message?: string): ClusterOutcome => ({
  cluster_id: '00000000-0000-4000-8000-000000000000',
  cluster_name,
  status,
  query_time_ms: 1,
  cached: false,
  ...(message === undefined ? {} : { error: { code: 'CLUSTER_UNREACHABLE', message } }),
});

describe('the sentence about outcomes', () => {
  it('tells those that answered in part from those that answered', () => {
    const outcomes = [outcome('a', 'SUCCESS'), outcome('b', 'PARTIAL', 'Prometheus: refused'), outcome('c', 'SKIPPED')];
    expect(describeOutcomes(outcomes)).toBe('2 of 2 clusters answered, 1 in part; b: Prometheus: refused');
  });

  it('leaves the period at its end to the one who uses it', () => {
    expect(describeOutcomes([outcome('a', 'ERROR', 'refused.')])).toBe('0 of 1 clusters answered; a: refused');
  });

  it('names who is missing even where the reasons stand elsewhere', () => {
    expect(coverageByName([outcome('a', 'SUCCESS'), outcome('c', 'SKIPPED')])).toBe('1 of 1 clusters answered');
    const failed = ['b', 'c', 'd', 'e', 'f'].map((name) => outcome(name, 'ERROR', 'refused.'));
    expect(coverageByName(failed)).toBe('0 of 5 clusters answered, not whole: b, c, d and 2 more');
  });
});
