/** How one request shows as spans. */
import type { Inventory, Pod } from './inventory.ts';
import { hex64 } from './random.ts';
import { CALLEE_SHARE, ITEMS, ORDERS, quantile } from './traffic.ts';
import type { Route } from './traffic.ts';

export interface RequestSpan {
  /** 16 hex digits. */
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly cluster: string;
  readonly namespace: string;
  /** `storefront`, `checkout` or `catalog`. */
  readonly service: string;
  readonly version: string;
  readonly pod: string;
  readonly node: string;
  /** `POST /cart`. */
  readonly name: string;
  readonly kind: 'SERVER' | 'CLIENT';
  /** Unix nanoseconds. */
  readonly startNs: bigint;
  readonly durationNs: bigint;
  /** Why it failed; undefined = it did not. */
  readonly error: string | undefined;
  /** By the semantic conventions of OpenTelemetry. */
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** What happens in one request, before it is told as spans. */
export interface Course {
  readonly traceId: string;
  readonly startNs: bigint;
  readonly seconds: number;
  readonly route: Route;
  readonly storefront: Pod;
  readonly home: Inventory;
  /** Where catalog is called; undefined = it is not. */
  readonly catalogIn: Inventory | undefined;
  readonly checkout: 'NOT_CALLED' | 'ANSWERS' | 'ANSWERS_LATE' | 'TIMES_OUT' | 'REFUSES';
  readonly failed: boolean;
  draw(what: string): number;
}

/** Where a callee's part lies inside its caller's time. */
interface Part {
  readonly from: number;
  readonly seconds: number;
}

const UNAVAILABLE = 503;

/** Parents before children. The storefront's span first; a service that was never reached has none. */
export function spansOf(course: Course): RequestSpan[] {
  const { route, home, storefront, seconds, failed, checkout, catalogIn, traceId, startNs } = course;
  const span = (
    pod: Pod,
    inventory: Inventory,
    key: string,
    parent: RequestSpan | undefined,
    { from, seconds: length }: Part,
    rest: Pick<RequestSpan, 'name' | 'kind' | 'error' | 'attributes'>,
  ): RequestSpan => ({
    spanId: hex64(traceId, key),
    parentSpanId: parent?.spanId,
    cluster: inventory.spec.name,
    namespace: pod.namespace,
    service: pod.deployment,
    version: pod.image.slice(pod.image.lastIndexOf(':') + 1),
    pod: pod.name,
    node: pod.node.name,
    startNs: startNs + nanoseconds(from),
    durationNs: nanoseconds(length),
    ...rest,
  });
  /** The caller's side of a call and, when it got through, the callee's. */
  const call = (to: Route, service: string, where: Inventory, part: Part, served: Part | undefined, why?: string) => {
    const code = why === undefined ? 200 : UNAVAILABLE;
    const client = span(storefront, home, `call ${service}`, root, part, {
      name: `${to.method} ${to.handler}`,
      kind: 'CLIENT',
      error: why,
      attributes: {
        'http.request.method': to.method,
        'url.path': to.handler,
        'server.address': service,
        ...(served === undefined ? {} : { 'http.response.status_code': code }),
      },
    });
    const pod = where.pods.find((one) => one.deployment === service);
    if (!served || !pod) return [client];
    const server = span(pod, where, service, client, served, {
      name: `${to.method} ${to.handler}`,
      kind: 'SERVER',
      error: why,
      attributes: {
        'http.request.method': to.method,
        'http.route': to.handler,
        'http.response.status_code': code,
      },
    });
    const query = span(pod, where, `${service} query`, server, inner(served, 0.25, 0.5), {
      name: service === 'catalog' ? 'SELECT items' : 'INSERT orders',
      kind: 'CLIENT',
      error: undefined,
      attributes: { 'db.system.name': 'postgresql', 'db.collection.name': service === 'catalog' ? 'items' : 'orders' },
    });
    return [client, server, query];
  };

  const reason = failed ? reasonOf(course) : undefined;
  const root = span(
    storefront,
    home,
    'root',
    undefined,
    { from: 0, seconds },
    {
      name: `${route.method} ${route.handler}`,
      kind: 'SERVER',
      error: reason,
      attributes: {
        'http.request.method': route.method,
        'http.route': route.handler,
        'http.response.status_code': failed ? UNAVAILABLE : 200,
      },
    },
  );
  const calls: RequestSpan[] = [];
  // A callee that answers takes its share of the time; the call itself, with the way there and back, a little more.
  const part = { from: seconds * 0.3, seconds: seconds * (CALLEE_SHARE + 0.1) };
  const served = { from: seconds * 0.35, seconds: seconds * CALLEE_SHARE };
  if (catalogIn) calls.push(...call(ITEMS, 'catalog', catalogIn, part, served, reason));
  if (checkout === 'ANSWERS') calls.push(...call(ORDERS, 'checkout', home, part, served, reason));
  if (checkout === 'ANSWERS_LATE') {
    // Nearly all of the time passes before a starved process takes the request up.
    const own = Math.min(seconds * 0.8, quantile(ORDERS.latency, Math.max(1e-9, course.draw('late'))));
    const waiting = inner({ from: 0, seconds }, 0.02, 0.96);
    calls.push(...call(ORDERS, 'checkout', home, waiting, { from: seconds * 0.97 - own, seconds: own }));
  }
  if (checkout === 'TIMES_OUT' || checkout === 'REFUSES') {
    const refusal = checkout === 'REFUSES' ? refused(course) : TIMED_OUT;
    calls.push(...call(ORDERS, 'checkout', home, inner({ from: 0, seconds }, 0.02, 0.96), undefined, refusal));
  }
  return [root, ...calls];
}

const TIMED_OUT = 'POST checkout:8080/orders: deadline exceeded while waiting for an answer';

function refused({ home }: Course): string {
  const pod = home.pods.find((one) => one.deployment === 'checkout');
  return `POST checkout:8080/orders: dial tcp ${pod?.address ?? 'checkout'}:8080: connect: connection refused`;
}

function reasonOf(course: Course): string {
  if (course.checkout === 'REFUSES') return refused(course);
  if (course.checkout === 'TIMES_OUT') return TIMED_OUT;
  if (course.catalogIn) return 'catalog: query items: no connection of the pool was free';
  if (course.checkout === 'ANSWERS') return 'checkout: insert order: could not serialize access';
  return 'storefront: session store did not answer';
}

function inner({ from, seconds }: Part, offset: number, share: number): Part {
  return { from: from + seconds * offset, seconds: seconds * share };
}

function nanoseconds(seconds: number): bigint {
  return BigInt(Math.round(seconds * 1e9));
}
