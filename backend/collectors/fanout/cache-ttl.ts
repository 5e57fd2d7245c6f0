/** How long an answer may be served again, in milliseconds. */
export interface Freshness {
  /** Until then it counts as fresh. */
  readonly ttlMs: number;
  /** So long after that it is still served at once, with its age, while a new one is fetched behind it. Left out = not at all. */
  readonly staleMs?: number;
}

/**
 * The product contract's times. What an alarm or a device says now is not served past its time; what a chart shows may be, once,
 * while it is renewed.
 */
export const FRESHNESS = {
  INSTANT: { ttlMs: 30_000, staleMs: 30_000 },
  RANGE_SHORT: { ttlMs: 60_000, staleMs: 60_000 },
  RANGE_LONG: { ttlMs: 300_000, staleMs: 300_000 },
  LABELS: { ttlMs: 300_000, staleMs: 300_000 },
  GPU: { ttlMs: 5_000 },
  CNF: { ttlMs: 5_000 },
  ALERTS: { ttlMs: 10_000 },
} as const satisfies Record<string, Freshness>;

const SHORT_WINDOW_SECONDS = 3600;

/** Of a range query over a window of so many seconds. */
export function rangeFreshness(windowSeconds: number): Freshness {
  return windowSeconds < SHORT_WINDOW_SECONDS ? FRESHNESS.RANGE_SHORT : FRESHNESS.RANGE_LONG;
}
