/**
 * The sampled requests of the shop: what its traces and its logs tell, in step with what its exporters count. A request is a
 * function of seed, cluster and half second, and of nothing else, so any window can be read at any time and in any pieces.
 *
 * Of the requests to a storefront a constant share is sampled ({@link RequestStream.sampledShare}), at most one each half second.
 * Rates, error share and latencies of the storefront follow its exporter; a third of the calm carts goes on to checkout and a
 * third to catalog, every list of products to catalog: the shares that the exporters of those two serve.
 */
import type { Inventory, Pod } from './inventory.ts';
import { hex64, unit } from './random.ts';
import { spansOf } from './request-spans.ts';
import type { Course, RequestSpan } from './request-spans.ts';
import { CALM_ERRORS, CART, PRODUCTS, SUFFERING, SUFFERING_ERRORS, quantile } from './traffic.ts';

export interface SimulatedRequest {
  /** 32 hex digits; one in sixteen starts with a zero. */
  readonly traceId: string;
  /** Where it came in. */
  readonly cluster: string;
  /** Unix nanoseconds. */
  readonly startNs: bigint;
  readonly durationNs: bigint;
  readonly method: string;
  /** `/cart` or `/products`. */
  readonly route: string;
  /** Whether the storefront answered it with 503; then `reason` says why. */
  readonly failed: boolean;
  readonly reason: string | undefined;
  /** Parents before children; the first is the storefront's. A span's cluster may be another than the request's. */
  readonly spans: readonly RequestSpan[];
}

export interface RequestStream {
  /** Requests that have a span in `cluster`, by start in [fromNs, toNs), oldest first; those that came in elsewhere are among them. */
  between(cluster: string, fromNs: bigint, toNs: bigint): Generator<SimulatedRequest, void, undefined>;
  /** Leading zeros may be missing. */
  byTraceId(traceId: string): SimulatedRequest | undefined;
  /** Share of a storefront's requests that is sampled, 0 to 1; 0 where the cluster has no storefront. */
  sampledShare(cluster: string): number;
}

/** No request takes longer, so whatever happens at a time belongs to a request that started at most so much before it. */
export const LONGEST_REQUEST_NS = 30_000_000_000n;
const SLOT_NS = 500_000_000n;
const SLOT_SECONDS = 0.5;
/** The rhythm of a pod never rises above this (daily 0.45 and wobble 0.25 of `inventory.ts`). */
const PEAK = 1.7;
/** Share of the calls to catalog that go to the next cluster of the same environment. */
const ABROAD = 0.04;

