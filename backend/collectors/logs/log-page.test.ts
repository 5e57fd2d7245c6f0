import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../model/errors.ts';
import type { LogDirection } from '../../model/logs.ts';
import type { LokiEntry } from '../../spokes/loki.ts';
import { type LogCursor, decodeCursor, encodeCursor } from './log-cursor.ts';
import { comparePlaced, mergeSorted, place } from './log-order.ts';
import { type Fetch, mergePages, readClusterPage } from './log-page.ts';

const BASE = 1_795_227_871_000_000_000n;

interface Line {
  readonly cluster: string;
  readonly at: number;
  readonly app: string;
  readonly text: string;
}

const entryOf = ({ at, app, text }: Line): LokiEntry => ({
  ns: BASE + BigInt(at),
  line: text,
  stream: { app },
  structuredMetadata: {},
  parsed: {},
});

/** Like Loki: the first `limit` lines in the direction; which of those that share a time are kept is anybody's guess. */
function server(lines: readonly Line[], direction: LogDirection, most: number, shuffle: () => number): Fetch {
  return async ({ startNs, endNs, limit }) => {
    if (limit > most)
      throw new AppError('QUERY_REFUSED', 'too many', {
        details: { rule: 'loki_max_entries', observed: limit, limit: most },
      });
    const sign = direction === 'FORWARD' ? 1 : -1;
    const inside = lines.map(entryOf).filter(({ ns }) => ns >= startNs && ns < endNs);
    const ordered = inside
      .map((entry) => ({ entry, lot: shuffle() }))
      .sort((a, b) => sign * Number(a.entry.ns - b.entry.ns) || a.lot - b.lot);
    return { entries: ordered.slice(0, limit).map(({ entry }) => entry), warnings: [] };
  };
}

async function pageThrough(
  lines: readonly Line[],
  { direction, limit, most, seed }: { direction: LogDirection; limit: number; most: number; seed: number },
): Promise<{ given: string[]; pages: number }> {
  let state = seed;
  const shuffle = () => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648);
  const clusters = [...new Set(lines.map(({ cluster }) => cluster))].sort();
  const given: string[] = [];
  let cursor: LogCursor | undefined;
  for (let pages = 1; ; pages += 1) {
    const read = clusters.map((cluster) =>
      readClusterPage(
        { cluster, direction, startNs: BASE, endNs: BASE + 100n, limit, cursor },
        server(
          lines.filter((line) => line.cluster === cluster),
          direction,
          most,
          shuffle,
        ),
      ),
    );
    const page = mergePages(await Promise.all(read), direction, limit, cursor);
    expect(page.entries.length).toBeLessThanOrEqual(limit);
    given.push(...page.entries.map(({ cluster, key, entry }) => `${cluster} ${entry.ns} ${key}`));
    if (!page.more || !page.place) return { given, pages };
    if (pages > 2 * lines.length + 2) throw new Error('the pages do not end');
    const text = encodeCursor({ v: 1, q: 'q', s: String(BASE), e: String(BASE + 100n), ...page.place });
    cursor = decodeCursor(text, 'q');
  }
}

const line = fc.record({
  cluster: fc.constantFrom('a', 'b', 'c'),
  at: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(3, 4) }, fc.integer({ min: 0, max: 20 })),
  app: fc.constantFrom('x', 'y'),
  text: fc.constantFrom('one', 'two', 'three', 'four'),
});
const asked = fc.record({
  direction: fc.constantFrom<LogDirection>('FORWARD', 'BACKWARD'),
  limit: fc.integer({ min: 1, max: 12 }),
  most: fc.constantFrom(41, 60, 5000),
  seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
});

describe('pages of log lines', () => {
  it('give every line of every cluster once and in order, however many share a time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 40 }), asked, async (lines, options) => {
        const expected = lines
          .map((one) => place(one.cluster, entryOf(one)))
          .sort(comparePlaced(options.direction))
          .map(({ cluster, key, entry }) => `${cluster} ${entry.ns} ${key}`);
        expect((await pageThrough(lines, options)).given).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('say what Loki cannot give when more lines share a time than it gives at once, and go on behind them', async () => {
    const lines = Array.from({ length: 12 }, (_, i) => ({
      cluster: 'a',
      at: i < 9 ? 1 : i,
      app: 'x',
      text: `line ${i}`,
    }));
    const fetch = server(lines, 'FORWARD', 5, () => 0);
    const request = { cluster: 'a', direction: 'FORWARD', startNs: BASE, endNs: BASE + 100n, limit: 3 } as const;
    const first = await readClusterPage({ ...request, cursor: undefined }, fetch);
    expect(first.warnings).toEqual([expect.stringContaining('5 or more lines share the time 1795227871000000001 ns')]);
    const { given } = await pageThrough(lines, { direction: 'FORWARD', limit: 3, most: 5, seed: 1 });
    expect(given.slice(-3)).toEqual([9, 10, 11].map((i) => expect.stringContaining(`line ${i}`)));
  });

  it('go on behind the last line given when lines of its very time came in between', async () => {
    const lines = ['b', 'd', 'f'].map((text) => ({ cluster: 'a', at: 1, app: 'x', text }));
    const request = { cluster: 'a', direction: 'FORWARD', startNs: BASE, endNs: BASE + 100n, limit: 2 } as const;
    const read = (all: Line[], cursor: LogCursor | undefined) =>
      readClusterPage(
        { ...request, cursor },
        server(all, 'FORWARD', 5000, () => 0),
      );
    const first = mergePages([await read(lines, undefined)], 'FORWARD', 2, undefined);
    if (!first.place) throw new Error('no place');
    const cursor: LogCursor = { v: 1, q: 'q', s: '0', e: '0', ...first.place };
    const late = [{ cluster: 'a', at: 1, app: 'x', text: 'a' }, ...lines];
    const second = await read(late, cursor);
    expect(second.entries.map(({ entry }) => entry.line)).toEqual(['f']);
    expect(second.warnings).toEqual([expect.stringContaining('changed between two pages')]);
  });

  it('refuse a cursor that is none, or of another question', () => {
    const cursor: LogCursor = { v: 1, q: 'one', s: '0', e: '1', t: '1', g: {} };
    expect(decodeCursor(encodeCursor(cursor), 'one')).toEqual(cursor);
    expect(() => decodeCursor(encodeCursor(cursor), 'other')).toThrow('belongs to another question');
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => decodeCursor(text, 'one')).toThrow('cursor');
      }),
    );
  });
});

describe('merging sorted lists', () => {
  it('gives what sorting all of them gives, from the front', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(9))), fc.nat(30), (lists, limit) => {
        const sorted = lists.map((list) => list.toSorted((a, b) => a - b));
        const merged = mergeSorted(sorted, (a, b) => a - b, limit);
        expect(merged).toEqual(
          sorted
            .flat()
            .sort((a, b) => a - b)
            .slice(0, limit),
        );
      }),
    );
  });
});
