import type { Inventory, Pod } from '../inventory.ts';
import { family, sample } from '../metric-model.ts';
import type { Labels, Sample, Target } from '../metric-model.ts';
import { accumulate } from '../rhythm.ts';
import { CALM_ERRORS, ROUTES, SUFFERING, SUFFERING_ERRORS, below, mean } from '../traffic.ts';
import type { Route } from '../traffic.ts';

/** Upper bounds in seconds, as they are spelt in the `le` label. */
const BUCKETS = ['0.05', '0.1', '0.25', '0.5', '1', '2.5', '5'] as const;

/** The `/metrics` of one pod that serves requests; undefined when the pod serves none. A pod that is down is not up. */
export function application(inventory: Inventory, pod: Pod): Target | undefined {
  const routes = ROUTES[pod.deployment];
  if (pod.requestsPerSecond === undefined || routes === undefined) return undefined;
  const perSecond = pod.requestsPerSecond;
  const served = routes.map((route) => ({ route, counts: countsOf(inventory, pod, route, perSecond * route.share) }));
  return {
    job: pod.deployment,
    instance: `${pod.address}:8080`,
    path: `/application/${pod.name}/metrics`,
    labels: { namespace: pod.namespace, pod: pod.name, service: pod.deployment },
    honorLabels: false,
    isUp: (time) => !pod.isDown(time),
    families: [
      family(
        'counter',
        'http_requests_total',
        'Requests served, by method, handler and status code.',
        served.flatMap(({ route, counts }) => [
          sample({ method: route.method, handler: route.handler, code: '200' }, counts.succeeded),
          sample({ method: route.method, handler: route.handler, code: '503' }, counts.failed),
        ]),
      ),
      family(
        'histogram',
        'http_request_duration_seconds',
        'Time to serve a request.',
        served.flatMap(({ route, counts }) => histogram({ handler: route.handler }, counts)),
      ),
      family('gauge', 'process_start_time_seconds', 'Start time of the process since unix epoch in seconds.', [
        sample({}, (time) => pod.startedAt(time)),
      ]),
      family('gauge', 'process_resident_memory_bytes', 'Resident memory size in bytes.', [
        sample({}, (time) => pod.workingSetBytes(time)),
      ]),
      family('counter', 'process_cpu_seconds_total', 'Total user and system CPU time spent in seconds.', [
        sample({}, (time) => {
          const seconds = pod.cpuSeconds(time);
          return seconds === undefined ? undefined : Math.floor(seconds * 100) / 100;
        }),
      ]),
    ],
  };
}

/** Requests since the process started. Whole numbers; none of them ever falls while the process lives. */
interface Counts {
  succeeded(time: number): number;
  failed(time: number): number;
  faster(bound: number, time: number): number;
  seconds(time: number): number;
}

function countsOf(inventory: Inventory, pod: Pod, route: Route, perSecond: number): Counts {
  const { incident } = inventory;
  // A request in trouble is another kind of request, with its own latencies and errors: each kind only ever counts up.
  const suffering =
    route.callsCheckout && incident
      ? accumulate(incident.start, (time) => perSecond * pod.rhythm.at(time) * incident.degradation(time))
      : () => 0;
  const since = (total: (time: number) => number) => (time: number) => total(time) - total(pod.startedAt(time));
  const origin = pod.startedAt(Number.NEGATIVE_INFINITY);
  const hard = since(suffering);
  const calm = since((time) => perSecond * pod.rhythm.integral(origin, time) - suffering(time));
  return {
    succeeded: (time) => Math.floor((1 - CALM_ERRORS) * calm(time) + (1 - SUFFERING_ERRORS) * hard(time)),
    failed: (time) => Math.floor(CALM_ERRORS * calm(time) + SUFFERING_ERRORS * hard(time)),
    faster: (bound, time) =>
      Math.floor(below(route.latency, bound) * calm(time) + below(SUFFERING, bound) * hard(time)),
    seconds: (time) => mean(route.latency) * calm(time) + mean(SUFFERING) * hard(time),
  };
}

function histogram(labels: Labels, counts: Counts): Sample[] {
  const count = (time: number) => counts.succeeded(time) + counts.failed(time);
  return [
    ...BUCKETS.map((le): Sample => ({
      suffix: '_bucket',
      labels: { ...labels, le },
      value: (time) => Math.min(count(time), counts.faster(Number(le), time)),
    })),
    { suffix: '_bucket', labels: { ...labels, le: '+Inf' }, value: count },
    { suffix: '_sum', labels, value: (time) => Math.floor(counts.seconds(time) * 1000) / 1000 },
    { suffix: '_count', labels, value: count },
  ];
}
