import { describe, expect, it } from 'vitest';
import type { LogEntry } from '../../../backend/model/logs.ts';
import { logEntry } from './test-logs.ts';
import { logsViewUrl, narrowed, patternQuery, readLogsView, rowsOf, sourceOf, traceIdOf } from './logs-view.ts';
import { firstBelow } from './measured-rows.ts';

const TRACE = '042bac59ad78c9ee78778cf56a072117';
const entry = (rest: Partial<LogEntry>) => logEntry(1, rest);

describe('the view of logs', () => {
  it('stands in the URL and comes back from it', () => {
    const url =
      '/observability/logs?show=live&q=%7Ba%3D%22b%22%7D&limit=500&dir=forward&wrap=true&level=error%2Cwarn&from=-3h&to=now&clusters=x';
    const read = readLogsView(Object.fromEntries(new URL(url, 'http://x').searchParams));
    expect(read).toMatchObject({ show: 'live', limit: 500, direction: 'FORWARD', levels: ['ERROR', 'WARN'] });
    expect(logsViewUrl(read)).toBe(
      '/observability/logs?show=live&q=%7Ba%3D%22b%22%7D&limit=500&dir=forward&wrap=true&level=error%2Cwarn&from=-3h&to=now&clusters=x',
    );
    expect(logsViewUrl(readLogsView({ show: 'x', limit: '7', dir: 'y', level: 'z' }))).toBe('/observability/logs');
  });

  it('tells lines of one nanosecond apart, and keeps their names as more pages come', () => {
    const [a, b, c] = [logEntry(1), logEntry(1), logEntry(2)];
    const keys = rowsOf([a, b, c]).map(({ key }) => key);
    expect(new Set(keys).size).toBe(3);
    expect(rowsOf([a, b]).map(({ key }) => key)).toEqual(keys.slice(0, 2));
  });

  it('names a line by its pod, else by what there is', () => {
    expect(sourceOf(entry({ stream: { pod: 'p', app: 'a' } }))).toBe('p');
    expect(sourceOf(entry({ stream: { unit: 'kubelet' } }))).toBe('kubelet');
    expect(sourceOf(entry({ stream: {} }))).toBe('');
  });
});

describe('the trace of a line', () => {
  it('is found in metadata, in parsed labels, or in the text', () => {
    expect(traceIdOf(entry({ structured_metadata: { trace_id: TRACE } }))).toBe(TRACE);
    expect(traceIdOf(entry({ parsed: { traceID: TRACE.toUpperCase() } }))).toBe(TRACE);
    expect(traceIdOf(entry({ message: `level=info trace_id=${TRACE} x` }))).toBe(TRACE);
    expect(traceIdOf(entry({ message: `{"traceId":"${TRACE.slice(16)}"}` }))).toBe(
      `${'0'.repeat(16)}${TRACE.slice(16)}`,
    );
  });

  it('is none where the line only says that it has none', () => {
    expect(traceIdOf(entry({ message: 'trace_id=- x' }))).toBeUndefined();
    expect(traceIdOf(entry({ structured_metadata: { trace_id: '0'.repeat(32) } }))).toBeUndefined();
    expect(traceIdOf(entry({ message: `sha ${TRACE}` }))).toBeUndefined();
  });
});

describe('narrowing a query', () => {
  it.each([
    ['', '{pod="a"}'],
    ['{}', '{pod="a"}'],
    ['{app="x"} |= "}"', '{app="x", pod="a"} |= "}"'],
    ['{app="x}"}', '{app="x}", pod="a"}'],
    ['sum(rate({app=`{`}[1m]))', 'sum(rate({app=`{`, pod="a"}[1m]))'],
  ])('by a label of the stream: %s', (query, wanted) => {
    expect(narrowed(query, 'pod', 'a', true)).toBe(wanted);
  });

  it('by anything else goes behind it', () => {
    expect(narrowed('{a="b"} ', 'level', 'x"y', false)).toBe('{a="b"} | level="x\\"y"');
  });

  it('to an error pattern takes text that stands in the line, not what the template put together', () => {
    const sample = entry({
      stream: { namespace: 'shop', container: 'web', pod: 'web-1' },
      message: 'level=error msg="request failed" reason="POST checkout:8080/orders: connect: connection refused"',
    });
    expect(patternQuery('request failed: POST checkout:<_>/orders: connect: connection refused', sample)).toBe(
      '{namespace="shop", container="web"} |= "/orders: connect: connection refused"',
    );
    expect(patternQuery('<_>', sample)).toBe('{namespace="shop", container="web"}');
  });
});

it('the row at a place is found among rows of different heights', () => {
  const tops = Float64Array.from([0, 28, 128, 156]);
  expect([-5, 0, 27, 28, 127, 128, 9999].map((y) => firstBelow(tops, y))).toEqual([0, 0, 0, 1, 1, 2, 2]);
  expect(firstBelow(Float64Array.from([0]), 10)).toBe(0);
});
