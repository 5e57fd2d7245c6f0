import { asc, eq } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../platform/clock.ts';
import { alertEpisodes, clusters, outbox } from '../../../platform/store/schema.ts';
import type { StoreUnderTest } from '../../../platform/store/store-under-test.ts';
import { insertClusters } from '../../../registry/test-clusters.ts';
import { fingerprintOf } from '../fingerprint.ts';
import { createAlertRecorder } from './record.ts';
import type { PollFindings } from './rounds.ts';
import type { Sighting } from './sighting.ts';
import type { Observed } from './switches.ts';

const MINUTE = 60_000;
const RULE_LABELS = { alertname: 'Down', severity: 'critical', namespace: 'shop', pod: 'a' };
const SENT_LABELS = { ...RULE_LABELS, region: 'eu' };

function at(labels: Record<string, string>, startsAt: Date) {
  return { fingerprint: fingerprintOf(labels), startsAt, labels, annotations: { summary: 's' }, generatorUrl: null };
}
const rule = (labels: Record<string, string>, activeAt: Date): Sighting => ({
  ...at(labels, activeAt),
  rule: { fingerprint: fingerprintOf(labels), activeAt },
  sources: ['PROMETHEUS'],
});
const notified = (labels: Record<string, string>, startsAt: Date, known?: Sighting): Sighting => ({
  ...at(labels, startsAt),
  rule: known?.rule,
  sources: known ? ['PROMETHEUS', 'ALERTMANAGER'] : ['ALERTMANAGER'],
  silenced: false,
  inhibited: false,
});
const pushed = (labels: Record<string, string>, startsAt: Date): Sighting => ({
  ...at(labels, startsAt),
  sources: ['WEBHOOK'],
});

