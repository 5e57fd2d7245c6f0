/**
 * What the services of the shop serve: the numbers that the exporters' counters and the sampled requests (`requests.ts`) both
 * follow.
 */

/** A log-logistic distribution of latencies in seconds. */
export interface Latency {
  readonly median: number;
  readonly shape: number;
}

/** What a request to the storefront takes when nothing is wrong. */
const CALM: Latency = { median: 0.08, shape: 3 };
/** Share of a calm request that the service it calls takes; a scaled log-logistic distribution is one again. */
export const CALLEE_SHARE = 0.4;
const CALLEE: Latency = { median: CALM.median * CALLEE_SHARE, shape: CALM.shape };
/** A request of the storefront that suffers from the incident. */
export const SUFFERING: Latency = { median: 1.8, shape: 2.5 };
export const CALM_ERRORS = 0.0015;
export const SUFFERING_ERRORS = 0.6;

export interface Route {
  readonly method: string;
  readonly handler: string;
  /** Share of the requests to its service. */
  readonly share: number;
  readonly latency: Latency;
  /** Whether it calls the deployment of the incident. */
  readonly callsCheckout: boolean;
}

export const CART: Route = { method: 'POST', handler: '/cart', share: 0.6, latency: CALM, callsCheckout: true };
export const PRODUCTS: Route = { method: 'GET', handler: '/products', share: 0.4, latency: CALM, callsCheckout: false };
export const ORDERS: Route = { method: 'POST', handler: '/orders', share: 1, latency: CALLEE, callsCheckout: false };
export const ITEMS: Route = { method: 'GET', handler: '/items', share: 1, latency: CALLEE, callsCheckout: false };

export const ROUTES: Readonly<Record<string, readonly Route[]>> = {
  storefront: [CART, PRODUCTS],
  checkout: [ORDERS],
  catalog: [ITEMS],
};

/** Share of requests faster than `bound` seconds: the log-logistic distribution function. */
export function below(latency: Latency, bound: number): number {
  return 1 / (1 + (bound / latency.median) ** -latency.shape);
}

/** The latency in seconds that the share `part` (0 to 1, both excluded) of the requests stays under: the inverse of {@link below}. */
export function quantile({ median, shape }: Latency, part: number): number {
  return median * (part / (1 - part)) ** (1 / shape);
}

/** Mean of the log-logistic distribution (shape > 1). */
export function mean({ median, shape }: Latency): number {
  const angle = Math.PI / shape;
  return (median * angle) / Math.sin(angle);
}
