import type { MetricsAnswer } from '../../model/metrics.ts';
import { type ClusterOutcome, isComplete } from '../../model/outcome.ts';
import { type Question, questionOf } from '../fanout/fanout.ts';
import type { MetricsCollector } from '../metrics/metrics.ts';
import type { GraphEdge } from './graph-from-traces.ts';

export interface GraphWindow extends Question {
  /** Unix seconds. */
  readonly start: number;
  readonly end: number;
  /** Name of the counter without `_total`: Tempo and the OpenTelemetry Collector say traces_service_graph_request. */
  readonly metric: string;
}

export interface MetricsGraph {
  readonly edges: GraphEdge[];
  readonly outcomes: readonly ClusterOutcome[];
  readonly complete: boolean;
}

/**
 * The graph that Tempo's metrics generator or a collector counts for every request (wire.md 4.7). Requests and failures are the
 * increase over the window, as Prometheus extrapolates it. Empty where no cluster has such series.
 */
export async function graphFromMetrics(
  metrics: Pick<MetricsCollector, 'query'>,
  wanted: GraphWindow,
): Promise<MetricsGraph> {
  const { start, end, metric } = wanted;
  const range = `[${Math.max(60, Math.round(end - start))}s]`;
  const by = 'client, server, connection_type';
  const ask = (query: string) => metrics.query({ ...questionOf(wanted), query, time: end, limit: 5000 });
  const [requests, failed, slow] = await Promise.all([
    ask(`sum by (${by}) (increase(${metric}_total${range}))`),
    ask(`sum by (${by}) (increase(${metric}_failed_total${range}))`),
    ask(`histogram_quantile(0.95, sum by (${by}, le) (rate(${metric}_server_seconds_bucket${range})))`),
  ]);
  const failures = valuesOf(failed);
  const p95 = valuesOf(slow);
  const edges = [...valuesOf(requests)].flatMap(([key, { labels, cluster, value }]): GraphEdge[] => {
    const { client, server, connection_type = '' } = labels;
    if (client === undefined || server === undefined || value === 0) return [];
    const seconds = p95.get(key)?.value;
    return [
      {
        client,
        server,
        cluster_name: cluster,
        ...(connection_type === '' ? {} : { connection_type }),
        requests: Math.round(value * 10) / 10,
        failed: Math.round((failures.get(key)?.value ?? 0) * 10) / 10,
        p95_ms: seconds === undefined || !Number.isFinite(seconds) ? null : Math.round(seconds * 1e6) / 1000,
      },
    ];
  });
  const answers = [requests, failed, slow];
  const outcomes = requests.results.map(({ data: _data, result_type: _type, ...outcome }): ClusterOutcome =>
    worst(
      answers.map((answer) => answer.results.find(({ cluster_id }) => cluster_id === outcome.cluster_id) ?? outcome),
      outcome,
    ),
  );
  return { edges, outcomes, complete: isComplete(outcomes) };
}

/** A cluster that failed one of the questions has not answered whole. */
function worst(outcomes: readonly ClusterOutcome[], first: ClusterOutcome): ClusterOutcome {
  const bad = outcomes.find(({ status }) => status === 'ERROR' || status === 'TIMEOUT' || status === 'PARTIAL');
  if (!bad || first.status === bad.status) return first;
  const { error, warnings } = bad;
  const reason = error?.message ?? warnings?.[0];
  return { ...first, status: 'PARTIAL', ...(reason === undefined ? {} : { warnings: [reason] }) };
}

interface Value {
  readonly labels: Readonly<Record<string, string>>;
  readonly cluster: string;
  readonly value: number;
}

function valuesOf(answer: MetricsAnswer): Map<string, Value> {
  return new Map(
    answer.results.flatMap(({ cluster_name: cluster, data }) =>
      data.flatMap(({ metric, values }): [string, Value][] => {
        const text = values.at(-1)?.[1];
        const value = text === '+Inf' ? Number.POSITIVE_INFINITY : Number(text ?? Number.NaN);
        if (Number.isNaN(value)) return [];
        const key = JSON.stringify([cluster, metric['client'], metric['server'], metric['connection_type'] ?? '']);
        return [[key, { labels: metric, cluster, value }]];
      }),
    ),
  );
}
