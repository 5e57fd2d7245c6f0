import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createIncident } from './incident.ts';
import { createInventory } from './inventory.ts';
import { LONGEST_REQUEST_NS, createRequests } from './requests.ts';
import type { SimulatedRequest } from './requests.ts';
import { DEMO_CLUSTERS } from './specs.ts';
import { createWorld } from './world.ts';

const EPOCH = Date.UTC(2026, 2, 1, 10) / 1000;
const DELAY = 60;
const SEED = 'test';
const inventories = DEMO_CLUSTERS.map((spec) =>
  createInventory(SEED, spec, EPOCH, spec.incident ? createIncident(EPOCH + DELAY) : undefined),
);
const requests = createRequests(SEED, inventories);
const ns = (seconds: number) => BigInt(Math.round((EPOCH + seconds) * 1000)) * 1_000_000n;
const from = (cluster: string, start: number, end: number) => [...requests.between(cluster, ns(start), ns(end))];
const home = (cluster: string, start: number, end: number) =>
  from(cluster, start, end).filter((request) => request.cluster === cluster);
const share = (all: readonly SimulatedRequest[], isOne: (request: SimulatedRequest) => boolean) =>
  all.filter(isOne).length / all.length;

/** What the storefront's exporters count in a window (seconds after the epoch). */
function counted(cluster: string, handler: string, code: string, start: number, end: number): number {
  const spec = DEMO_CLUSTERS.find((one) => one.name === cluster);
  if (!spec) throw new Error(cluster);
  const { targets } = createWorld(spec, { seed: SEED, epoch: EPOCH, incidentDelaySeconds: DELAY });
  return targets
    .filter((target) => target.job === 'storefront')
    .flatMap((target) => target.families.find(({ name }) => name === 'http_requests_total')?.samples ?? [])
    .filter(({ labels }) => labels['handler'] === handler && labels['code'] === code)
    .reduce((sum, { value }) => sum + (value(EPOCH + end) ?? 0) - (value(EPOCH + start) ?? 0), 0);
}

