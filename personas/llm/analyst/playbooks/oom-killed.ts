import { MetricsAnswer } from '../../../../backend/model/metrics.ts';
import { cite, code, outcomeLines, paragraphs, shortenedLine } from '../markdown.ts';
import type { Asked, PlannedCall, Playbook } from '../playbook.ts';
import { readAnswer } from '../read-answer.ts';
import { matchersOf } from '../subject.ts';
import { wordSet } from '../words.ts';

const LISTED = 20;

/** "which pods were OOM killed?" Kubernetes keeps only the reason of the last termination of a container. */
export const oomKilledPlaybook: Playbook = {
  id: 'oom-killed',
  example: () => 'which pods were OOM killed? · OOM kills in the last hour',
  match: ({ words }) => /\boom(?:[- ]?kill\w{0,4})?\b|\bout[- ]of[- ]memory\b/.test(words),
  honours: ['namespace', 'subject', 'window'],
  vocabulary: wordSet(`
    oom ooms oomkill oomkills oomkilled oom-kill oom-kills oom-killed kill kills killed killing out memory out-of-memory
    pod pods container containers restart restarts restarted got ran
  `),
  plan: (asked) => [queryCall(asked)],
  write(asked, read) {
    const answer = readAnswer(read(queryCall(asked)), MetricsAnswer, 'query_metrics');
    if (!answer.ok) return answer.why;
    const { value, reading } = answer;
    const { evidence } = reading;
    const { window } = asked.question;
    const where = `${asked.scope.words}${asked.subject.words}`;
    const during = window === undefined ? '' : ` and that restarted in the last ${window}`;
    const found = value.results
      .flatMap((result) =>
        result.data.map(({ metric, values }) => ({
          name: code(`${metric['namespace'] ?? ''}/${metric['pod'] ?? ''}`),
          container: code(metric['container'] ?? ''),
          cluster: result.cluster_name,
          restarts: Number(values.at(-1)?.[1] ?? Number.NaN),
        })),
      )
      .sort((a, b) => b.restarts - a.restarts || (a.name < b.name ? -1 : 1));
    const lines = found
      .slice(0, LISTED)
      .map(
        ({ name, container, cluster, restarts }) =>
          `- ${name}, container ${container}, on ${cluster}: **${Math.round(restarts)}** restarts [${evidence}]`,
      );
    const head =
      found.length === 0
        ? `No container whose last termination was OOMKilled${during} is known in ${where} [${evidence}].`
        : `${cite(found.length, evidence)} ${found.length === 1 ? 'container' : 'containers'} in ${where} whose last termination was OOMKilled${during}; restarts are for any reason:`;
    return paragraphs(
      outcomeLines(value.results, evidence, 'Prometheus'),
      shortenedLine(reading),
      head,
      [...lines, ...(found.length > LISTED ? [`- and ${cite(found.length - LISTED, evidence)} more`] : [])],
      found.length === 0 ? 'kube-state-metrics has to be scraped for this.' : '',
      `Query: ${code(value.query, 400)} [${evidence}]`,
    );
  },
};

function queryCall({ question, scope, subject }: Asked): PlannedCall {
  const { window } = question;
  const matchers = matchersOf(subject);
  const metric = `kube_pod_container_status_restarts_total{${matchers.join(',')}}`;
  const restarts = window === undefined ? metric : `increase(${metric}[${window}]) > 0`;
  const reason = `kube_pod_container_status_last_terminated_reason{${['reason="OOMKilled"', ...matchers].join(',')}} == 1`;
  const by = 'namespace, pod, container';
  const query = `max by (${by}) (${restarts}) and on (${by}) (${reason})`;
  return { tool: 'query_metrics', input: { query, ...scope.argument } };
}
