import { getTopConsumers } from '../../../../tools/metrics/get-top-consumers.ts';
import { bytes, code, outcomeLines, paragraphs, shortenedLine, significant } from '../markdown.ts';
import type { Asked, PlannedCall, Playbook, Read } from '../playbook.ts';
import type { Grouping, Question } from '../question.ts';
import { readAnswer } from '../read-answer.ts';
import { wordSet } from '../words.ts';

interface Resource {
  readonly name: 'memory' | 'cpu';
  readonly noun: string;
  format(value: number): string;
}

const MEMORY: Resource = { name: 'memory', noun: 'memory', format: bytes };
const CPU: Resource = { name: 'cpu', noun: 'CPU', format: (value) => `${significant(value)} cores` };

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
    plan: (asked) => [topCall(resource, asked)],
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

/** One call for the whole fleet: each cluster ranks its own, so the answer stays short however many there are. */
function topCall(resource: Resource, { question, scope, subject }: Asked): PlannedCall {
  const { limit, window } = question;
  return {
    tool: 'get_top_consumers',
    input: {
      resource: resource.name,
      by: groupingOf(question),
      limit,
      ...(window === undefined ? {} : { window }),
      ...(isLeast(question) ? { least: true } : {}),
      ...(subject.namespaces.length > 0 ? { namespaces: subject.namespaces } : {}),
      ...(subject.workloads.length > 0 ? { workloads: subject.workloads } : {}),
      ...scope.argument,
    },
  };
}

function write(resource: Resource, asked: Asked, read: Read): string {
  const { question, scope, subject } = asked;
  const call = topCall(resource, asked);
  const answer = readAnswer(read(call), getTopConsumers.output, call.tool);
  if (!answer.ok) return answer.why;
  const { value, reading } = answer;
  const { evidence } = reading;
  const what = `${groupingOf(question)}s`;
  const where = `${scope.words}${subject.words}`;
  const partial = outcomeLines(value.clusters, evidence, 'Prometheus');
  const asQuery = `Query: ${code(value.query, 400)} [${evidence}]`;
  if (value.items.length === 0) {
    const empty = `No cAdvisor data about ${resource.noun} came back for ${where} [${evidence}]. Check that the kubelets' \`/metrics/cadvisor\` is scraped.`;
    return paragraphs(partial, empty, asQuery);
  }
  const lines = value.items.map(({ cluster, labels, value: used }) => {
    const name = code(
      [labels['namespace'], labels['pod']].filter((part) => part !== undefined).join('/') || '(no labels)',
    );
    return `- ${what === 'clusters' ? '' : `${name} on `}${cluster}: **${resource.format(used)}** [${evidence}]`;
  });
  const head = `The ${what} that use the ${isLeast(question) ? 'least' : 'most'} ${resource.noun} (${value.meaning}) in ${where}:`;
  return paragraphs(partial, shortenedLine(reading), head, lines, asQuery);
}
