import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeSearch, decodeTagValues, decodeTags } from './tempo-search.ts';
import { decodeTrace, idOf } from './tempo-trace.ts';

const ID = '2f3e0cee77ae5dc9c17ade3689eb2e54';
const hex = (bytes: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: bytes * 2, maxLength: bytes * 2 });
const base64 = (text: string) => Buffer.from(text, 'hex').toString('base64');

describe('an id', () => {
  it('is the same in base64, in hex, and in hex without its leading zeros', () => {
    for (const bytes of [8, 16] as const) {
      fc.assert(
        fc.property(hex(bytes), (id) => {
          expect(idOf(base64(id), bytes)).toBe(id);
          expect(idOf(id.toUpperCase(), bytes)).toBe(id);
          expect(idOf(id.replace(/^0+(?=.)/, ''), bytes)).toBe(id);
        }),
      );
    }
  });

  it.each(['', 'not an id', `${ID}00`, 'Vj1iPHZRT4', '=='])('is refused when it is %j', (text) => {
    expect(() => idOf(text, 16)).toThrow('neither hex nor base64');
  });
});

/** The fixture of wire.md 10. */
const SPAN = {
  traceId: 'Lz4M7neuXcnBet42iesuVA==',
  spanId: 'Vj1iPHZRT44=',
  name: 'GET /',
  kind: 'SPAN_KIND_SERVER',
  startTimeUnixNano: '1795227871000000000',
  endTimeUnixNano: '1795227871446979497',
  status: { code: 'STATUS_CODE_ERROR' },
};
const RESOURCE = { resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] } };
const batch = (...spans: unknown[]) => [{ ...RESOURCE, scopeSpans: [{ scope: {}, spans }] }];

describe('a trace body', () => {
  const expected = {
    traceId: ID,
    spanId: '563d623c76514f8e',
    parentSpanId: undefined,
    name: 'GET /',
    service: 'shop',
    kind: 'SERVER',
    startNs: 1_795_227_871_000_000_000n,
    endNs: 1_795_227_871_446_979_497n,
    status: 'ERROR',
  };

  it.each([
    ['v2', { trace: { resourceSpans: batch(SPAN) } }],
    ['v1', { batches: batch(SPAN) }],
    [
      'OTLP: hex ids, numbers for enums',
      {
        resourceSpans: batch({
          ...SPAN,
          traceId: ID,
          spanId: '563d623c76514f8e',
          kind: 2,
          status: { code: 2 },
          parentSpanId: '0000000000000000',
        }),
      },
    ],
    ['before OTLP 0.19', { batches: [{ ...RESOURCE, instrumentationLibrarySpans: [{ spans: [SPAN] }] }] }],
  ])('of %s is read', (_which, body) => {
    expect(decodeTrace(body, ID)?.spans).toMatchObject([expected]);
  });

  it.each([[{ trace: {}, metrics: {} }], [{ trace: {} }], [{}], [{ batches: [] }]])(
    'that is %j holds no trace',
    (body) => {
      expect(decodeTrace(body, ID)).toBeUndefined();
    },
  );

  it('may leave out whatever is zero or empty', () => {
    const bare = { batches: [{ scopeSpans: [{ spans: [{ spanId: 'Vj1iPHZRT44=' }] }] }] };
    expect(decodeTrace(bare, ID)?.spans).toMatchObject([
      {
        traceId: ID,
        name: '',
        service: '(unnamed service)',
        kind: 'UNSPECIFIED',
        status: 'UNSET',
        startNs: 0n,
        endNs: 0n,
      },
    ]);
  });

  it('says why it is partial', () => {
    const partial = { trace: { resourceSpans: batch(SPAN) }, status: 'PARTIAL', message: 'too large' };
    expect(decodeTrace(partial, ID)?.partial).toBe('too large');
    expect(decodeTrace({ ...partial, status: 'COMPLETE' }, ID)?.partial).toBeUndefined();
  });

  it('is cut at 50,000 spans and says so', () => {
    const trace = decodeTrace({ batches: batch(...Array.from({ length: 50_002 }, () => SPAN)) }, ID);
    expect([trace?.spans.length, trace?.partial]).toEqual([50_000, 'it has 2 more than the 50000 spans that are read']);
  });

  it('keeps the text of 64-bit numbers, lists and maps in attributes, and keys that are no ordinary ones', () => {
    const attributes = [
      { key: 'big', value: { intValue: '9223372036854775807' } },
      { key: 'list', value: { arrayValue: { values: [{ stringValue: 'a' }, { boolValue: true }, {}] } } },
      { key: 'map', value: { kvlistValue: { values: [{ key: 'k', value: { doubleValue: 'NaN' } }] } } },
      { key: '__proto__', value: { stringValue: 'x' } },
      { key: 'empty', value: {} },
    ];
    const [span] = decodeTrace({ batches: batch({ ...SPAN, attributes }) }, ID)?.spans ?? [];
    expect(Object.entries(span?.attributes ?? {})).toEqual([
      ['big', '9223372036854775807'],
      ['list', '["a","true",""]'],
      ['map', '{"k":"NaN"}'],
      ['__proto__', 'x'],
      ['empty', ''],
    ]);
  });

  it.each([
    [[]],
    [{ batches: 'x' }],
    [{ batches: batch({ spanId: '???' }) }],
    [{ batches: batch({ ...SPAN, startTimeUnixNano: 'soon' }) }],
  ])('that is none is refused: %j', (body) => {
    expect(() => decodeTrace(body, ID)).toThrow('that its API does not promise');
  });

  it('either reads or refuses whatever JSON comes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        for (const wrapped of [body, { trace: body }, { batches: [body] }, { batches: batch(body) }]) {
          try {
            decodeTrace(wrapped, ID);
          } catch (error) {
            expect(error).toMatchObject({ code: 'SPOKE_ERROR' });
          }
        }
      }),
    );
  });
});

