import { LabelsAnswer } from '../../../backend/model/metrics.ts';
import type { PlannedCall, Read } from './playbook.ts';
import type { Question } from './question.ts';
import { readAnswer } from './read-answer.ts';
import type { Scope } from './scope.ts';

/** What inside of the clusters a question is about. Both empty = everything. */
export interface Subject {
  readonly namespaces: readonly string[];
  /** Names that pods carry, alone or before a `-`. */
  readonly workloads: readonly string[];
  /** For a sentence: `, namespace payments`. */
  readonly words: string;
}

/** Names that are looked up for one question. */
export const MOST_NAMES = 3;

/** Whether something in these clusters is called `name`: a namespace, or pods. */
export function lookups(name: string, scope: Scope): { namespace: PlannedCall; workload: PlannedCall } {
  const call = (label: string, match: string) => ({
    tool: 'get_metric_labels',
    input: { label, match: [match], ...scope.argument, limit: 1 },
  });
  return {
    namespace: call('namespace', `{namespace=${JSON.stringify(name)}}`),
    workload: call('pod', `{${podMatcher([name])}}`),
  };
}

/** The question's namespace, and of the names that it leaves unexplained those that the clusters know. */
export function subjectOf(question: Question, names: readonly string[], scope: Scope, read: Read): Subject {
  const found = (call: PlannedCall) => {
    const answer = readAnswer(read(call), LabelsAnswer, call.tool);
    return answer.ok && answer.value.total > 0;
  };
  const ofNamespaces = names.filter((name) => found(lookups(name, scope).namespace));
  const workloads = names.filter((name) => !ofNamespaces.includes(name) && found(lookups(name, scope).workload));
  const namespaces = [...(question.namespace === undefined ? [] : [question.namespace]), ...ofNamespaces];
  const parts = [...namespaces.map((name) => `, namespace ${name}`), ...workloads.map((name) => `, pods of ${name}`)];
  return { namespaces, workloads, words: parts.join('') };
}

/** Matchers of {@link Subject} in PromQL, to be joined by commas. */
export function matchersOf({ namespaces, workloads }: Subject): string[] {
  const [namespace] = namespaces;
  const ofNamespaces =
    namespaces.length > 1
      ? [`namespace=~${JSON.stringify(namespaces.map(escaped).join('|'))}`]
      : namespace === undefined
        ? []
        : [`namespace="${namespace}"`];
  return [...ofNamespaces, ...(workloads.length > 0 ? [podMatcher(workloads)] : [])];
}

/** True when the labels of an alert name what the question is about. */
export function isAbout(labels: Readonly<Record<string, string>>, { namespaces, workloads }: Subject): boolean {
  const ofWorkload = (name: string) =>
    WORKLOAD_LABELS.some((label) => labels[label] === name || labels[label]?.startsWith(`${name}-`) === true);
  return (
    (namespaces.length === 0 || namespaces.includes(labels['namespace'] ?? '')) &&
    (workloads.length === 0 || workloads.some(ofWorkload))
  );
}

const WORKLOAD_LABELS = ['pod', 'deployment', 'statefulset', 'daemonset', 'service', 'container', 'job_name', 'app'];

function podMatcher(names: readonly string[]): string {
  return `pod=~${JSON.stringify(`(?:${names.map(escaped).join('|')})(?:-.*)?`)}`;
}

function escaped(name: string): string {
  return name.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}
