import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analysis, span, trace } from './test-traces.ts';
import { millis, readTags, readTracesView, searchBody, traceUrl, tracesUrl, viewProblems } from './traces-view.ts';
import { durationWords, nanoDifference, visibleRows, waterfallOf } from './waterfall.ts';

const START = '2026-03-01T10:00:00.000000000Z';

describe('waterfall', () => {
  it('is depth first, siblings by time, with offsets to the nanosecond', () => {
    const { rows, totalMs } = waterfallOf(
      trace(),
      [
        span('root', { duration_ms: 100 }),
        span('late', { parent_span_id: 'root', start_time: '2026-03-01T10:00:00.050000001Z' }),
        span('early', { parent_span_id: 'root', start_time: '2026-03-01T10:00:00.010000000Z' }),
        span('leaf', { parent_span_id: 'early', start_time: '2026-03-01T10:00:00.020000000Z' }),
      ],
      analysis(),
    );
    expect(rows.map((row) => [row.span.span_id, row.level, row.position, row.siblings])).toEqual([
      ['root', 1, 1, 1],
      ['early', 2, 1, 2],
      ['leaf', 3, 1, 1],
      ['late', 2, 2, 2],
    ]);
    expect(rows[3]?.offsetMs).toBeCloseTo(50.000001, 9);
    expect(totalMs).toBe(100);
  });

  it('keeps spans whose parent nobody holds, and says where something below failed', () => {
    const { rows } = waterfallOf(
      trace(),
      [span('a', {}), span('b', { parent_span_id: 'a', status: 'ERROR' }), span('lost', { parent_span_id: 'gone' })],
      analysis(),
    );
    expect(rows.map((row) => [row.span.span_id, row.level, row.errorBelow])).toEqual([
      ['a', 1, true],
      ['b', 2, false],
      ['lost', 1, false],
    ]);
  });

  it('shows every span once, whatever parents they claim', () => {
    const ids = fc.integer({ min: 0, max: 8 });
    fc.assert(
      fc.property(fc.array(fc.tuple(ids, fc.option(ids)), { maxLength: 12 }), (pairs) => {
        const spans = pairs.map(([id, parent]) =>
          span(`s${id}`, parent === null ? {} : { parent_span_id: `s${parent}` }),
        );
        const { rows } = waterfallOf(trace(), spans, analysis());
        expect(rows).toHaveLength(spans.length);
        expect(new Set(rows.map((row) => row.span)).size).toBe(spans.length);
      }),
    );
  });

  it('hides what is below closed rows and nothing else', () => {
    const { rows } = waterfallOf(
      trace(),
      [span('a', {}), span('b', { parent_span_id: 'a' }), span('c', { parent_span_id: 'b' }), span('d', {})],
      analysis(),
    );
    const closed = new Set(rows.filter((row) => row.span.span_id === 'a'));
    expect(visibleRows(rows, closed).map((row) => row.span.span_id)).toEqual(['a', 'd']);
    expect(visibleRows(rows, new Set())).toHaveLength(4);
  });

  it('marks the critical path per span and cluster', () => {
    const step = {
      span_id: 'a',
      cluster_name: 'alpha',
      service_name: 's',
      operation_name: 'o',
      at_ms: 1,
      ms: 2,
      share: 1,
    };
    const { rows } = waterfallOf(
      trace(),
      [span('a', {}), span('a', { cluster_name: 'beta' })],
      analysis({ critical_path: [step] }),
    );
    expect(rows.map((row) => row.critical)).toEqual([[{ atMs: 1, ms: 2 }], []]);
  });

  it('reads times with nine digits, fewer, or none', () => {
    expect(nanoDifference(START, '2026-03-01T10:00:01.5Z')).toBe(1500);
    expect(nanoDifference(START, '2026-03-01T10:00:01Z')).toBe(1000);
    expect(nanoDifference('2026-03-01T10:00:00.999999999Z', '2026-03-01T10:00:01.000000000Z')).toBeCloseTo(1e-6, 9);
  });

  it.each([
    [0, '0 ms'],
    [0.0123, '12.3 µs'],
    [340.4, '340 ms'],
    [1250, '1.25 s'],
    [61_000, '1 min 1 s'],
  ])('%d ms is %s', (ms, words) => {
    expect(durationWords(ms)).toBe(words);
  });
});

describe('search for traces', () => {
  it('asks what the URL says, and only that', () => {
    const view = readTracesView({
      service: 'shop*',
      operation: 'GET /',
      min: '1.5s',
      max: '2m',
      tags: 'http.status_code=500 msg="not found"',
      errors: 'true',
      clusters: 'a,b',
    });
    expect(searchBody(view)).toEqual({
      start: '-1h',
      end: 'now',
      limit: 20,
      clusters: ['a', 'b'],
      service_name: 'shop*',
      operation_name: 'GET /',
      min_duration_ms: 1500,
      max_duration_ms: 120_000,
      tags: { 'http.status_code': '500', msg: 'not found' },
      has_errors: true,
    });
    expect(searchBody(readTracesView({ traceql: '{}', service: 'x' }))).toEqual({
      start: '-1h',
      end: 'now',
      limit: 20,
      query: '{}',
    });
  });

  it('reads back every URL that it writes', () => {
    const view = readTracesView({ service: 'a b&c', tags: 'k="v w"', errors: 'true', limit: '50', show: 'services' });
    const back = (url: string) => readTracesView(Object.fromEntries(new URL(url, 'http://x').searchParams.entries()));
    expect(back(tracesUrl(view))).toEqual(view);
    expect(back(traceUrl('abc', view, 's1'))).toEqual(view);
  });

  it('says what cannot be asked', () => {
    expect(viewProblems(readTracesView({ min: 'fast', max: '1s', tags: 'oops' }))).toMatchObject({
      min: expect.any(String) as string,
      tags: expect.any(String) as string,
    });
    expect(viewProblems(readTracesView({ min: '2s', max: '1s' })).max).toContain('less');
    expect([millis('250'), millis('250ms'), millis('1 s'), millis('1h')]).toEqual([250, 250, 1000, undefined]);
    expect(readTags('a=1 b')).toBeUndefined();
  });
});
