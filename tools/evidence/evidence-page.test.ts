import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pageOf, valueAt } from './evidence-page.ts';

const content = {
  query: 'up',
  results: [
    {
      cluster_name: 'edge-1',
      data: Array.from({ length: 50 }, (_, i) => ({
        metric: { pod: `pod-${i}` },
        values: Array.from({ length: 300 }, (_, t) => [t, String(i)]),
      })),
    },
    { cluster_name: 'hub-1', data: [{ metric: { pod: 'Checkout-7' }, values: [[1, '42']] }] },
  ],
};
const page = (query: Partial<Parameters<typeof pageOf>[1]>) =>
  pageOf(content, { path: '$', offset: 0, limit: 20, ...query });

describe('a page of evidence', () => {
  it('outlines an object by its keys', () => {
    expect(page({}).items).toEqual([
      { path: '$.query', value: 'up' },
      { path: '$.results', value: 'list of 2' },
    ]);
  });

  it('pages a list, as much as fits, and says where the next page begins', () => {
    const first = page({ path: '$.results[0].data' });
    expect(first.total).toBe(50);
    expect(first.items.length).toBeLessThan(20);
    expect(first.next_offset).toBe(first.items.length);
    const values = page({ path: '$.results[0].data[7].values', offset: 290 });
    expect(values).toMatchObject({ total: 300, next_offset: null });
    expect(values.items.at(-1)).toEqual({ path: '$.results[0].data[7].values[299]', value: [299, '7'] });
  });

  it('finds the records that have a text in them, whatever its case', () => {
    expect(page({ search: 'checkout' })).toEqual({
      total: 1,
      items: [{ path: '$.results[1].data[0]', value: content.results[1]?.data[0] }],
      next_offset: null,
    });
    expect(page({ search: 'no such thing' })).toEqual({ total: 0, items: [], next_offset: null });
    expect(page({ search: 'query' }).items).toEqual([{ path: '$.query', value: 'up' }]);
  });

  it('says of a wrong path how far it leads and what is there', () => {
    expect(() => page({ path: '$.results[2]' })).toThrow(/leads nowhere; at \$\.results there is a list of 2/);
    expect(() => page({ path: '$.result' })).toThrow(/keys query, results/);
    expect(() => page({ path: '$..x' })).toThrow(/is not a path/);
    expect(() => page({ path: '$.constructor' })).toThrow(/leads nowhere/);
  });

  it('cuts an item that is too long by itself, and its path opens it', () => {
    const list = [{ big: Array.from({ length: 5000 }, (_, i) => `row ${i} of some text`) }];
    const cut = pageOf(list, { path: '$', offset: 0, limit: 1 }).items[0];
    expect(cut?.cut).toBe(true);
    expect(JSON.stringify(cut).length).toBeLessThan(8_500);
    expect(pageOf(list, { path: '$[0].big', offset: 4999, limit: 1 }).items[0]?.value).toBe('row 4999 of some text');
  });

  it('loses no item and repeats none over its pages', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ maxLength: 3000 }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 50 }),
        (list, limit) => {
          const seen: unknown[] = [];
          for (let offset: number | null = 0; offset !== null;) {
            const { items, next_offset }: ReturnType<typeof pageOf> = pageOf(list, { path: '$', offset, limit });
            seen.push(...items.map(({ value }) => value));
            offset = next_offset;
          }
          expect(seen).toEqual(list);
        },
      ),
    );
  });

  it('opens every path that it names', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.integer()), (object) => {
        for (const { path, value } of pageOf(object, { path: '$', offset: 0, limit: 500 }).items)
          expect(valueAt(object, path)).toBe(value);
      }),
    );
  });
});
