import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventObject, byTime, eventOf, fits, joinEvents } from './events.ts';
import { event } from './test-objects.ts';

const metadata = { name: 'e', namespace: 'shop', creationTimestamp: '2026-03-01T09:00:00Z' };
const read = (object: object) => eventOf(EventObject.parse({ metadata, ...object }), 'edge-1');

describe('an event', () => {
  it('is the same through both APIs', () => {
    const core = read({
      involvedObject: { kind: 'Pod', namespace: 'shop', name: 'web-1' },
      type: 'Warning',
      reason: 'BackOff',
      message: 'Back-off',
      count: 4,
      firstTimestamp: '2026-03-01T09:10:00Z',
      lastTimestamp: '2026-03-01T09:50:00Z',
      source: { component: 'kubelet' },
    });
    expect(core).toEqual({
      cluster: 'edge-1',
      type: 'WARNING',
      reason: 'BackOff',
      message: 'Back-off',
      object: { kind: 'Pod', namespace: 'shop', name: 'web-1' },
      count: 4,
      first_at: '2026-03-01T09:10:00.000Z',
      last_at: '2026-03-01T09:50:00.000Z',
      source: 'kubelet',
    });
    expect(
      read({
        regarding: { kind: 'Pod', namespace: 'shop', name: 'web-1' },
        type: 'Warning',
        reason: 'BackOff',
        note: 'Back-off',
        eventTime: null,
        deprecatedCount: 4,
        deprecatedFirstTimestamp: '2026-03-01T09:10:00Z',
        deprecatedLastTimestamp: '2026-03-01T09:50:00Z',
        deprecatedSource: { component: 'kubelet' },
      }),
    ).toEqual(core);
  });

  it.each([
    [{ lastTimestamp: '2026-03-01T09:50:00Z', eventTime: '2026-03-01T09:20:00Z' }, '09:50'],
    [
      {
        lastTimestamp: null,
        series: { count: 9, lastObservedTime: '2026-03-01T09:40:00.123456Z' },
        eventTime: '2026-03-01T09:20:00Z',
      },
      '09:40',
    ],
    [{ lastTimestamp: null, eventTime: '2026-03-01T09:20:00.5Z' }, '09:20'],
    [{ lastTimestamp: null, firstTimestamp: null, eventTime: null }, '09:00'],
  ])('of %j happened at %s', (times, at) => expect(read(times)?.last_at.slice(11, 16)).toBe(at));

  it('counts its series, and without any time is left out', () => {
    expect(read({ series: { count: 9 } })?.count).toBe(9);
    expect(eventOf(EventObject.parse({ metadata: { name: 'e', creationTimestamp: null } }), 'edge-1')).toBeUndefined();
  });

  it('fits by type, reason in any case, part of the name, kind and time', () => {
    const one = event({ reason: 'BackOff' });
    expect(fits(one, { type: 'WARNING', reason: 'backoff', object: 'web', kind: 'pod', sinceMs: 0 })).toBe(true);
    for (const filter of [
      { type: 'NORMAL' },
      { reason: 'Back' },
      { object: 'db' },
      { kind: 'Node' },
      { sinceMs: 9e15 },
    ] as const)
      expect(fits(one, filter)).toBe(false);
  });
});

describe('joining events', () => {
  it('adds up what says the same of the same object, newest first', () => {
    const joined = joinEvents([
      event({ count: 2, first_at: '2026-03-01T09:00:00.000Z', last_at: '2026-03-01T09:30:00.000Z' }),
      event({ count: 5, first_at: '2026-03-01T09:10:00.000Z', last_at: '2026-03-01T09:40:00.000Z' }),
      event({ message: 'other', last_at: '2026-03-01T09:50:00.000Z' }),
    ]);
    expect(joined.map(({ count }) => count)).toEqual([3, 7]);
    expect(joined[1]).toMatchObject({ first_at: '2026-03-01T09:00:00.000Z', last_at: '2026-03-01T09:40:00.000Z' });
  });

  it('keeps the sum of the counts, whatever the order', () => {
    const some = fc.record({
      reason: fc.constantFrom('a', 'b'),
      count: fc.integer({ min: 1, max: 9 }),
      minute: fc.integer({ min: 0, max: 9 }),
    });
    fc.assert(
      fc.property(fc.array(some), (list) => {
        const events = list.map(({ minute, ...one }) =>
          event({ ...one, first_at: '2026-03-01T08:00:00.000Z', last_at: `2026-03-01T09:0${minute}:00.000Z` }),
        );
        const joined = joinEvents(events);
        expect(joined).toEqual(joinEvents(events.toReversed()));
        expect(joined).toEqual(joined.toSorted(byTime));
        const sum = (all: readonly { count: number }[]) => all.reduce((total, { count }) => total + count, 0);
        expect(sum(joined)).toBe(sum(events));
      }),
    );
  });
});
