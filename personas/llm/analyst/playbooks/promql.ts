import { type MetricSeries, MetricsAnswer } from '../../../../backend/model/metrics.ts';
import { cite, code, outcomeLines, paragraphs, shortenedLine } from '../markdown.ts';
import type { Asked, PlannedCall, Playbook } from '../playbook.ts';
import { readAnswer } from '../read-answer.ts';
import { wordSet } from '../words.ts';

const LISTED = 20;
/** Points of a range query; enough to see a shape, few enough to read. */
const POINTS = 60;
const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** PromQL as such: in backticks or after "run". With a time window it becomes a range query. */
export const promqlPlaybook: Playbook = {
  id: 'promql',
  example: (cluster) => `run \`sum by (job) (up)\` in ${cluster} · \`up == 0\` in the last 30 minutes`,
  honours: ['window'],
  vocabulary: wordSet(
    'run query promql evaluate execute expression result results value values say says return returns equal equals',
  ),
  match: ({ promql }) => promql !== undefined,
  plan: (asked) => [queryCall(asked)],
  write(asked, read) {
    const answer = readAnswer(read(queryCall(asked)), MetricsAnswer, 'query_metrics');
    if (!answer.ok) return answer.why;
    const { value, reading } = answer;
    const series = value.results.flatMap((result) => result.data.map((one) => ({ cluster: result.cluster_name, one })));
    const partial = outcomeLines(value.results, reading.evidence, 'Prometheus');
    const query = code(value.query, 400);
    if (series.length === 0) {
      return paragraphs(
        partial,
        `${query} has no result in ${asked.scope.words} [${reading.evidence}]. The expression is valid; no series matched it at that time.`,
      );
    }
    const lines = series
      .slice(0, LISTED)
      .map(({ cluster, one }) => `- ${labelsOf(one)} on ${cluster}: ${valueOf(one, reading.evidence)}`);
    const more = series.length > LISTED ? [`- and ${cite(series.length - LISTED, reading.evidence)} more series`] : [];
    const notes = value.notes.map((note) => `Note: ${note} [${reading.evidence}]`);
    return paragraphs(
      partial,
      shortenedLine(reading),
      `${query} in ${asked.scope.words}: ${cite(series.length, reading.evidence)} series.`,
      [...lines, ...more],
      notes,
    );
  },
};

function queryCall({ question, scope }: Asked): PlannedCall {
  const { promql = '', window } = question;
  if (window === undefined) return { tool: 'query_metrics', input: { query: promql, ...scope.argument } };
  const seconds = Number.parseInt(window, 10) * (UNIT_SECONDS[window.at(-1) ?? ''] ?? 1);
  const step = `${Math.max(1, Math.ceil(seconds / POINTS))}s`;
  return { tool: 'query_metrics', input: { query: promql, ...scope.argument, start: `-${window}`, end: 'now', step } };
}

/** Labels other than the cluster, which is named beside them. */
function labelsOf({ metric }: MetricSeries): string {
  const { __name__: name = '', cluster: _, ...labels } = metric;
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
  return code(pairs.length === 0 ? name || '{}' : `${name}{${pairs.join(', ')}}`, 200);
}

/** The value as the spoke sent it; of a range the last one and its extremes. */
function valueOf({ values, histograms }: MetricSeries, evidence: string): string {
  const last = values.at(-1);
  if (!last)
    return histograms && histograms.length > 0 ? `a native histogram [${evidence}]` : `no samples [${evidence}]`;
  if (values.length === 1) return `**${last[1]}** [${evidence}]`;
  const sorted = values
    .map(([, text]) => text)
    .filter((text) => !Number.isNaN(Number(text)))
    .sort((a, b) => Number(a) - Number(b));
  const extremes =
    sorted.length === 0
      ? ''
      : `, lowest ${cite(sorted[0] ?? '', evidence)}, highest ${cite(sorted.at(-1) ?? '', evidence)}`;
  return `last **${last[1]}** [${evidence}]${extremes}`;
}