/** `inventories` are all clusters that may call each other: those with a shop. Others have no requests. */
export function createRequests(seed: string, inventories: readonly Inventory[]): RequestStream {
  const shops = inventories.filter(({ pods }) => pods.some((pod) => pod.deployment === 'storefront'));
  const byName = new Map(shops.map((shop) => [shop.spec.name, shop]));
  const abroadOf = (shop: Inventory): Inventory => {
    const kin = shops.filter(({ spec }) => spec.environment === shop.spec.environment);
    return kin[(kin.indexOf(shop) + 1) % kin.length] ?? shop;
  };

  function inSlot(home: Inventory, slot: bigint): SimulatedRequest | undefined {
    const draw = (what: string) => unit(seed, 'request', home.spec.name, slot.toString(), what);
    const startNs = slot * SLOT_NS + BigInt(Math.floor(draw('offset') * Number(SLOT_NS)));
    const time = Number(startNs / 1_000_000n) / 1000;
    const storefronts = home.pods.filter((pod) => pod.deployment === 'storefront');
    const rates = storefronts.map((pod) => (pod.requestsPerSecond ?? 0) * pod.rhythm.at(time));
    const total = rates.reduce((sum, rate) => sum + rate, 0);
    if (draw('sampled') >= total * SLOT_SECONDS * shareOf(home)) return undefined;
    const storefront = pick(storefronts, rates, draw('pod') * total);
    const route = draw('route') < CART.share ? CART : PRODUCTS;
    const suffers = route.callsCheckout && draw('suffers') < (home.incident?.degradation(time) ?? 0);
    const failed = draw('failed') < (suffers ? SUFFERING_ERRORS : CALM_ERRORS);
    const down = home.incident?.isDown(time) ?? false;
    const third = draw('way');
    const callsCatalog = route === PRODUCTS || (!suffers && third >= 2 / 3);
    const longest = Number(LONGEST_REQUEST_NS) / 1e9;
    const latency = suffers ? SUFFERING : route.latency;
    const course: Course = {
      traceId: traceIdOf(seed, home.spec.name, slot),
      startNs,
      seconds: Math.min(longest, Math.max(0.002, quantile(latency, Math.max(1e-9, draw('latency'))))),
      route,
      storefront,
      home,
      catalogIn: callsCatalog ? (draw('abroad') < ABROAD ? abroadOf(home) : home) : undefined,
      checkout: suffers ? troubled(down, failed) : route === CART && third < 1 / 3 && !down ? 'ANSWERS' : 'NOT_CALLED',
      failed,
      draw,
    };
    const spans = spansOf(course);
    const [root] = spans;
    return {
      traceId: course.traceId,
      cluster: home.spec.name,
      startNs,
      durationNs: root?.durationNs ?? 0n,
      method: route.method,
      route: route.handler,
      failed,
      reason: root?.error,
      spans,
    };
  }

  function* between(cluster: string, fromNs: bigint, toNs: bigint) {
    const here = byName.get(cluster);
    if (!here) return;
    const homes = shops.filter((shop) => shop === here || abroadOf(shop) === here);
    for (let slot = fromNs / SLOT_NS; slot * SLOT_NS < toNs; slot++) {
      const found = homes
        .flatMap((home) => inSlot(home, slot) ?? [])
        .filter(({ startNs, spans }) => startNs >= fromNs && startNs < toNs && spans.some(isIn(cluster)));
      yield* found.sort((a, b) => (a.startNs < b.startNs ? -1 : 1));
    }
  }

  return {
    between,
    byTraceId: (text) => {
      const traceId = text.toLowerCase().padStart(32, '0');
      const slot = slotIn(traceId);
      for (const home of shops) {
        const request = traceIdOf(seed, home.spec.name, slot) === traceId ? inSlot(home, slot) : undefined;
        if (request) return request;
      }
      return undefined;
    },
    sampledShare: (cluster) => {
      const shop = byName.get(cluster);
      return shop ? shareOf(shop) : 0;
    },
  };
}

/** For `filter`: whether a span happened in that cluster. */
export function isIn(cluster: string): (span: RequestSpan) => boolean {
  return (span) => span.cluster === cluster;
}

/** Such that even the busiest half second has no more than one. */
function shareOf({ spec }: Inventory): number {
  return Math.min(1, 1 / (spec.requestsPerSecond * PEAK * SLOT_SECONDS));
}

/** A container that was killed refuses connections; one with a full heap lets its callers wait. */
function troubled(down: boolean, failed: boolean): Course['checkout'] {
  if (down) return 'REFUSES';
  return failed ? 'TIMES_OUT' : 'ANSWERS_LATE';
}

function pick(pods: readonly Pod[], weights: readonly number[], at: number): Pod {
  let sum = 0;
  for (const [index, pod] of pods.entries()) {
    sum += weights[index] ?? 0;
    if (at < sum) return pod;
  }
  const last = pods.at(-1);
  if (!last) throw new RangeError('a shop has at least one storefront');
  return last;
}

/** The first half is drawn; the second is the half second, hidden behind a mask of the first, so that an id leads to its request. */
function traceIdOf(seed: string, cluster: string, slot: bigint): string {
  const half = hex64(seed, cluster, slot.toString());
  return (
    half +
    BigInt.asUintN(64, slot ^ maskOf(half))
      .toString(16)
      .padStart(16, '0')
  );
}

function slotIn(traceId: string): bigint {
  return /^[0-9a-f]{32}$/.test(traceId) ? BigInt(`0x${traceId.slice(16)}`) ^ maskOf(traceId.slice(0, 16)) : 0n;
}

function maskOf(half: string): bigint {
  return BigInt(`0x${hex64('mask', half)}`);
}
