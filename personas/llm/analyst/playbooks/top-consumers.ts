import type { z } from 'zod';
import { type MetricResult, type MetricSeries, MetricsAnswer } from '../../../../backend/model/metrics.ts';
import { matchesSelector, parseSelector } from '../../../../backend/model/selector.ts';
import { listClusters } from '../../../../tools/clusters/list-clusters.ts';
import { bytes, code, outcomeLines, paragraphs, shortenedLine, significant } from '../markdown.ts';
import type { Asked, PlannedCall, Playbook, Read } from '../playbook.ts';
import type { Grouping, Question } from '../question.ts';
import { type Answer, readAnswer } from '../read-answer.ts';
import { matchersOf } from '../subject.ts';
import { wordSet } from '../words.ts';

/** Series that one answer can carry whole to the chat (60,000 characters at about 200 a series and 200 a cluster). */
const SERIES_PER_CALL = 250;

interface Resource {
  readonly noun: string;
  format(value: number): string;
  /** PromQL for the use of each container; `by` are the labels it is ranked by. */
  query(parts: { rank: string; by: string; matchers: string; window: string | undefined }): string;
  meaning(window: string | undefined): string;
}

/**
 * A restarted container is a new cAdvisor series (other `id`), so peaks are first taken per container name and only then
 * added up; otherwise a pod that was OOM-killed three times would count three times.
 */
const MEMORY: Resource = {
  noun: 'memory',
  format: bytes,
  query: ({ rank, by, matchers, window }) => {
    const metric = `container_memory_working_set_bytes{${matchers}}`;
    const used = window === undefined ? metric : `max_over_time(${metric}[${window}])`;
    return `${rank}, sum by (${by}) (max by (namespace, pod, container) (${used})))`;
  },
  meaning: (window) =>
    window === undefined ? 'working set now' : `peak working set over the last ${window}, added up over containers`,
};

const CPU: Resource = {
  noun: 'CPU',
  format: (value) => `${significant(value)} cores`,
  query: ({ rank, by, matchers, window }) =>
    `${rank}, sum by (${by}) (rate(container_cpu_usage_seconds_total{${matchers}}[${window ?? '5m'}])))`,
  meaning: (window) => `average over the last ${window ?? '5m'}`,
};

const RANKING =
  /\b(?:top|most|least|highest|lowest|biggest|smallest|largest|heaviest|lightest|how much|per|by|of|consum\w{1,9}|hogs?|hungry|eat(?:s|ing)?|us(?:e|es|ing|age))\b/;

const RANKING_WORDS = `
  top most least highest lowest biggest smallest largest heaviest lightest fewest rank consumer consumers consuming consume
  consumes consumption hog hogs hungry eat eats eating use uses used using usage utilization pod pods workload workloads
`;

export const topMemoryPlaybook = playbookOf(
  'top-memory',
  () => 'top memory consumers in the last hour? · top 5 memory namespaces',
  MEMORY,
  /\b(?:memory|ram|mem)\b/,
  'memory ram mem working set',
);
export const topCpuPlaybook = playbookOf(
  'top-cpu',
  (cluster) => `top CPU consumers in production clusters? · which pods use the least CPU in ${cluster}?`,
  CPU,
  /\b(?:cpus?|processor|compute)\b/,
  'cpu cpus processor compute cores',
);

function playbookOf(
  id: string,
  example: Playbook['example'],
  resource: Resource,
  subject: RegExp,
  vocabulary: string,
): Playbook {
  return {
    id,
    example,
    honours: ['window', 'limit', 'namespace', 'grouping', 'subject'],
    vocabulary: wordSet(`${vocabulary} ${RANKING_WORDS}`),
    match: ({ words }) => !/\b(?:alerts?|alarms?|firing)\b/.test(words) && subject.test(words) && RANKING.test(words),
    plan(asked, read) {
      const pages = pageCalls(asked);
      if (pages.some((page) => !read(page))) return pages;
      return [...pages, ...queryCalls(resource, asked, read)];
    },
    write: (asked, read) => write(resource, asked, read),
  };
}

function groupingOf({ grouping, namespace }: Question): Grouping {
  if (grouping === 'namespace' && namespace !== undefined) return 'pod';
  return grouping ?? 'pod';
}

/** "least" ranks from below; a list of both ends is not made. */
function isLeast({ words }: Question): boolean {
  return /\b(?:least|lowest|smallest|fewest|lightest)\b/.test(words);
}

const LABELS: Readonly<Record<Grouping, string>> = { namespace: 'namespace', pod: 'namespace, pod', cluster: '' };

