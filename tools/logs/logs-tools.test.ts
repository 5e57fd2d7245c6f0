import { describe, expect, it } from 'vitest';
import { type LogEntry, type LogsAnswer, LogsDigest } from '../../backend/model/logs.ts';
import { getLogLabels } from './get-log-labels.ts';
import { logsForModel } from './logs-for-model.ts';
import { areNamed } from './logs-arg.ts';
import { queryLogs } from './query-logs.ts';
import { searchErrorLogs } from './search-error-logs.ts';

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

describe('query_logs for a model', () => {
  it('shows each line as one line, with what was cut and its trace, in a fraction of the answer', () => {
    const traced = { ...entry, structured_metadata: { trace_id: 'abc', detected_level: 'error' } };
    const { output, whole } = logsForModel.view({ ...answer, entries: [traced, ...answer.entries] });
    expect(LogsDigest.safeParse(output).error).toBeUndefined();
    expect(whole).toBe(false);
    expect(output['lines']).toEqual([
      '2026-03-01T10:00:00.000Z eu-1/checkout-1 ERROR payment\u0000 failed trace_id=abc',
      '2026-03-01T10:00:00.000Z eu-1/checkout-1 ERROR payment\u0000 failed',
      `2026-03-01T10:00:00.000Z eu-1/checkout-1 ERROR ${'x'.repeat(300)}…(+4700)`,
    ]);
    const many = logsForModel.view({ ...answer, entries: Array.from({ length: 130 }, () => entry) });
    expect(many.output).toMatchObject({ lines_left_out: 30 });
  });

  it('shows metric LogQL as series in a few numbers', () => {
    const series = [{ metric: { app: 'x' }, values: [[1, '3'] as [number, string]] }];
    const { output } = logsForModel.view({ ...answer, entries: [], result_type: 'VECTOR', series });
    expect(LogsDigest.safeParse(output).error).toBeUndefined();
    expect(output).toMatchObject({ series: { total: 1 } });
  });
});

describe('search_error_logs', () => {
  it('sums up how many lines against the window before, and what is new where', () => {
    const text = searchErrorLogs.summarize({
      templates: [
        {
          template: 'order <_> failed',
          count: 12,
          previous_count: 0,
          novelty: 'NEW',
          clusters: [{ name: 'eu-1', count: 12 }],
          namespaces: ['shop'],
          namespaces_total: 1,
          pods: ['checkout-1'],
          pods_total: 1,
          first_seen: '2026-03-01T09:10:00.000Z',
          last_seen: '2026-03-01T09:50:00.000Z',
          source: 'MINED',
        },
        {
          template: 'gone',
          count: 0,
          previous_count: 9,
          novelty: 'GONE',
          change: 0,
          clusters: [],
          namespaces: [],
          namespaces_total: 0,
          pods: [],
          pods_total: 0,
          source: 'MINED',
        },
      ],
      templates_total: 7,
      lines: 12,
      previous_lines: 9,
      counts_are_exact: true,
      by_novelty: { NEW: 1, GONE: 6 },
      start: answer.start,
      end: answer.end,
      previous_start: answer.start,
      clusters: [outcome],
      complete: true,
      notes: [],
    });
    expect(text).toBe(
      '1 of 1 clusters answered. 12 error lines between 2026-03-01T09:00:00.000Z and 2026-03-01T10:00:00.000Z (9 in the window before), in 7 groups: 1 NEW, 6 GONE. ' +
        'NEW 12 on eu-1, 1 pods, since 2026-03-01T09:10:00.000Z: "order <_> failed"; GONE 0 (was 9): "gone" and 5 more groups.',
    );
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
