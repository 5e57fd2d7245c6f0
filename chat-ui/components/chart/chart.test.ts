import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chartColumns, drawable, nearestIndex } from './chart-data.ts';
import { describedUnit, guessUnit, namesWithoutUnit, unitText } from './units.ts';

const line = (...samples: [number, string][]) => ({ key: 'k', label: 'l', samples });

describe('chart columns', () => {
  it('leave a step without a sample, and a value without a place on an axis, as a gap', () => {
    const { times, values } = chartColumns([line([0, '1'], [30, '3']), line([0, 'NaN'], [15, '+Inf'], [30, '-0'])], {
      start: 0,
      end: 30,
      step: 15,
    });
    expect(times).toEqual([0, 15, 30]);
    expect(values).toEqual([
      [1, null, 3],
      [null, null, -0],
    ]);
  });

  it('take their times from the samples where there is no grid', () => {
    const { times, values } = chartColumns([line([1, '1'], [3, '3']), line([2, '2'])], undefined);
    expect([times, values]).toEqual([
      [1, 2, 3],
      [
        [1, null, 3],
        [null, 2, null],
      ],
    ]);
  });

  it('find the nearest time as a search through all of them would', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 1000 }), { minLength: 1 }),
        fc.integer({ min: -50, max: 1050 }),
        (all, at) => {
          const times = all.sort((a, b) => a - b);
          const least = Math.min(...times.map((time) => Math.abs(time - at)));
          expect(Math.abs((times[nearestIndex(times, at)] ?? Infinity) - at)).toBe(least);
        },
      ),
    );
  });

  it('never draw what is no number', () => {
    expect([drawable(undefined), drawable('NaN'), drawable('-Inf'), drawable('1e-07')]).toEqual([
      null,
      null,
      null,
      1e-7,
    ]);
  });
});

describe('units', () => {
  it.each([
    [0, 'seconds', '0 s'],
    [1.25, 'seconds', '1.25 s'],
    [0.00042, 'seconds', '420 µs'],
    [7200, 'seconds', '2 h'],
    [1536, 'bytes', '1.5 KiB'],
    [3.2 * 2 ** 30, 'bytes/s', '3.2 GiB/s'],
    [0.423, 'ratio', '42.3 %'],
    [1234567, 'none', '1.235 M'],
    [-12, 'none', '-12'],
    [0.5, 'none', '0.5'],
    [0.00002, 'none', '2.00e-5'],
    [12.5, 'per second', '12.5/s'],
  ] as const)('%d %s is %s', (value, unit, text) => {
    expect(unitText(value, unit)).toBe(text);
  });

  it.each([
    ['node_memory_MemAvailable_bytes', 'bytes'],
    ['rate(node_network_receive_bytes_total[5m])', 'bytes/s'],
    ['histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))', 'seconds'],
    ['rate(http_requests_total{path="a/b"}[5m])', 'per second'],
    ['rate(node_cpu_seconds_total[5m])', 'none'],
    ['count(process_resident_memory_bytes)', 'none'],
    ['a_bytes / b_bytes', 'none'],
    ['sum by (x_seconds) (up)', 'none'],
    ['max(a_seconds) or max(b_bytes)', 'none'],
    ['up', 'none'],
  ])('of %s is %s', (query, unit) => {
    expect(guessUnit(query)).toBe(unit);
  });

  it.each([
    ['avg by (gpu) (DCGM_UTIL{a="b"} offset 5m)', ['DCGM_UTIL'], 'percent'],
    ['sum(rate(sent_total[5m]))', ['sent_total'], 'bytes/s'],
    ['DCGM_UTIL and sent_total', ['DCGM_UTIL', 'sent_total'], 'none'],
    ['count(DCGM_UTIL)', [], 'none'],
    ['a_seconds', [], 'seconds'],
    ['up', ['up'], 'none'],
  ] as const)('of %s come from what is told of %j where names do not tell', (query, names, unit) => {
    const described = new Map([
      ['DCGM_UTIL', 'percent'],
      ['sent_total', 'bytes'],
    ] as const);
    expect(namesWithoutUnit(query)).toEqual(names);
    expect(guessUnit(query, described)).toBe(unit);
  });

  it.each([
    ['', 'GPU utilization (in %).', 'percent'],
    ['seconds', 'in bytes', 'seconds'],
    ['', 'Size of the heap in bytes', 'bytes'],
    ['', 'Traffic in bytes per second.', undefined],
    ['', 'Traffic in bytes/s.', undefined],
    ['', 'Memory used (in MiB).', undefined],
    ['celsius', '', undefined],
  ])('declared as %j and described as %j are %s', (unit, help, expected) => {
    expect(describedUnit([{ unit, help }])).toBe(expected);
  });

  it('are not taken from targets that disagree, or that say nothing', () => {
    expect(
      describedUnit([
        { unit: 'seconds', help: '' },
        { unit: '', help: '' },
      ]),
    ).toBeUndefined();
    expect(describedUnit([])).toBeUndefined();
  });
});
