import type { Inventory, Pod } from '../inventory.ts';
import { family, sample } from '../metric-model.ts';
import type { Labels, Sample, Target } from '../metric-model.ts';
import { accumulate } from '../rhythm.ts';
import {
  CALM_ERRORS,
  CART,
  ITEMS,
  type Latency,
  ORDERS,
  PRODUCTS,
  SUFFERING,
  SUFFERING_ERRORS,
  below,
  mean,
} from '../traffic.ts';

/** Upper bounds in seconds: the first of those that Tempo's metrics generator has, 0.1·2^k. */
const BUCKETS = ['0.1', '0.2', '0.4', '0.8', '1.6', '3.2'] as const;
/** Share of the calm carts that go on to checkout, and to catalog; see `requests.ts`. */
const ONWARDS = 1 / 3;

/** Requests along one edge, of one kind: whole numbers never falling. Times are Unix seconds. */
interface Flow {
  readonly latency: Latency;
  readonly errors: number;
  total(time: number): number;
}

/**
 * What Tempo's metrics generator makes of every trace, sampled or not (wire.md 4.7): the same requests that the storefront's
 * exporter counts. Calls into another cluster are counted as if they stayed, as by a generator that sees one side only.
 */
export function serviceGraph(inventory: Inventory): Target | undefined {
  const storefronts = inventory.pods.filter((pod) => pod.deployment === 'storefront');
  const [first] = storefronts;
  if (!first) return undefined;
  const { incident } = inventory;
  const origin = Math.max(...storefronts.map((pod) => pod.startedAt(Number.NEGATIVE_INFINITY)));
  const carts = (pod: Pod) => (pod.requestsPerSecond ?? 0) * CART.share;
  const all = (share: number) => (time: number) =>
    storefronts.reduce((sum, pod) => sum + (pod.requestsPerSecond ?? 0) * share * pod.rhythm.integral(origin, time), 0);
  /** Carts since the incident began, each counted by `part` of them. */
  const during = (part: (time: number) => number) =>
    incident
      ? accumulate(
          incident.start,
          (time) => storefronts.reduce((sum, pod) => sum + carts(pod) * pod.rhythm.at(time), 0) * part(time),
        )
      : () => 0;
  const suffering = during((time) => incident?.degradation(time) ?? 0);
  const sufferingWhileUp = during((time) => (incident?.isDown(time) === true ? 0 : (incident?.degradation(time) ?? 0)));
  const refused = during((time) => (incident?.isDown(time) === true ? incident.degradation(time) : 0));
  const calmWhileDown = during((time) => (incident?.isDown(time) === true ? 1 - incident.degradation(time) : 0));
  const calmCarts = (time: number) => all(CART.share)(time) - suffering(time);
  const calm = (latency: Latency, total: (time: number) => number): Flow => ({ latency, errors: CALM_ERRORS, total });
  const hard = (errors: number, total: (time: number) => number): Flow => ({ latency: SUFFERING, errors, total });

  const edges: readonly (readonly [client: string, server: string, flows: readonly Flow[]])[] = [
    [
      'user',
      'storefront',
      [calm(CART.latency, (time) => calmCarts(time) + all(PRODUCTS.share)(time)), hard(SUFFERING_ERRORS, suffering)],
    ],
    ['storefront', 'catalog', [calm(ITEMS.latency, (time) => all(PRODUCTS.share)(time) + ONWARDS * calmCarts(time))]],
    [
      'storefront',
      'checkout',
      [
        calm(ORDERS.latency, (time) => ONWARDS * (calmCarts(time) - calmWhileDown(time))),
        hard(SUFFERING_ERRORS, sufferingWhileUp),
        hard(1, refused),
      ],
    ],
  ];
  const labelled = edges.map(([client, server, flows]) => ({ labels: { client, server, connection_type: '' }, flows }));
  return {
    job: 'tempo-metrics-generator',
    instance: 'tempo-metrics-generator:3200',
    path: '/service-graph/metrics',
    labels: { namespace: 'tracing' },
    honorLabels: false,
    isUp: () => true,
    families: [
      family(
        'counter',
        'traces_service_graph_request_total',
        'Requests between two services.',
        labelled.map(({ labels, flows }) => sample(labels, (time) => count(flows, time))),
      ),
      family(
        'counter',
        'traces_service_graph_request_failed_total',
        'Failed requests between two services.',
        labelled.map(({ labels, flows }) => sample(labels, (time) => failures(flows, time))),
      ),
      family(
        'histogram',
        'traces_service_graph_request_server_seconds',
        'Time of a request as its caller sees it.',
        labelled.flatMap(({ labels, flows }) => histogram(labels, flows)),
      ),
    ],
  };
}

function count(flows: readonly Flow[], time: number): number {
  return flows.reduce((sum, flow) => sum + Math.floor(Math.max(0, flow.total(time))), 0);
}

function failures(flows: readonly Flow[], time: number): number {
  return flows.reduce((sum, flow) => sum + Math.floor(Math.max(0, flow.errors * flow.total(time))), 0);
}

function histogram(labels: Labels, flows: readonly Flow[]): Sample[] {
  const faster = (bound: number, time: number) =>
    flows.reduce((sum, flow) => sum + Math.floor(Math.max(0, below(flow.latency, bound) * flow.total(time))), 0);
  return [
    ...BUCKETS.map((le): Sample => ({
      suffix: '_bucket',
      labels: { ...labels, le },
      value: (time) => faster(Number(le), time),
    })),
    { suffix: '_bucket', labels: { ...labels, le: '+Inf' }, value: (time) => count(flows, time) },
    {
      suffix: '_sum',
      labels,
      value: (time) =>
        flows.reduce(
          (sum, flow) => sum + Math.floor(Math.max(0, mean(flow.latency) * flow.total(time)) * 1000) / 1000,
          0,
        ),
    },
    { suffix: '_count', labels, value: (time) => count(flows, time) },
  ];
}