describe('a search result', () => {
  it('is read as Tempo writes it, ids padded', () => {
    const body = {
      traces: [
        {
          traceID: ID.slice(2),
          rootServiceName: '<root span not yet received>',
          startTimeUnixNano: '1795227871000000000',
          durationMs: 557,
          spanSets: [
            {
              spans: [
                {
                  spanID: '3d623c76514f8e',
                  startTimeUnixNano: '1',
                  durationNanos: '2',
                  attributes: [{ key: 'status', value: { stringValue: 'error' } }],
                },
              ],
              matched: 4,
            },
          ],
          serviceStats: { shop: { spanCount: 3 } },
        },
      ],
      metrics: { inspectedBytes: '630188', completedJobs: 1, totalJobs: 2 },
    };
    expect(decodeSearch(body)).toMatchObject({
      finished: false,
      traces: [
        {
          traceId: `00${ID.slice(2)}`,
          rootService: undefined,
          matched: 4,
          spans: [{ spanId: '003d623c76514f8e', attributes: { status: 'error' } }],
        },
      ],
    });
    expect(decodeSearch(body).traces[0]?.services?.get('shop')).toEqual({ spans: 3, errors: 0 });
  });

  it.each([[{ traces: [] }], [{ metrics: {} }], [{}], [{ traces: null }]])('may be empty: %j', (body) => {
    expect(decodeSearch(body)).toEqual({ traces: [], finished: true });
  });
});

describe('tags', () => {
  it('are read in both versions', () => {
    expect(
      decodeTags({
        scopes: [{ name: 'resource', tags: ['service.name'] }, { name: 'intrinsic', tags: ['name'] }, { name: 'link' }],
      }),
    ).toEqual(['resource.service.name', 'name']);
    expect(decodeTags({ tagNames: ['service.name'] })).toEqual(['.service.name']);
    expect(decodeTagValues({ tagValues: [{ type: 'string', value: 'shop' }] })).toEqual(['shop']);
    expect(decodeTagValues({ tagValues: ['shop'] })).toEqual(['shop']);
    expect(decodeTagValues({})).toEqual([]);
  });
});
