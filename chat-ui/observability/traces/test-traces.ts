import type { Span, Trace, TraceAnalysis, TraceAnswer } from '../../../backend/model/trace.ts';
import { uuid } from '../../test-support.ts';

/** Traces that tests of this UI build by hand; nothing here is part of the product. */

export function span(id: string, rest: Partial<Span>): Span {
  return {
    span_id: id,
    operation_name: `op ${id}`,
    service_name: 'shop',
    kind: 'SERVER',
    cluster_name: 'alpha',
    start_time: '2026-03-01T10:00:00.000000000Z',
    duration_ms: 10,
    self_ms: 5,
    status: 'UNSET',
    tags: {},
    logs: [],
    ...rest,
  };
}

export function trace(rest: Partial<Trace> = {}): Trace {
  return {
    trace_id: '0'.repeat(31) + '1',
    cluster_id: uuid(1),
    cluster_name: 'alpha',
    clusters: ['alpha'],
    root_service: 'shop',
    root_operation: 'GET /',
    start_time: '2026-03-01T10:00:00.000000000Z',
    duration_ms: 10,
    span_count: 1,
    service_count: 1,
    has_errors: false,
    ...rest,
  };
}

export function analysis(rest: Partial<TraceAnalysis> = {}): TraceAnalysis {
  return {
    critical_path: [],
    critical_path_steps: 0,
    error_origins: [],
    error_origin_count: 0,
    error_span_count: 0,
    services: [],
    operations: [],
    slowest_spans: [],
    orphan_count: 0,
    missing_parents: [],
    duplicate_count: 0,
    clock_skews: [],
    ...rest,
  };
}

export function traceAnswer(spans: Span[], rest: Partial<TraceAnswer> = {}): TraceAnswer {
  return {
    trace: trace({ span_count: spans.length, duration_ms: Math.max(0, ...spans.map((s) => s.duration_ms)) }),
    analysis: analysis(),
    tree: [],
    tree_of: { shown: spans.length, total: spans.length },
    spans,
    clusters: [{ cluster_id: uuid(1), cluster_name: 'alpha', status: 'SUCCESS', query_time_ms: 3, cached: false }],
    complete: true,
    notes: [],
    ...rest,
  };
}