export function alertRecordSuite(store: StoreUnderTest): void {
  async function setUp() {
    const clock = new ManualClock();
    const [cluster] = await insertClusters(store(), clock, [{ name: 'edge-1' }]);
    if (!cluster) throw new Error('no cluster');
    const recorder = () =>
      createAlertRecorder({
        store: store(),
        clock,
        nudge: () => undefined,
        flapRule: { episodes: 3, windowMs: 30 * MINUTE },
        switchRules: { watchdogRequired: false, graceMs: 5 * MINUTE },
      });
    const first = recorder();
    const poll = (
      sightings: Sighting[],
      over: Partial<PollFindings> & { observed?: Partial<Observed>; by?: typeof first } = {},
    ) => {
      const { observed, by = first, ...rest } = over;
      return by.poll(
        cluster.id,
        {
          sightings,
          prometheus: 'ANSWERED',
          alertmanager: 'ANSWERED',
          readAt: clock.now(),
          observed: { whole: true, ...observed },
          ...rest,
        },
        async () => undefined,
      );
    };
    const push = (firing: Sighting[], resolved: [Sighting, Date][] = [], by = first) =>
      by.notification(
        cluster.id,
        { firing, resolved: resolved.map(([sighting, endsAt]) => ({ sighting, endsAt })) },
        false,
      );
    const rows = () =>
      store().query((db) =>
        db.select().from(alertEpisodes).orderBy(asc(alertEpisodes.starts_at), asc(alertEpisodes.first_seen_at)),
      );
    const events = async () =>
      (await store().query((db) => db.select().from(outbox).orderBy(asc(outbox.sequence)))).map(
        (e) => `${e.event_type.replace('ALERT_', '')} ${String(e.payload['alertname'])}`,
      );
    const states = async () => (await rows()).map((r) => r.state);
    const maintain = (until: Date | null) =>
      store().query((db) => db.update(clusters).set({ maintenance_until: until }).where(eq(clusters.id, cluster.id)));
    const later = async (ms: number) => {
      await clock.advance(ms);
      return clock.now();
    };
    return { clock, cluster, recorder, poll, push, rows, events, states, maintain, later };
  }

  describe('alert history', () => {
    it('keeps one episode and one event of an alert that Prometheus, Alertmanager and the webhook tell of in turn', async () => {
      const { clock, poll, push, rows, events, later } = await setUp();
      const seen = rule(RULE_LABELS, clock.now());
      await poll([seen]);
      const start = await later(2_000);
      await push([pushed(SENT_LABELS, start)]);
      await later(30_000);
      await poll([notified(SENT_LABELS, start, seen)]);
      expect(await rows()).toMatchObject([
        {
          fingerprint: fingerprintOf(SENT_LABELS),
          starts_at: start,
          rule_fingerprint: fingerprintOf(RULE_LABELS),
          labels: SENT_LABELS,
          state: 'FIRING',
          sources: ['PROMETHEUS', 'WEBHOOK', 'ALERTMANAGER'],
        },
      ]);
      expect(await events()).toEqual(['FIRED Down']);
      const end = await later(60_000);
      await push([], [[pushed(SENT_LABELS, start), end]]);
      await later(30_000);
      await poll([]);
      expect(await rows()).toMatchObject([{ state: 'RESOLVED', ends_at: end }]);
      expect(await events()).toEqual(['FIRED Down', 'RESOLVED Down']);
    });

    it('takes a notification that comes before Prometheus was polled for the same alert', async () => {
      const { clock, poll, push, rows, events, later } = await setUp();
      const active = clock.now();
      const start = await later(1_000);
      await push([pushed(SENT_LABELS, start)]);
      await later(10_000);
      await poll([rule(RULE_LABELS, active)], { alertmanager: 'SILENT' });
      expect(await rows()).toMatchObject([{ labels: SENT_LABELS, starts_at: start, active_at: active }]);
      expect(await events()).toEqual(['FIRED Down']);
    });

    it('stores the same notification ten times at once as one row with one event', async () => {
      const { clock, push, rows, events, recorder } = await setUp();
      const alert = pushed(SENT_LABELS, clock.now());
      await Promise.all(Array.from({ length: 10 }, () => push([alert], [], recorder())));
      expect(await rows()).toHaveLength(1);
      expect(await events()).toEqual(['FIRED Down']);
    });

    it('leaves the database free for others while a hundred notifications of one cluster wait', async () => {
      const { clock, push, events } = await setUp();
      const alert = pushed(SENT_LABELS, clock.now());
      const storing = Promise.all(Array.from({ length: 100 }, () => push([alert])));
      const order: string[] = [];
      await Promise.race([
        storing.then(() => order.push('notifications')),
        store()
          .ping()
          .then(() => order.push('ping')),
      ]);
      expect(order).toEqual(['ping']);
      await storing;
      expect(await events()).toEqual(['FIRED Down']);
    });

    it('tells once of an alert that two servers poll and a webhook brings at the same time', async () => {
      const { clock, poll, push, rows, events, recorder, later } = await setUp();
      const seen = rule(RULE_LABELS, clock.now());
      const start = await later(1_000);
      const polled = notified(SENT_LABELS, start, seen);
      await Promise.all([
        poll([polled], { by: recorder() }),
        push([pushed(SENT_LABELS, start)], [], recorder()),
        poll([polled], { by: recorder() }),
      ]);
      expect(await rows()).toHaveLength(1);
      const end = await later(60_000);
      await Promise.all([
        push([], [[pushed(SENT_LABELS, start), end]], recorder()),
        poll([], { by: recorder() }),
        push([], [[pushed(SENT_LABELS, start), end]], recorder()),
      ]);
      expect(await events()).toEqual(['FIRED Down', 'RESOLVED Down']);
    });

    it('ends what is missing from two whole polls, when it was first missed', async () => {
      const { clock, poll, rows, events, later, states } = await setUp();
      const alert = notified(SENT_LABELS, clock.now());
      await poll([alert]);
      const missed = await later(30_000);
      await poll([]);
      expect(await states()).toEqual(['FIRING']);
      await later(30_000);
      await poll([]);
      expect(await rows()).toMatchObject([{ state: 'RESOLVED', ends_at: missed }]);
      expect(await events()).toEqual(['FIRED Down', 'RESOLVED Down']);
    });

    it('forgives one poll that lacks an alert', async () => {
      const { clock, poll, rows, events, later } = await setUp();
      const alert = notified(SENT_LABELS, clock.now());
      for (const listed of [[alert], [], [alert], [], [alert]]) {
        await poll(listed);
        await later(30_000);
      }
      expect(await rows()).toMatchObject([{ state: 'FIRING', missing_since: null }]);
      expect(await events()).toEqual(['FIRED Down']);
    });

    it.each([
      ['Prometheus', { prometheus: 'SILENT' as const }],
      ['Alertmanager', { alertmanager: 'SILENT' as const }],
    ])('ends nothing that %s knew while it does not answer', async (_half, silent) => {
      const { clock, poll, later, states } = await setUp();
      const seen = rule(RULE_LABELS, clock.now());
      await poll([notified(RULE_LABELS, await later(1_000), seen)]);
      for (let n = 0; n < 4; n += 1) {
        await later(30_000);
        await poll([], silent);
      }
      expect(await states()).toEqual(['FIRING']);
    });

    it('opens a new episode when an alert fires again, also when its end was missed', async () => {
      const { clock, poll, push, rows, events, later } = await setUp();
      await push([pushed(SENT_LABELS, clock.now())]);
      const again = await later(10 * MINUTE);
      await poll([notified(SENT_LABELS, again)]);
      expect(await rows()).toMatchObject([
        { state: 'RESOLVED', ends_at: again },
        { state: 'FIRING', starts_at: again },
      ]);
      expect((await events()).toSorted()).toEqual(['FIRED Down', 'FIRED Down', 'RESOLVED Down']);
    });

    it('closes the newest open episode when a resolved alert comes with a start that is not known', async () => {
      const { clock, push, rows, later } = await setUp();
      const start = new Date(clock.now().getTime() + 821);
      await later(1_000);
      await push([pushed(SENT_LABELS, start)]);
      const end = await later(60_000);
      await push([], [[pushed(SENT_LABELS, new Date(start.getTime() - 821)), end]]);
      expect(await rows()).toMatchObject([{ state: 'RESOLVED', starts_at: start, ends_at: end }]);
    });

    it('does not let a late end of an older episode close the newer one', async () => {
      const { clock, push, rows, later } = await setUp();
      const old = clock.now();
      const oldEnd = await later(MINUTE);
      const start = await later(MINUTE);
      await push([pushed(SENT_LABELS, start)]);
      await push([], [[pushed(SENT_LABELS, old), oldEnd]]);
      expect(await rows()).toMatchObject([
        { state: 'RESOLVED', starts_at: old, ends_at: oldEnd, fired_told_at: null },
        { state: 'FIRING', starts_at: start },
      ]);
    });

    it('records what is over before it was known, tells nobody, and is not fooled by its beginning coming late', async () => {
      const { clock, push, rows, events, later } = await setUp();
      const start = clock.now();
      const end = await later(MINUTE);
      await push([], [[pushed(SENT_LABELS, start), end]]);
      await push([pushed(SENT_LABELS, start)]);
      expect(await rows()).toMatchObject([{ state: 'RESOLVED', starts_at: start, ends_at: end }]);
      expect(await events()).toEqual([]);
    });

    it('opens an episode anew when a later poll shows that it goes on, and not when the poll was read before the end', async () => {
      const { clock, poll, push, events, later, states } = await setUp();
      const start = clock.now();
      await push([pushed(SENT_LABELS, start)]);
      const readAt = await later(MINUTE);
      const end = await later(1_000);
      await push([], [[pushed(SENT_LABELS, start), end]]);
      await poll([notified(SENT_LABELS, start)], { readAt });
      expect(await states()).toEqual(['RESOLVED']);
      await later(1_000);
      await poll([notified(SENT_LABELS, start)]);
      expect(await states()).toEqual(['FIRING']);
      expect(await events()).toEqual(['FIRED Down', 'RESOLVED Down', 'FIRED Down']);
    });

    it('tells of what fires and ends in maintenance only what is left of it afterwards', async () => {
      const { clock, poll, push, events, later, maintain } = await setUp();
      const before = pushed({ alertname: 'Before' }, clock.now());
      await push([before]);
      await maintain(new Date(clock.now().getTime() + 10 * MINUTE));
      const start = await later(MINUTE);
      const during = pushed({ alertname: 'During' }, start);
      const stays = pushed({ alertname: 'Stays' }, start);
      await push([during, stays]);
      const end = await later(MINUTE);
      await push(
        [],
        [
          [before, end],
          [during, end],
        ],
      );
      expect(await events()).toEqual(['FIRED Before']);
      await later(10 * MINUTE);
      await poll([], { alertmanager: 'SILENT' });
      expect((await events()).toSorted()).toEqual(['FIRED Before', 'FIRED Stays', 'RESOLVED Before']);
    });

    it('damps an alert that flaps: the first episode too many is told as flapping, then only one that stays', async () => {
      const { clock, poll, push, rows, events, later } = await setUp();
      for (let n = 0; n < 6; n += 1) {
        const alert = pushed(SENT_LABELS, clock.now());
        await push([alert]);
        await push([], [[alert, await later(30_000)]]);
        await later(30_000);
      }
      expect((await rows()).map((r) => [r.flapping, r.fired_told_at !== null])).toEqual([
        [false, true],
        [false, true],
        [false, true],
        [true, true],
        [true, false],
        [true, false],
      ]);
      expect(await events()).toHaveLength(8);
      const stays = notified(SENT_LABELS, clock.now());
      await poll([stays]);
      expect(await events()).toHaveLength(8);
      await later(6 * MINUTE);
      await poll([stays]);
      expect((await events()).slice(8)).toEqual(['FIRED Down']);
    });

    it('keeps text that PostgreSQL cannot hold', async () => {
      const { clock, push, rows } = await setUp();
      await push([pushed({ alertname: 'A\u0000B', lone: '\ud800' }, clock.now())]);
      expect(await rows()).toMatchObject([{ alertname: 'A\ufffdB' }]);
    });

    it('changes nothing for a cluster that is gone', async () => {
      const { clock, push, cluster } = await setUp();
      await store().query((db) => db.delete(clusters).where(eq(clusters.id, cluster.id)));
      expect(await push([pushed(SENT_LABELS, clock.now())])).toBeUndefined();
    });
  });

  describe("dead-man's switch", () => {
    it('fires when a Watchdog that was seen stays away, and is over when it is back', async () => {
      const { poll, events, later, rows } = await setUp();
      await poll([], { observed: { watchdog: true } });
      await later(30_000);
      await poll([], { observed: { watchdog: false } });
      await later(4 * MINUTE);
      await poll([], { observed: { watchdog: false } });
      expect(await events()).toEqual([]);
      await later(2 * MINUTE);
      await poll([], { observed: { watchdog: false } });
      await later(30_000);
      await poll([], { observed: { watchdog: undefined } });
      expect(await events()).toEqual(['FIRED AIOpsWatchdogMissing']);
      expect(await rows()).toMatchObject([{ sources: ['PLATFORM'], severity: 'CRITICAL' }]);
      await later(30_000);
      await poll([], { observed: { watchdog: true } });
      expect(await events()).toEqual(['FIRED AIOpsWatchdogMissing', 'RESOLVED AIOpsWatchdogMissing']);
    });

    it('stays quiet in a cluster that never had a Watchdog, targets or deliveries, however long', async () => {
      const { poll, events, later } = await setUp();
      for (let n = 0; n < 5; n += 1) {
        await poll([], { observed: { watchdog: false, targets: false, delivery: false } });
        await later(10 * MINUTE);
      }
      expect(await events()).toEqual([]);
    });

    it('tells of scrapes that stopped and of alerts that do not reach Alertmanager', async () => {
      const { poll, events, later } = await setUp();
      await poll([], { observed: { targets: true, delivery: true } });
      for (let n = 0; n < 2; n += 1) {
        await later(6 * MINUTE);
        await poll([], { observed: { targets: false, delivery: false } });
      }
      expect((await events()).toSorted()).toEqual(['FIRED AIOpsAlertsNotDelivered', 'FIRED AIOpsTargetsStale']);
    });
  });
}