describe('sampled requests', () => {
  it('are the same stream in whatever pieces the window is read', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 300_000 }), { maxLength: 6 }), (cuts) => {
        const bounds = [0, ...cuts.toSorted((a, b) => a - b), 300_000].map((ms) => ms / 1000);
        const pieces = bounds.slice(1).flatMap((end, index) => from('prod-eu-1', bounds[index] ?? 0, end));
        expect(pieces).toEqual(from('prod-eu-1', 0, 300));
      }),
      { numRuns: 20 },
    );
  });

  it('come oldest first, at most two a second and cluster, and within their longest time', () => {
    const all = from('prod-us-1', 0, 600);
    expect(all.map(({ startNs }) => startNs)).toEqual(
      all.map(({ startNs }) => startNs).toSorted((a, b) => Number(a - b)),
    );
    expect(home('prod-us-1', 0, 600).length).toBeLessThanOrEqual(1200);
    expect(new Set(all.map(({ traceId }) => traceId)).size).toBe(all.length);
    for (const { durationNs } of all) expect(durationNs).toBeLessThanOrEqual(LONGEST_REQUEST_NS);
  });

  it('are the share of the counted requests that they say', () => {
    for (const cluster of ['prod-eu-1', 'prod-us-1', 'stage-1']) {
      const total = ['/cart', '/products']
        .flatMap((handler) => ['200', '503'].map((code) => counted(cluster, handler, code, -7200, 0)))
        .reduce((sum, one) => sum + one, 0);
      const expected = total * requests.sampledShare(cluster);
      // Four standard deviations of a count.
      expect(Math.abs(home(cluster, -7200, 0).length - expected), cluster).toBeLessThan(4 * Math.sqrt(expected));
    }
    expect(requests.sampledShare('hub-1')).toBe(0);
    expect(from('hub-1', 0, 60)).toEqual([]);
  });

  it('are counted by the service graph as the storefront counts them', () => {
    const spec = DEMO_CLUSTERS.find(({ name }) => name === 'prod-eu-1');
    if (!spec) throw new Error('prod-eu-1');
    const { targets } = createWorld(spec, { seed: SEED, epoch: EPOCH, incidentDelaySeconds: DELAY });
    const families = targets.find(({ job }) => job === 'tempo-metrics-generator')?.families ?? [];
    const increase = (name: string, server: string, start: number, end: number) => {
      const samples = families.find((family) => family.name === `traces_service_graph_request_${name}`)?.samples ?? [];
      const one = samples.find(({ labels }) => labels['server'] === server);
      return (one?.value(EPOCH + end) ?? Number.NaN) - (one?.value(EPOCH + start) ?? Number.NaN);
    };
    const [start, end] = [DELAY - 600, DELAY + 1200];
    const codes = (code: string) =>
      ['/cart', '/products'].reduce((sum, handler) => sum + counted('prod-eu-1', handler, code, start, end), 0);
    // Each of the counters is rounded down by itself.
    expect(Math.abs(increase('total', 'storefront', start, end) - codes('200') - codes('503'))).toBeLessThan(16);
    expect(Math.abs(increase('failed_total', 'storefront', start, end) - codes('503'))).toBeLessThan(16);
    const failed = (server: string) =>
      increase('failed_total', server, start, end) / increase('total', server, start, end);
    expect(failed('checkout')).toBeGreaterThan(0.15);
    expect(failed('catalog')).toBeLessThan(0.005);
  });

  it('fail as often as the exporter counts, calm and during the incident', () => {
    for (const [start, end] of [
      [-20_000, 0],
      [DELAY, DELAY + 90 * 40],
    ] as const) {
      for (const handler of ['/cart', '/products']) {
        const failed = counted('prod-eu-1', handler, '503', start, end);
        const expected = failed / (failed + counted('prod-eu-1', handler, '200', start, end));
        const sampled = home('prod-eu-1', start, end).filter(({ route }) => route === handler);
        const deviation = Math.sqrt((expected * (1 - expected)) / sampled.length);
        expect(Math.abs(share(sampled, ({ failed: one }) => one) - expected)).toBeLessThan(4 * deviation);
      }
    }
  });

  it('tell the incident: checkout refuses while it is down and lets its callers wait before', () => {
    const during = home('prod-eu-1', DELAY, DELAY + 900).filter(({ failed, route }) => failed && route === '/cart');
    expect(during.length).toBeGreaterThan(50);
    const incident = createIncident(EPOCH + DELAY);
    for (const { startNs, reason, spans } of during.filter(
      (one) => !one.spans.some((span) => span.kind === 'SERVER' && span.service !== 'storefront'),
    )) {
      const down = incident.isDown(Number(startNs / 1_000_000n) / 1000);
      if (spans.length > 1) expect(reason).toMatch(down ? /connection refused/ : /deadline exceeded/);
    }
    const served = home('prod-eu-1', DELAY, DELAY + 900).filter(({ spans }) =>
      spans.some(({ service }) => service === 'checkout'),
    );
    for (const { startNs } of served) expect(incident.isDown(Number(startNs / 1_000_000n) / 1000)).toBe(false);
  });

  it('are as slow as the exporter counts', () => {
    const slower = (all: readonly SimulatedRequest[], ms: bigint) =>
      share(all, ({ durationNs }) => durationNs > ms * 1_000_000n);
    expect(slower(home('prod-us-1', 0, 3600), 80n)).toBeCloseTo(0.5, 1);
    const carts = home('prod-eu-1', DELAY, DELAY + 3600).filter(({ route }) => route === '/cart');
    expect(slower(carts, 1000n)).toBeGreaterThan(0.15);
  });

  it('keep every span inside its parent and on a pod of its cluster', () => {
    const pods = new Map(
      inventories.flatMap(({ spec, pods: own }) => own.map((pod) => [`${spec.name}/${pod.name}`, pod])),
    );
    for (const request of from('prod-eu-1', 0, 900)) {
      const byId = new Map(request.spans.map((span) => [span.spanId, span]));
      expect(byId.size).toBe(request.spans.length);
      for (const span of request.spans) {
        expect(pods.get(`${span.cluster}/${span.pod}`)?.deployment).toBe(span.service);
        if (span.parentSpanId === undefined) continue;
        const parent = byId.get(span.parentSpanId);
        expect(parent && span.startNs >= parent.startNs).toBe(true);
        expect(parent && span.startNs + span.durationNs <= parent.startNs + parent.durationNs).toBe(true);
      }
    }
  });

  it('reach into another production cluster now and then, which holds its own part under the same id', () => {
    const abroad = from('prod-us-1', 0, 3600).filter(({ cluster }) => cluster === 'prod-eu-1');
    expect(abroad.length).toBeGreaterThan(10);
    for (const request of abroad) {
      expect(new Set(request.spans.map(({ cluster }) => cluster))).toEqual(new Set(['prod-eu-1', 'prod-us-1']));
      const seconds = Number(request.startNs / 1_000_000n) / 1000 - EPOCH;
      expect(from('prod-eu-1', seconds - 1, seconds + 1)).toContainEqual(request);
    }
    expect(from('stage-1', 0, 3600).every(({ spans }) => spans.every(({ cluster }) => cluster === 'stage-1'))).toBe(
      true,
    );
  });

  it('are found by their id, also without its leading zeros', () => {
    const all = from('prod-us-1', 0, 600);
    for (const request of all) expect(requests.byTraceId(request.traceId.replace(/^0+/, ''))).toEqual(request);
    expect(all.some(({ traceId }) => traceId.startsWith('0'))).toBe(true);
    expect(requests.byTraceId('f'.repeat(32))).toBeUndefined();
    expect(requests.byTraceId('not hex')).toBeUndefined();
  });

  it('are other requests under another seed', () => {
    const other = createRequests('other', inventories);
    expect([...other.between('prod-eu-1', ns(0), ns(60))]).not.toEqual(from('prod-eu-1', 0, 60));
  });
});
