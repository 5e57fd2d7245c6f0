import { between, nameSuffix } from '../fleet/random.ts';

export interface Grid {
  /** Unix seconds, both ends included. */
  readonly start: number;
  readonly end: number;
  /** Seconds. */
  readonly step: number;
}

/** The query that {@link rangeBody} answers. */
export const RANGE_QUERY = 'sum by (namespace, pod, node) (rate(container_cpu_usage_seconds_total[5m]))';

/**
 * The JSON text of `/api/v1/query_range` for {@link RANGE_QUERY}, as Prometheus writes it: rates in shortest round-trip
 * decimals, generated pod names. Depends on nothing but its arguments.
 */
export function rangeBody(cluster: string, series: number, { start, end, step }: Grid): Buffer {
  const result = Array.from({ length: series }, (_, index) => {
    const app = `app-${index % 12}`;
    const pod = `${app}-${nameSuffix(10, cluster, app)}-${nameSuffix(5, cluster, index)}`;
    const metric = { namespace: `team-${index % 7}`, node: `${cluster}-worker-${index % 5}`, pod };
    const load = between(0.001, 1.5, cluster, index);
    const values: [number, string][] = [];
    for (let t = start; t <= end; t += step) values.push([t, String(load * between(0.8, 1.2, cluster, index, t))]);
    return { metric, values };
  });
  return Buffer.from(JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } }));
}
