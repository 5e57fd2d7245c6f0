import { describe, expect, it, onTestFinished } from 'vitest';
import type { Cluster } from '../../model/cluster.ts';
import { type FoundTrace, TraceReceived } from '../../model/trace.ts';
import { ManualClock } from '../../platform/clock.ts';
import { createEventBus } from '../../platform/event-bus.ts';
import { listEventsAfter } from '../../platform/outbox.ts';
import type { StoreUnderTest } from '../../platform/store/store-under-test.ts';
import { silentLogger } from '../../platform/store/test-store.ts';
import { insertClusters, readerOf } from '../../registry/test-clusters.ts';
import type { TraceSearch } from './search-traces.ts';
import { startTraceWatch } from './trace-watch.ts';

export function traceWatchSuite(store: StoreUnderTest): void {
  async function setUp() {
    const clock = new ManualClock();
    const tempo_url = 'https://tempo.example';
    const clusters = await insertClusters(store(), clock, [
      { name: 'prod-1', endpoints: { tempo_url } },
      { name: 'far-1', cluster_type: 'EDGE', endpoints: { tempo_url } },
      { name: 'hub-1' },
    ]);
    const asked: TraceSearch[] = [];
    const found: FoundTrace[] = [];
    const search = (query: TraceSearch) => {
      asked.push(query);
      return Promise.resolve({
        query: '{}',
        start: '',
        end: '',
        traces: [...found],
        more: false,
        clusters: [],
        complete: true,
        notes: [],
      });
    };
    const start = () => {
      const watch = startTraceWatch({
        store: store(),
        registry: readerOf(store()),
        traces: { search },
        bus: createEventBus(silentLogger),
        clock,
        logger: silentLogger,
        nudge: () => undefined,
        background: false,
      });
      onTestFinished(() => watch.stop());
      return watch;
    };
    const told = async () => {
      const events = await listEventsAfter(store(), 0, 100);
      return events
        .filter(({ event_type }) => event_type === 'TRACE_RECEIVED')
        .map(({ payload, cluster_name }) => ({ cluster_name, ...TraceReceived.parse(payload) }));
    };
    const named = (name: string): Cluster => {
      const one = clusters.find((cluster) => cluster.name === name);
      if (!one) throw new Error(name);
      return one;
    };
    return { clock, found, asked, told, named, start };
  }

  const failed = (digit: string, service: string): FoundTrace => ({
    trace_id: digit.repeat(32),
    cluster_id: crypto.randomUUID(),
    cluster_name: 'prod-1',
    clusters: ['prod-1'],
    root_service: 'storefront',
    root_operation: 'POST /cart',
    start_time: `2026-03-01T09:59:0${digit}.000000000Z`,
    duration_ms: 12,
    span_count: 2,
    service_count: 2,
    has_errors: true,
    matched_spans: 1,
    spans: [
      {
        span_id: 'a',
        cluster_name: 'prod-1',
        operation_name: 'POST /orders',
        start_time: '',
        duration_ms: 3,
        tags: { 'service.name': service, status: 'error' },
      },
    ],
  });

  describe('the watch over traces', () => {
    it('tells of the newest failed trace of each service, once a minute and never twice of the same', async () => {
      const { clock, found, told, named, start } = await setUp();
      const watch = start();
      found.push(failed('1', 'checkout'), failed('2', 'checkout'), failed('3', 'catalog'));
      await watch.lookNow(named('prod-1').id);
      const first = [
        { cluster_name: 'prod-1', trace_id: '2'.repeat(32), service_name: 'checkout', operation_name: 'POST /orders' },
        { trace_id: '3'.repeat(32), service_name: 'catalog', root_service: 'storefront' },
      ];
      expect(await told()).toMatchObject(first);
      found.push(failed('4', 'checkout'));
      await clock.advance(30_000);
      await watch.lookNow(named('prod-1').id);
      expect(await told()).toMatchObject(first);
      found.push(failed('5', 'checkout'));
      await clock.advance(31_000);
      // Another process goes on where this one was.
      await start().lookNow(named('prod-1').id);
      expect((await told()).map(({ trace_id }) => trace_id.slice(0, 1))).toEqual(['2', '3', '5']);
    });

    it('asks only clusters with a Tempo that are not at the edge', async () => {
      const { asked, named, start } = await setUp();
      const watch = start();
      for (const name of ['far-1', 'hub-1', 'prod-1']) await watch.lookNow(named(name).id);
      expect(asked.map(({ clusters, filter }) => [clusters[0]?.name, filter])).toEqual([
        ['prod-1', { hasErrors: true }],
      ]);
    });
  });
}
