import { ErrorLogsAnswer, type LogTemplate } from '../../../../backend/model/logs.ts';
import { cite, code, outcomeLines, paragraphs, shortenedLine } from '../markdown.ts';
import type { Asked, PlannedCall, Playbook } from '../playbook.ts';
import { readAnswer } from '../read-answer.ts';
import { wordSet } from '../words.ts';

const LISTED = 8;
const DEFAULT_WINDOW = '1h';

/** "error logs of checkout in the last hour", "what do the logs say about checkout?" */
export const errorLogsPlaybook: Playbook = {
  id: 'error-logs',
  example: () => 'error logs of checkout in the last hour · what do the logs say?',
  match: ({ words }) => /\b(?:logs?|logged|log lines?|error (?:lines|messages)|stack ?traces?)\b/.test(words),
  honours: ['namespace', 'subject', 'window', 'limit'],
  vocabulary: wordSet(`
    log logs logged logging line lines error errors erroneous message messages say says said saying happening happened happen new
    exception exceptions stack trace traces stacktrace stacktraces fail failed failing failure failures pod pods container containers top
  `),
  plan: (asked) => [errorsCall(asked)],
  write(asked, read) {
    const answer = readAnswer(read(errorsCall(asked)), ErrorLogsAnswer, 'search_error_logs');
    if (!answer.ok) return answer.why;
    const { value, reading } = answer;
    const { evidence } = reading;
    const where = `${asked.scope.words}${asked.subject.words}`;
    const window = asked.question.window ?? DEFAULT_WINDOW;
    const least = value.complete && value.counts_are_exact ? '' : 'at least ';
    const head =
      value.templates_total === 0
        ? `No error line in ${where} in the last ${window} [${evidence}].`
        : `${least}${cite(value.lines, evidence)} error lines in ${where} in the last ${window}, after ${cite(value.previous_lines, evidence)} in the ${window} before, in ${cite(value.templates_total, evidence)} groups:`;
    const left = value.templates_total - Math.min(LISTED, value.templates.length);
    return paragraphs(
      outcomeLines(value.clusters, evidence, 'logs'),
      shortenedLine(reading),
      head,
      [
        ...value.templates.slice(0, LISTED).map((template) => templateLine(template, evidence)),
        ...(left > 0 ? [`- and ${cite(left, evidence)} more groups`] : []),
      ],
      value.notes.map((note) => `${code(note, 300)} [${evidence}]`),
    );
  },
};

function templateLine(one: LogTemplate, evidence: string): string {
  const { template, count, previous_count, novelty, clusters, pods, pods_total, first_seen } = one;
  const before = novelty === 'NEW' ? '' : `, ${cite(previous_count, evidence)} before`;
  const names = clusters.map(({ name }) => name).join(', ');
  const [pod] = pods;
  const of = pod === undefined ? '' : `, ${pods_total === 1 ? code(pod) : `${cite(pods_total, evidence)} pods`}`;
  const since = novelty === 'NEW' && first_seen !== undefined ? `, first at ${code(first_seen)} [${evidence}]` : '';
  return `- **${novelty}** ${cite(count, evidence)} lines${before}${names === '' ? '' : ` on ${names}`}${of}${since}: ${code(template, 200)} [${evidence}]`;
}

function errorsCall({ question, scope, subject }: Asked): PlannedCall {
  const [namespace] = subject.namespaces;
  const [workload] = subject.workloads;
  return {
    tool: 'search_error_logs',
    input: {
      ...(namespace === undefined ? {} : { namespace }),
      ...(workload === undefined ? {} : { workload }),
      start: `-${question.window ?? DEFAULT_WINDOW}`,
      ...scope.argument,
    },
  };
}
