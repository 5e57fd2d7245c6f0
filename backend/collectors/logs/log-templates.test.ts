import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MASK, OTHERS, createTemplateMiner, maskLine } from './log-templates.ts';

function mine(lines: readonly string[], maxTexts?: number): [string, number][] {
  const miner = createTemplateMiner<number>({ fold: (a, b) => a + b, ...(maxTexts === undefined ? {} : { maxTexts }) });
  for (const line of lines) miner.add(maskLine(line), 1, 1);
  return miner.templates().map(({ template, count, data }) => {
    expect(data).toBe(count);
    return [template, count];
  });
}

describe('masking a line', () => {
  it.each([
    ['took 35 ms, 12.5% of 1.2e3', 'took <_> ms, <_> of <_>'],
    ['dial tcp 10.128.0.7:8080: connection refused', 'dial tcp <_>: connection refused'],
    ['listening on fe80::1:2 now', 'listening on <_> now'],
    ['order 3f2b8c1e-0d6a-4f6e-9a0b-2c6f5a1d7e90 lost', 'order <_> lost'],
    ['trace 0af7651916cd43dd8448eb211c80319c at 0x7fff', 'trace <_> at <_>'],
    [
      '2026-03-01T10:00:00.123Z ERROR [pool-3] no connection free after 420 ms',
      '<_> ERROR [pool-<_>] no connection free after <_> ms',
    ],
    ['cannot open "/data/x.db" of \'tenant a\'', 'cannot open <_> of <_>'],
    ['pod checkout-7d9f8b6c5d-x2x4z restarted', 'pod checkout-<_> restarted'],
    [
      'level=error msg="request failed" status=503 reason="dial tcp 10.0.0.1:80: refused"',
      'request failed: dial tcp <_>: refused',
    ],
    [
      '{"level":"error","msg":"order not stored","order":"o-1","error":"timeout after 5s"}',
      'order not stored: timeout after <_>',
    ],
    ['{"level":"error","code":7', '{<_>'],
    ['\u001b[31mfailed\u001b[0m', 'failed'],
  ])('%j is %j', (line, masked) => {
    expect(maskLine(line)).toBe(masked);
  });

  it('gives the same for lines that differ in values only', () => {
    const value = fc.oneof(
      fc.nat().map(String),
      fc.uuid(),
      fc.ipV4(),
      fc.double({ noNaN: true, noDefaultInfinity: true, min: 0, max: 1e6 }).map((n) => n.toFixed(3)),
    );
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect(maskLine(`cannot reach ${a} in time`)).toBe(maskLine(`cannot reach ${b} in time`));
      }),
    );
  });

  it('is bounded and quick, whatever the line', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 2000 }), (line) => {
        expect(maskLine(line).length).toBeLessThan(3000);
      }),
    );
    const started = performance.now();
    for (const part of ['"', 'a=', '0', '1.', ':a', '<_>', '0x', '-b', '=x"', "'"]) maskLine(part.repeat(200_000));
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe('the template miner', () => {
  const words = ['disk', 'network', 'full', 'slow', 'on', 'node', 'retry', 'gave', 'up'];
  const lines = fc.array(
    fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 6 }).map((parts) => parts.join(' ')),
    { maxLength: 60 },
  );

  it('joins lines that say the same of different things, and no others', () => {
    const found = mine([
      ...Array.from({ length: 5 }, (_, i) => `cannot reach service-${i} in time`),
      'cannot reach payments in time',
      'cannot reach orders in time',
      'volume shop-data is nearly full',
    ]);
    expect(found).toEqual([
      ['cannot reach <_> in time', 7],
      ['volume shop-data is nearly full', 1],
    ]);
  });

  it('gives the same for any order of the lines', () => {
    fc.assert(
      fc.property(
        lines.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
        ([all, shuffled]) => {
          expect(mine(shuffled)).toEqual(mine(all));
        },
      ),
    );
  });

  it('loses and invents no line, also beyond its bound', () => {
    fc.assert(
      fc.property(lines, fc.integer({ min: 1, max: 10 }), (all, bound) => {
        const found = mine(all, bound);
        expect(found.reduce((sum, [, count]) => sum + count, 0)).toBe(all.length);
        expect(found.length).toBeLessThanOrEqual(bound + 1);
      }),
    );
    expect(mine(['one', 'two', 'two'], 1)).toEqual([
      [OTHERS, 2],
      ['one', 1],
    ]);
  });

  it('finds each text under a template that it fits', () => {
    fc.assert(
      fc.property(lines, (all) => {
        const templates = mine(all).map(([template]) => template.split(' '));
        for (const line of all) {
          const parts = maskLine(line).split(' ');
          const fits = templates.some(
            (one) => one.length === parts.length && one.every((word, i) => word === MASK || word === parts[i]),
          );
          expect([line, fits]).toEqual([line, true]);
        }
      }),
    );
  });
});
