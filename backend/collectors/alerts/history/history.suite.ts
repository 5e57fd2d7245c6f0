import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { AlertEpisode } from '../../../model/alert.ts';
import type { Cluster } from '../../../model/cluster.ts';
import { ManualClock } from '../../../platform/clock.ts';
import { alertEpisodes, alertSchedule } from '../../../platform/store/schema.ts';
import type { StoreUnderTest } from '../../../platform/store/store-under-test.ts';
import { insertClusters } from '../../../registry/test-clusters.ts';
import { createAlertHistory } from './history.ts';
import { type EpisodeRow, newEpisode } from './sighting.ts';

const HOUR = 3_600_000;

export function alertHistorySuite(store: StoreUnderTest): void {
  async function setUp() {
    const clock = new ManualClock();
    const endpoints = { prometheus_url: 'https://prometheus.example' };
    const [edge, hub] = await insertClusters(store(), clock, [{ name: 'edge-1', endpoints }, { name: 'hub-1' }]);
    if (!edge || !hub) throw new Error('no clusters');
    const now = clock.now().getTime();
    /** Began so many hours ago and lasted so many, if it is over. */
    const add = (cluster: Cluster, alertname: string, ago: number, lasted?: number, over: Partial<EpisodeRow> = {}) => {
      const startsAt = new Date(now - ago * HOUR);
      const labels = { alertname, severity: 'warning', namespace: 'shop' };
      const row = newEpisode({
        id: randomUUID(),
        clusterId: cluster.id,
        sighting: {
          fingerprint: alertname,
          startsAt,
          labels,
          annotations: {},
          generatorUrl: null,
          sources: ['WEBHOOK'],
        },
        at: startsAt,
      });
      const ended =
        lasted === undefined
          ? {}
          : { state: 'RESOLVED' as const, ends_at: new Date(startsAt.getTime() + lasted * HOUR) };
      return store().query((db) => db.insert(alertEpisodes).values({ ...row, ...ended, ...over }));
    };
    return { clock, edge, hub, add, history: createAlertHistory(store(), clock) };
  }

  describe('the history of alerts', () => {
    it('pages newest first without loss or repeat, also among equal starts', async () => {
      const { edge, add, history } = await setUp();
      for (let n = 0; n < 5; n += 1) await add(edge, `Same${n}`, 2, 1);
      for (let n = 0; n < 4; n += 1) await add(edge, `Later${n}`, 1, 1);
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await history.list([edge], {}, { limit: 2, cursor });
        expect(page.total).toBe(9);
        seen.push(...page.episodes.map((one) => AlertEpisode.parse(one).alertname));
        cursor = page.next_cursor;
      } while (cursor !== undefined);
      expect(seen.slice(0, 4).every((name) => name.startsWith('Later'))).toBe(true);
      expect(new Set(seen).size).toBe(9);
    });

    it('finds what fired at some time in a window, what goes on included', async () => {
      const { clock, edge, add, history } = await setUp();
      await add(edge, 'Before', 10, 1);
      await add(edge, 'IntoIt', 7, 2);
      await add(edge, 'Open', 20);
      await add(edge, 'After', 1, 1);
      const at = (hours: number) => new Date(clock.now().getTime() - hours * HOUR);
      const { episodes } = await history.list([edge], { from: at(6), to: at(3) }, { limit: 10 });
      expect(episodes.map((one) => one.alertname)).toEqual(['IntoIt', 'Open']);
    });

    it.each([
      [{ alertname: 'A' }, 2],
      [{ namespace: 'shop' }, 3],
      [{ namespace: 'none' }, 0],
      [{ severity: 'CRITICAL' as const }, 1],
      [{ state: 'FIRING' as const }, 1],
      [{ fingerprint: 'A' }, 2],
      [{ fingerprint: 'as-prometheus-says' }, 1],
    ])('narrows by %j', async (filter, total) => {
      const { edge, hub, add, history } = await setUp();
      await add(edge, 'A', 3, 1, { rule_fingerprint: 'as-prometheus-says' });
      await add(edge, 'A', 2);
      await add(edge, 'B', 1, 1, { severity: 'CRITICAL' });
      await add(hub, 'A', 1, 1);
      expect(await history.list([edge], filter, { limit: 10 })).toMatchObject({ total });
      expect(await history.list([], filter, { limit: 10 })).toMatchObject({ total: 0 });
    });

    it('knows how often and how long, of those that are over', async () => {
      const { clock, edge, hub, add, history } = await setUp();
      await add(edge, 'A', 9, 1);
      await add(edge, 'A', 6, 2);
      await add(edge, 'A', 1);
      await add(hub, 'A', 1, 9);
      expect(await history.behaviour(edge.id, 'A')).toEqual({
        episodes: 3,
        first_seen_at: new Date(clock.now().getTime() - 9 * HOUR).toISOString(),
        mean_seconds: 5_400,
        max_seconds: 7_200,
      });
      expect(await history.behaviour(edge.id, 'none')).toMatchObject({
        episodes: 0,
        mean_seconds: null,
        first_seen_at: null,
      });
    });

    it('forgets what ended, and what was last seen, before a time', async () => {
      const { clock, edge, add, history } = await setUp();
      await add(edge, 'Old', 100, 1);
      await add(edge, 'Long', 100, 95);
      await add(edge, 'Open', 100, undefined, { last_seen_at: clock.now() });
      await add(edge, 'Lost', 100);
      expect(await history.purge(new Date(clock.now().getTime() - 50 * HOUR))).toBe(2);
      expect((await history.list([edge], {}, { limit: 10 })).episodes.map((one) => one.alertname).toSorted()).toEqual([
        'Long',
        'Open',
      ]);
    });

    it('says since when a cluster has not been heard of, and refuses a cursor of its own making', async () => {
      const { clock, edge, hub, history } = await setUp();
      expect((await history.outcomes([hub, edge])).map((one) => [one.cluster_name, one.status])).toEqual([
        ['edge-1', 'PARTIAL'],
        ['hub-1', 'SKIPPED'],
      ]);
      const answered_at = clock.now().toISOString();
      await store().query((db) => db.update(alertSchedule).set({ switches: { answered_at } }));
      expect((await history.outcomes([edge]))[0]).toMatchObject({ status: 'SUCCESS' });
      await clock.advance(700_000);
      expect((await history.outcomes([edge]))[0]?.warnings?.[0]).toContain(answered_at);
      const cursor = Buffer.from('["2026-01-01","x; drop table"]').toString('base64url');
      await expect(history.list([edge], {}, { limit: 1, cursor })).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    });
  });
}
