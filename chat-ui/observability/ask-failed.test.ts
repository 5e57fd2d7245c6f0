import { describe, expect, it } from 'vitest';
import type { ClusterOutcome } from '../../backend/model/outcome.ts';
import type { FoundTrace, TraceSearchAnswer } from '../../backend/model/trace.ts';
import { uuid } from '../test-support.ts';
import { askAgainWords, clustersToAskAgain, withMetricsOf, withTracesOf } from './ask-failed.ts';
import type { WholeAnswer } from './metrics/series.ts';
import { trace } from './traces/test-traces.ts';

function outcome(n: number, status: ClusterOutcome['status'], reason?: string): ClusterOutcome {
  const error = reason === undefined ? {} : { error: { code: 'X', message: reason } };
  return { cluster_id: uuid(n), cluster_name: `c${n}`, status, query_time_ms: 1, cached: false, ...error };
}

function metrics(outcomes: ClusterOutcome[], rest: Partial<WholeAnswer> = {}): WholeAnswer {
  return {
    query: 'up',
    results: outcomes.map((o) => ({
      ...o,
      data:
        o.status === 'SUCCESS' ? [{ metric: { cluster: o.cluster_name }, values: [[0, String(o.query_time_ms)]] }] : [],
    })),
    complete: false,
    clusters_queried: outcomes.length,
    clusters_succeeded: 1,
    total_query_time_ms: 1,
    range: { start: 0, end: 60, step: 60 },
    notes: [],
    ...rest,
  };
}

function search(clusters: ClusterOutcome[], traces: FoundTrace[], rest: Partial<TraceSearchAnswer> = {}) {
  const [start, end] = ['2026-03-01T09:00:00.000Z', '2026-03-01T10:00:00.000Z'];
  return { query: '{}', start, end, traces, more: false, clusters, complete: false, notes: [], ...rest };
}

function found(id: string, at: string, clusters: string[], rest: Partial<FoundTrace> = {}): FoundTrace {
  const start_time = `2026-03-01T09:${at}.000000000Z`;
  return { ...trace({ trace_id: id, start_time, clusters }), matched_spans: 1, spans: [], ...rest };
}

describe('asking again', () => {
  it('asks those that failed or were left out with a reason, not those that have no such server', () => {
    const outcomes = [
      outcome(1, 'SUCCESS'),
      outcome(2, 'ERROR', 'refused'),
      outcome(3, 'SKIPPED'),
      outcome(4, 'SKIPPED', 'paused'),
      outcome(5, 'PARTIAL'),
    ];
    expect(clustersToAskAgain(outcomes)).toEqual([uuid(2), uuid(4), uuid(5)]);
    expect(askAgainWords(clustersToAskAgain(outcomes))).toBe('Ask those 3 again');
  });

  it('asks everybody where nobody answered whole, and where more failed than can be named', () => {
    expect(clustersToAskAgain([outcome(1, 'TIMEOUT'), outcome(2, 'SKIPPED')])).toEqual([]);
    const many = Array.from({ length: 1001 }, (_, n) => outcome(n + 2, 'TIMEOUT'));
    expect(clustersToAskAgain([outcome(1, 'SUCCESS'), ...many])).toEqual([]);
    expect(askAgainWords([])).toBe('Ask all again');
  });

  it('puts new outcomes and series where the old ones stood', () => {
    const shown = metrics([outcome(1, 'TIMEOUT'), outcome(2, 'SUCCESS'), outcome(3, 'ERROR', 'x')], { notes: ['a'] });
    const fresh = metrics([outcome(1, 'SUCCESS'), outcome(3, 'ERROR', 'y')], { notes: ['a', 'b'] });
    const merged = withMetricsOf(shown, fresh);
    expect(merged?.results.map(({ status, error, data }) => [status, error?.message, data.length])).toEqual([
      ['SUCCESS', undefined, 1],
      ['SUCCESS', undefined, 1],
      ['ERROR', 'y', 0],
    ]);
    expect(merged).toMatchObject({ complete: false, clusters_succeeded: 2, notes: ['a', 'b'] });
    expect(merged && withMetricsOf(merged, metrics([outcome(3, 'SUCCESS')]))?.complete).toBe(true);
  });

  it('does not join answers of different grids, nor merged ones', () => {
    const shown = metrics([outcome(1, 'TIMEOUT'), outcome(2, 'SUCCESS')]);
    const coarse = metrics([outcome(1, 'SUCCESS')], { range: { start: 0, end: 60, step: 120 } });
    expect(withMetricsOf(shown, coarse)).toBeUndefined();
    const merged = metrics([outcome(1, 'SUCCESS')], { merged: { result_type: 'MATRIX', data: [] } });
    expect(withMetricsOf(shown, merged)).toBeUndefined();
  });

  it('lists traces of both answers newest first, once each, and no more than asked for', () => {
    const shown = search(
      [outcome(1, 'SUCCESS'), outcome(2, 'PARTIAL')],
      [
        found('both', '30:00', ['c1'], { span_count: 3, duration_ms: 1000 }),
        found('stale', '20:00', ['c2']),
        found('old', '10:00', ['c1']),
      ],
    );
    const fresh = search(
      [outcome(2, 'SUCCESS')],
      [
        found('new', '40:00', ['c2']),
        found('both', '30:01', ['c2'], { span_count: 2, duration_ms: 2000, has_errors: true }),
      ],
    );
    const merged = withTracesOf(shown, fresh, 10);
    expect(merged.traces.map(({ trace_id }) => trace_id)).toEqual(['new', 'both', 'old']);
    expect(merged.traces[1]).toMatchObject({
      clusters: ['c1', 'c2'],
      span_count: 5,
      service_count: null,
      has_errors: true,
      duration_ms: 3000,
      matched_spans: 2,
    });
    expect(merged).toMatchObject({ complete: true, more: false });
    expect(withTracesOf(shown, fresh, 2)).toMatchObject({ traces: { length: 2 }, more: true });
  });

  it('does not count spans twice that were in the answer before', () => {
    const shown = search(
      [outcome(1, 'SUCCESS'), outcome(2, 'PARTIAL')],
      [found('t', '30:00', ['c1', 'c2'], { span_count: 5 })],
    );
    const fresh = search([outcome(2, 'SUCCESS')], [found('t', '30:00', ['c2'], { span_count: 2 })]);
    expect(withTracesOf(shown, fresh, 10).traces).toMatchObject([{ span_count: 5, matched_spans: 1 }]);
  });
});
