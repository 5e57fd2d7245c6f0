import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fingerprintOf } from '../fingerprint.ts';
import { announce } from './announce.ts';
import { EpisodeBook } from './episode-book.ts';
import { type Half, applyNotification, applyPoll } from './rounds.ts';
import type { EpisodeRow, Sighting } from './sighting.ts';

const START = Date.parse('2026-03-01T10:00:00Z');
const NAMES = ['A', 'B'] as const;

/** What really happens in the cluster, and what reaches us of it, at random. */
const step = fc.oneof(
  fc.record({ kind: fc.constant('FIRE' as const), name: fc.constantFrom(...NAMES) }),
  fc.record({ kind: fc.constant('END' as const), name: fc.constantFrom(...NAMES) }),
  fc.record({
    kind: fc.constant('POLL' as const),
    prometheus: fc.constantFrom<Half>('ANSWERED', 'ANSWERED', 'SILENT'),
    alertmanager: fc.constantFrom<Half>('ANSWERED', 'ANSWERED', 'SILENT'),
  }),
  fc.record({
    kind: fc.constant('WEBHOOK' as const),
    name: fc.constantFrom(...NAMES),
    times: fc.integer({ min: 1, max: 3 }),
  }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Truth {
  readonly labels: Record<string, string>;
  readonly start: Date;
  end?: Date;
}

function replay(steps: readonly Step[]) {
  let rows: EpisodeRow[] = [];
  let now = START;
  let ids = 0;
  const truth: Truth[] = [];
  const told: { id: string; type: string }[] = [];
  const firing = () => truth.filter(({ end }) => end === undefined);
  const newestOf = (name: string) => truth.findLast(({ labels }) => labels['alertname'] === name);

  const sent = ({ labels }: Truth) => ({ ...labels, region: 'eu' });
  const base = (labels: Record<string, string>, startsAt: Date) => ({
    fingerprint: fingerprintOf(labels),
    startsAt,
    labels,
    annotations: {},
    generatorUrl: null,
  });
  const ruleOf = (t: Truth) => ({ fingerprint: fingerprintOf(t.labels), activeAt: t.start });
  const notifiedAt = (t: Truth) => new Date(t.start.getTime() + 500);
  const pushed = (t: Truth): Sighting => ({ ...base(sent(t), notifiedAt(t)), sources: ['WEBHOOK'] });

  const change = (act: (book: EpisodeBook, at: Date) => void) => {
    const at = new Date(now);
    const book = new EpisodeBook('c', rows, () => `id-${(ids += 1)}`);
    act(book, at);
    for (const { event_type, payload } of announce(book, {
      cluster: { id: 'c', name: 'c' },
      now: at,
      maintenance: false,
      flapRule: { episodes: 1_000, windowMs: 1 },
      recent: new Map(),
    }))
      told.push({ id: String(payload['episode_id']), type: event_type });
    rows = [...book.rows];
  };

  const poll = (prometheus: Half, alertmanager: Half) =>
    change((book, at) => {
      const sightings = firing().flatMap((t): Sighting[] => {
        if (alertmanager === 'ANSWERED')
          return [
            {
              ...base(sent(t), notifiedAt(t)),
              rule: prometheus === 'ANSWERED' ? ruleOf(t) : undefined,
              sources: prometheus === 'ANSWERED' ? ['PROMETHEUS', 'ALERTMANAGER'] : ['ALERTMANAGER'],
            },
          ];
        return prometheus === 'ANSWERED'
          ? [{ ...base(t.labels, t.start), rule: ruleOf(t), sources: ['PROMETHEUS'] }]
          : [];
      });
      applyPoll(book, { sightings, prometheus, alertmanager, readAt: at }, at);
    });

  for (const one of steps) {
    now += 30_000;
    const last = newestOf(one.kind === 'POLL' ? '' : one.name);
    if (one.kind === 'FIRE' && (!last || last.end !== undefined))
      truth.push({ labels: { alertname: one.name }, start: new Date(now) });
    if (one.kind === 'END') {
      const open = firing().find(({ labels }) => labels['alertname'] === one.name);
      if (open) open.end = new Date(now);
    }
    if (one.kind === 'POLL') poll(one.prometheus, one.alertmanager);
    if (one.kind === 'WEBHOOK') {
      const known = newestOf(one.name);
      if (!known) continue;
      for (let n = 0; n < one.times; n += 1)
        change((book, at) =>
          applyNotification(
            book,
            known.end === undefined
              ? { firing: [pushed(known)], resolved: [] }
              : { firing: [], resolved: [{ sighting: pushed(known), endsAt: known.end }] },
            at,
          ),
        );
    }
  }
  for (let n = 0; n < 3; n += 1) {
    now += 30_000;
    poll('ANSWERED', 'ANSWERED');
  }
  return { rows, told, truth, firing: firing() };
}

describe('episodes, whatever reaches us in whatever order', () => {
  it('come to show what fires, once each, and tell of each once', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { rows, told, truth, firing } = replay(steps);
        const open = rows.filter((row) => row.state === 'FIRING');
        expect(open.map((row) => `${row.alertname} ${row.labels['region']}`).toSorted()).toEqual(
          firing.map(({ labels }) => `${labels['alertname']} eu`).toSorted(),
        );
        // Never more episodes than there were, and each identity once.
        expect(rows.length).toBeLessThanOrEqual(truth.length);
        expect(new Set(rows.map((row) => `${row.fingerprint} ${row.starts_at.getTime()}`)).size).toBe(rows.length);
        for (const row of rows) {
          const types = told.filter(({ id }) => id === row.id).map(({ type }) => type);
          const whole = row.state === 'FIRING' ? ['ALERT_FIRED'] : ['ALERT_FIRED', 'ALERT_RESOLVED'];
          // What was over before it was known is told to nobody.
          expect([whole, []]).toContainEqual(types);
          if (row.state === 'FIRING') expect(types).toEqual(whole);
          if (row.ends_at) expect(row.ends_at.getTime()).toBeGreaterThanOrEqual(row.starts_at.getTime());
        }
      }),
      { numRuns: 500 },
    );
  });

  it('are found among ten thousand in well under a second', () => {
    const at = new Date(START);
    const many = Array.from({ length: 10_000 }, (_, n): Sighting => {
      const labels = { alertname: `A${n % 50}`, pod: `p${n}` };
      return {
        fingerprint: String(n),
        startsAt: at,
        labels,
        annotations: {},
        generatorUrl: null,
        sources: ['ALERTMANAGER'],
      };
    });
    let ids = 0;
    const book = new EpisodeBook('c', [], () => `id-${(ids += 1)}`);
    const started = performance.now();
    applyPoll(book, { sightings: many, prometheus: 'NONE', alertmanager: 'ANSWERED', readAt: at }, at);
    const again = new EpisodeBook('c', book.rows, () => 'none');
    const later = new Date(START + 30_000);
    applyPoll(again, { sightings: many, prometheus: 'NONE', alertmanager: 'ANSWERED', readAt: later }, later);
    expect(performance.now() - started).toBeLessThan(2_000);
    expect([book.opened.size, again.changed.size]).toEqual([10_000, 0]);
  });
});
