import type { LogEntry, LogsAnswer } from '../../../backend/model/logs.ts';
import { uuid } from '../../test-support.ts';

/** Builders of tests; nothing here is part of the product. */

/** A line of the second `n` of an hour. */
export function logEntry(n: number, rest: Partial<LogEntry> = {}): LogEntry {
  const at = Date.parse('2026-03-01T09:00:00.000Z') + n * 1000;
  return {
    cluster_id: uuid(1),
    cluster_name: 'alpha',
    timestamp: new Date(at).toISOString(),
    timestamp_ns: `${at}000000`,
    level: 'INFO',
    stream: { namespace: 'shop', pod: 'cart-1' },
    message: `line ${n}`,
    ...rest,
  };
}

export function logsAnswer(entries: LogEntry[], rest: Partial<LogsAnswer> = {}): LogsAnswer {
  return {
    query: '{a="b"}',
    result_type: 'STREAMS',
    entries,
    series: [],
    direction: 'BACKWARD',
    start: '2026-03-01T09:00:00.000Z',
    end: '2026-03-01T10:00:00.000Z',
    total: null,
    by_level: {},
    clusters: [{ cluster_id: uuid(1), cluster_name: 'alpha', status: 'SUCCESS', query_time_ms: 3, cached: false }],
    complete: true,
    notes: [],
    ...rest,
  };
}