function queryOf(resource: Resource, { question, subject }: Asked): string {
  const { limit, window } = question;
  // `container=""` is the pod's own cgroup, which holds the sum of the others; POD is the pause container.
  const matchers = [`container!=""`, `container!="POD"`, ...matchersOf(subject)].join(',');
  const rank = `${isLeast(question) ? 'bottomk' : 'topk'}(${limit}`;
  return resource.query({ rank, by: LABELS[groupingOf(question)], matchers, window });
}

/** Further pages of clusters, when there are too many for one query and their names are needed to split it. */
function pageCalls({ scope, fleet, question }: Asked): PlannedCall[] {
  if (scope.names || fleet.whole || fleet.total * question.limit <= SERIES_PER_CALL) return [];
  return Array.from({ length: fleet.pages - 1 }, (_, i) => ({
    tool: 'list_clusters',
    input: { page: i + 2, page_size: 50 },
  }));
}

/** One query, or several over a part of the clusters each, so that no answer has to be cut. */
function queryCalls(resource: Resource, asked: Asked, read: Read): PlannedCall[] {
  const { scope, question, fleet } = asked;
  const query = queryOf(resource, asked);
  const perCall = Math.max(1, Math.floor(SERIES_PER_CALL / question.limit));
  const names = scope.names ?? (fleet.total <= perCall ? undefined : allNames(asked, read));
  if (names === undefined || names.length <= perCall)
    return [{ tool: 'query_metrics', input: { query, ...scope.argument } }];
  const batches = Array.from({ length: Math.ceil(names.length / perCall) }, (_, i) =>
    names.slice(i * perCall, (i + 1) * perCall),
  );
  return batches.map((clusters) => ({ tool: 'query_metrics', input: { query, clusters } }));
}

function allNames(asked: Asked, read: Read): string[] {
  const pages = pageCalls(asked).flatMap((page) => {
    const answer = readAnswer(read(page), listClusters.output, page.tool);
    return answer.ok ? answer.value.items : [];
  });
  const [selector] = asked.scope.argument.clusters ?? [];
  const requirements = parseSelector(selector ?? '');
  return [...asked.fleet.clusters, ...pages]
    .filter((cluster) => matchesSelector(cluster, requirements))
    .map((cluster) => cluster.name);
}

interface Consumer {
  readonly metric: MetricSeries['metric'];
  readonly cluster: string;
  readonly value: number;
  readonly evidence: string;
}

function write(resource: Resource, asked: Asked, read: Read): string {
  const { question, scope, subject } = asked;
  const answers = queryCalls(resource, asked, read).map((call) => readAnswer(read(call), MetricsAnswer, call.tool));
  const good = answers.filter(
    (answer): answer is Extract<Answer<z.infer<typeof MetricsAnswer>>, { ok: true }> => answer.ok,
  );
  const failed = answers.flatMap((answer) => (answer.ok ? [] : [answer.why]));
  const [first] = good;
  if (!first) return paragraphs(...failed);
  const consumers = good
    .flatMap(({ value, reading }) => value.results.flatMap((result) => consumersOf(result, reading.evidence)))
    .sort((a, b) => (isLeast(question) ? a.value - b.value : b.value - a.value) || (nameOf(a) < nameOf(b) ? -1 : 1))
    .slice(0, question.limit);
  const what = `${groupingOf(question)}s`;
  const where = `${scope.words}${subject.words}`;
  const partial = good.flatMap(({ value, reading }) => outcomeLines(value.results, reading.evidence, 'Prometheus'));
  const asQuery = `Query: ${code(first.value.query, 400)} [${first.reading.evidence}]`;
  if (consumers.length === 0) {
    const empty = `No cAdvisor data about ${resource.noun} came back for ${where} [${first.reading.evidence}]. Check that the kubelets' \`/metrics/cadvisor\` is scraped.`;
    return paragraphs(failed, partial, empty, asQuery);
  }
  const lines = consumers.map(
    (consumer) =>
      `- ${what === 'clusters' ? '' : `${nameOf(consumer)} on `}${consumer.cluster}: **${resource.format(consumer.value)}** [${consumer.evidence}]`,
  );
  const head = `The ${what} that use the ${isLeast(question) ? 'least' : 'most'} ${resource.noun} (${resource.meaning(question.window)}) in ${where}:`;
  return paragraphs(
    failed,
    partial,
    good.flatMap(({ reading }) => shortenedLine(reading)),
    head,
    lines,
    asQuery,
  );
}

function consumersOf(result: MetricResult, evidence: string): Consumer[] {
  return result.data.flatMap(({ metric, values }) => {
    const sample = values.at(-1);
    const value = sample === undefined ? Number.NaN : Number(sample[1]);
    return Number.isNaN(value) ? [] : [{ metric, cluster: result.cluster_name, value, evidence }];
  });
}

function nameOf({ metric }: Consumer): string {
  return code([metric['namespace'], metric['pod']].filter((part) => part !== undefined).join('/') || '(no labels)');
}
