/**
 * Twelve questions to the demo fleet, each with what a model would have to read without the tool's view for models (`raw`), and how
 * the right answer is found in that. Tokens are characters ÷ 4, as everywhere in this project.
 */
import { z } from 'zod';
import { MetricsAnswer, seriesOf } from '../../backend/model/metrics.ts';
import { sampleNumber } from '../../backend/model/sample-value.ts';

export interface AnswerCase {
  readonly id: string;
  readonly question: string;
  readonly tool: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** REST = the same call by REST, in full. Otherwise what of the spokes has to be read. */
  readonly raw:
    | { readonly kind: 'REST' }
    | { readonly kind: 'PROMETHEUS'; readonly paths: readonly string[] }
    | { readonly kind: 'API'; readonly cluster: string; readonly paths: readonly string[] };
  /** Texts of which the answer must hold every one, read from the raw bodies. */
  expected(bodies: readonly string[]): string[];
}

/** Both sides have to read the same samples, so the window is fixed when the recording begins: it replaces these two. */
export const WINDOW = { start: 'START', end: 'END' };
const instant = (query: string) => `/api/v1/query?query=${encodeURIComponent(query)}`;

/** The largest value of a range and the labels of its series: what "who peaks, and how high" asks for. */
function peak(bodies: readonly string[]): string[] {
  const answer = MetricsAnswer.parse(JSON.parse(bodies[0] ?? ''));
  const samples = seriesOf(answer).flatMap(({ metric, values }) => values.map(([, text]) => ({ metric, text })));
  const top = samples
    .filter(({ text }) => Number.isFinite(sampleNumber(text)))
    .sort((a, b) => sampleNumber(b.text) - sampleNumber(a.text))[0];
  if (!top) throw new Error('the raw answer has no samples');
  return [top.text, top.metric['cluster'] ?? ''];
}

const Vector = z.object({
  data: z.object({
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })),
  }),
});

/** The largest value over the vectors of all clusters, digit for digit, and its pod. */
function largest(bodies: readonly string[]): string[] {
  const all = bodies.flatMap((body) => Vector.parse(JSON.parse(body)).data.result);
  const top = all.sort((a, b) => Number(b.value[1]) - Number(a.value[1]))[0];
  if (!top) throw new Error('the raw answer has no samples');
  return [top.value[1], top.metric['pod'] ?? top.metric['namespace'] ?? ''];
}

const Pods = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      status: z.object({
        containerStatuses: z
          .array(
            z.object({ lastState: z.looseObject({ terminated: z.looseObject({ reason: z.string() }).optional() }) }),
          )
          .optional(),
      }),
    }),
  ),
});

const range = (id: string, question: string, query: string): AnswerCase => ({
  id,
  question,
  tool: 'query_metrics',
  input: { query, ...WINDOW },
  raw: { kind: 'REST' },
  expected: peak,
});

const MEMORY = 'sum by (namespace, pod) (container_memory_working_set_bytes{container!=""})';

export const ANSWER_CASES: readonly AnswerCase[] = [
  range(
    'memory-of-pods',
    'Which pod of the shop peaked in memory in the last six hours, and how high?',
    MEMORY.replace('{container!=""}', '{container!="",namespace="shop"}'),
  ),
  range(
    'cpu-of-nodes',
    'Which node was busiest in the last six hours?',
    'sum by (node) (rate(container_cpu_usage_seconds_total{container!=""}[5m]))',
  ),
  range('requests', 'When and where did most requests come?', 'sum by (job) (rate(http_requests_total[5m]))'),
  range(
    'latency',
    'Where did the 99th percentile of request time peak?',
    'histogram_quantile(0.99, sum by (job, le) (rate(http_request_duration_seconds_bucket[5m])))',
  ),
  range('disk', 'Which node has most disk in use?', 'node_filesystem_size_bytes - node_filesystem_avail_bytes'),
  range('load', 'Which node had the highest load?', 'node_load5'),
  range('network', 'Which node received most?', 'rate(node_network_receive_bytes_total[5m])'),
  {
    id: 'find-metrics',
    question: 'Which metric has the memory that containers use?',
    tool: 'find_metrics',
    input: { words: 'container memory working set', limit: 5 },
    raw: { kind: 'PROMETHEUS', paths: ['/api/v1/metadata'] },
    expected: () => ['container_memory_working_set_bytes'],
  },
  {
    id: 'trends',
    question: 'What has changed in memory against the six hours before?',
    tool: 'get_metric_trends',
    input: { query: MEMORY, window: '3h', limit: 5 },
    raw: { kind: 'PROMETHEUS', paths: ['NOW', 'BEFORE'] },
    expected: () => ['checkout', 'vs_previous_percent'],
  },
  {
    id: 'usage',
    question: 'How much of their memory limits do the namespaces use?',
    tool: 'get_resource_usage',
    input: { by: 'namespace', limit: 4 },
    raw: {
      kind: 'PROMETHEUS',
      paths: [
        'container_memory_working_set_bytes{container!=""}',
        'rate(container_cpu_usage_seconds_total{container!=""}[5m])',
        'kube_pod_container_resource_requests',
        'kube_pod_container_resource_limits',
        'kube_pod_info',
      ].map(instant),
    },
    expected: () => ['memory_of_limits', '"ml"'],
  },
  {
    id: 'top',
    question: 'Which pod of the fleet uses most memory?',
    tool: 'get_top_consumers',
    input: { resource: 'memory', limit: 3 },
    raw: { kind: 'PROMETHEUS', paths: [instant('container_memory_working_set_bytes{container!=""}')] },
    expected: largest,
  },
  {
    id: 'diagnose',
    question: 'What is wrong on prod-eu-1?',
    tool: 'diagnose_workloads',
    input: { clusters: ['prod-eu-1'] },
    // Every list that the checks read, as `kubectl get -A` would.
    raw: {
      kind: 'API',
      cluster: 'prod-eu-1',
      paths: [
        '/api/v1/pods',
        ...['nodes', 'namespaces', 'services', 'events', 'persistentvolumeclaims', 'resourcequotas'].map(
          (one) => `/api/v1/${one}`,
        ),
        ...['deployments', 'replicasets', 'statefulsets', 'daemonsets'].map((one) => `/apis/apps/v1/${one}`),
        ...['jobs', 'cronjobs'].map((one) => `/apis/batch/v1/${one}`),
        ...['ingresses', 'ingressclasses'].map((one) => `/apis/networking.k8s.io/v1/${one}`),
        '/apis/discovery.k8s.io/v1/endpointslices',
        '/apis/autoscaling/v2/horizontalpodautoscalers',
        '/apis/policy/v1/poddisruptionbudgets',
        '/apis/storage.k8s.io/v1/storageclasses',
      ],
    },
    expected: (bodies) => {
      const killed = Pods.parse(JSON.parse(bodies[0] ?? '')).items.find(({ status }) =>
        status.containerStatuses?.some(({ lastState }) => lastState.terminated?.reason === 'OOMKilled'),
      );
      return ['OOM_KILLED', killed?.metadata.name ?? 'no killed pod'];
    },
  },
];
