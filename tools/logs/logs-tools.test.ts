import { describe, expect, it } from 'vitest';
import type { LogEntry, LogsAnswer } from '../../backend/model/logs.ts';
import { getLogLabels } from './get-log-labels.ts';
import { areNamed } from './logs-arg.ts';
import { queryLogs } from './query-logs.ts';

const id = '00000000-0000-4000-8000-000000000000';
const outcome = { cluster_id: id, cluster_name: 'eu-1', status: 'SUCCESS', query_time_ms: 1, cached: false } as const;
const skipped = { ...outcome, cluster_name: 'edge-1', status: 'SKIPPED' as const };
const failed = { ...outcome, cluster_name: 'us-1', status: 'TIMEOUT' as const };
const entry: LogEntry = {
  cluster_id: id,
  cluster_name: 'eu-1',
  timestamp: '2026-03-01T10:00:00.000Z',
  timestamp_ns: '1772359200000000000',
  level: 'ERROR',
  stream: { namespace: 'shop', pod: 'checkout-1' },
  message: 'payment\u0000 failed',
};
const answer: LogsAnswer = {
  query: '{namespace="shop"}',
  result_type: 'STREAMS',
  entries: [entry, { ...entry, message: 'x'.repeat(1000), message_length: 5000 }],
  series: [],
  direction: 'BACKWARD',
  start: '2026-03-01T09:00:00.000Z',
  end: '2026-03-01T10:00:00.000Z',
  total: 2,
  by_level: { ERROR: 2 },
  clusters: [skipped, outcome],
  complete: true,
  notes: [],
};

describe('query_logs', () => {
  it('sums up who answered, how many lines of which levels came from where, and quotes the first', () => {
    expect(queryLogs.summarize(answer)).toBe(
      '1 of 1 clusters answered (1 without logs). All 2 lines between 2026-03-01T09:00:00.000Z and 2026-03-01T10:00:00.000Z, ' +
        'newest first: 2 ERROR; from eu-1/checkout-1 (2). 1 are cut to line_length. First: ' +
        `2026-03-01T10:00:00.000Z eu-1 checkout-1: "payment  failed" 2026-03-01T10:00:00.000Z eu-1 checkout-1: "${'x'.repeat(159)}…"`,
    );
  });

  it('never says that there is nothing more when pages or clusters are missing', () => {
    const part = queryLogs.summarize({
      ...answer,
      total: null,
      next_cursor: 'c',
      clusters: [outcome, failed],
      complete: false,
    });
    expect(part).toContain('1 of 2 clusters answered; us-1: TIMEOUT. What follows is not all. 2 lines');
    expect(part).toContain('There are more: pass next_cursor.');
    const none = { ...answer, entries: [], by_level: {} };
    expect(queryLogs.summarize(none)).toContain('No line matches between');
    expect(queryLogs.summarize({ ...none, complete: false })).toContain('where clusters answered');
    expect(queryLogs.summarize({ ...none, next_cursor: 'c' })).toContain('next_cursor goes on');
    expect(queryLogs.summarize({ ...none, clusters: [] })).toContain('No cluster is in scope');
  });

  it('shows the highest values of metric LogQL', () => {
    const series = ['3', '30', '7'].map((value, i) => ({
      metric: { cluster: `c-${i}` },
      values: [[1, value] as [number, string]],
    }));
    const metric = queryLogs.summarize({ ...answer, entries: [], result_type: 'VECTOR', series });
    expect(metric).toContain('3 series; values: {cluster="c-1"} = 30; {cluster="c-2"} = 7; {cluster="c-0"} = 3.');
  });
});

describe('arguments of log tools', () => {
  it('tell named clusters from chosen ones', () => {
    expect([areNamed(undefined), areNamed('tier=edge'), areNamed('eu-1'), areNamed(['eu-1'])]).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });

  it('sums up labels', () => {
    expect(getLogLabels.summarize({ values: ['a'], total: 1, clusters: [outcome, failed], complete: false })).toBe(
      '1 of 2 clusters answered; us-1: TIMEOUT. What follows is not all. At least 1 found: a.',
    );
  });
});
