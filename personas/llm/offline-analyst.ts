import { listClusters } from '../../tools/clusters/list-clusters.ts';
import { changePlaybook } from './analyst/playbooks/change.ts';
import { clusterListPlaybook } from './analyst/playbooks/cluster-list.ts';
import { alertsPlaybook } from './analyst/playbooks/alerts.ts';
import { diagnosePlaybook } from './analyst/playbooks/diagnose.ts';
import { errorLogsPlaybook } from './analyst/playbooks/error-logs.ts';
import { gpuPlaybook } from './analyst/playbooks/gpus.ts';
import { fleetHealthPlaybook } from './analyst/playbooks/fleet-health.ts';
import { oomKilledPlaybook } from './analyst/playbooks/oom-killed.ts';
import { ptpPlaybook, sriovPlaybook } from './analyst/playbooks/network-functions.ts';
import { promqlPlaybook } from './analyst/playbooks/promql.ts';
import { serviceGraphPlaybook, tracePlaybook, tracesPlaybook } from './analyst/playbooks/traces.ts';
import { topCpuPlaybook, topMemoryPlaybook } from './analyst/playbooks/top-consumers.ts';
import { cite, paragraphs } from './analyst/markdown.ts';
import type { Asked, FixedAnswer, Fleet, PlannedCall, Playbook, Read } from './analyst/playbook.ts';
import { type Question, understand } from './analyst/question.ts';
import { readAnswer } from './analyst/read-answer.ts';
import { scopeOf } from './analyst/scope.ts';
import { MOST_NAMES, lookups, subjectOf } from './analyst/subject.ts';
import { unreadLine, unreadOf } from './analyst/words.ts';
import { canonical } from './canonical.ts';
import type { Provider, ProviderEvent, ProviderRequest, Reading } from './provider.ts';

const OFFLINE_ANALYST = 'offline-analyst';

/** In order of precedence: the first that recognises a question answers it. */
const PLAYBOOKS: readonly (Playbook | FixedAnswer)[] = [
  promqlPlaybook,
  changePlaybook,
  tracePlaybook,
  serviceGraphPlaybook,
  tracesPlaybook,
  gpuPlaybook,
  ptpPlaybook,
  sriovPlaybook,
  oomKilledPlaybook,
  errorLogsPlaybook,
  topMemoryPlaybook,
  topCpuPlaybook,
  diagnosePlaybook,
  alertsPlaybook,
  fleetHealthPlaybook,
  clusterListPlaybook,
];

const SIGNATURE = '_Written by the offline analyst from the cited tool results; no language model was used._';

const FIRST_PAGE: PlannedCall = { tool: 'list_clusters', input: { page: 1, page_size: 50 } };

type Step = { readonly calls: readonly PlannedCall[] } | { readonly text: string };

/**
 * Answers questions that it has a playbook for, without a language model. It keeps no state: what to do next follows from
 * the question and the tool results in the request, whoever made those calls, so it can take over in mid-answer.
 */
export function createOfflineAnalyst(playbooks: readonly (Playbook | FixedAnswer)[] = PLAYBOOKS): Provider {
  async function* stream(request: ProviderRequest, signal: AbortSignal): AsyncGenerator<ProviderEvent> {
    signal.throwIfAborted();
    const step = nextStep(request, playbooks);
    if ('text' in step) {
      yield { type: 'text', text: paragraphs(step.text, SIGNATURE) };
      yield { type: 'end', reason: 'stop' };
      return;
    }
    const first = request.messages.filter((message) => message.role === 'tool').length + 1;
    const calls = step.calls.map((call, i) => ({
      id: `plan_${first + i}`,
      name: call.tool,
      arguments: JSON.stringify(call.input),
    }));
    yield { type: 'calls', calls };
    yield { type: 'end', reason: 'calls' };
  }

  return { name: OFFLINE_ANALYST, offline: true, stream };
}

function nextStep(request: ProviderRequest, playbooks: readonly (Playbook | FixedAnswer)[]): Step {
  const question = understand(request.question);
  const playbook = playbooks.find((candidate) => candidate.match(question));
  if (playbook && 'text' in playbook) return { text: playbook.text };
  const read = readerOf(request);
  const offered = new Set(request.tools.map((tool) => tool.name));

  const first = read(FIRST_PAGE);
  if (!first && (playbook ? offered.size > 0 : offered.has(FIRST_PAGE.tool))) return plannedStep([FIRST_PAGE], request);
  const page = readAnswer(first, listClusters.output, FIRST_PAGE.tool);
  if (!playbook) return { text: notUnderstood(playbooks, page.ok ? page.value.items[0]?.name : undefined) };
  if (!page.ok) return { text: page.why };
  const { items, total, total_pages } = page.value;
  if (total === 0) return { text: emptyFleet(page.reading.evidence) };
  const fleet: Fleet = {
    clusters: items,
    total,
    pages: total_pages,
    whole: items.length === total,
    evidence: page.reading.evidence,
  };
  return answerStep(playbook, question, fleet, request, read);
}

/** Narrows before it asks, and says first what it could not narrow by. */
function answerStep(playbook: Playbook, question: Question, fleet: Fleet, request: ProviderRequest, read: Read): Step {
  const scope = scopeOf(question, fleet, request.clusterContext);
  const honoured = question.phrases.filter(({ kind }) => playbook.honours.some((one) => one === kind));
  const unread = unreadOf(
    question,
    [...honoured, ...scope.phrases, ...(playbook.reads?.(question) ?? [])],
    playbook.vocabulary,
  );
  const mayLookUp = playbook.honours.includes('subject') && scope.names?.length !== 0;
  const names = mayLookUp ? unread.flatMap(({ name }) => name ?? []).slice(0, MOST_NAMES) : [];
  const mayCall = request.tools.length > 0;
  const unknown = names.flatMap((name) => Object.values(lookups(name, scope))).filter((call) => !read(call));
  if (unknown.length > 0 && request.tools.some((tool) => tool.name === unknown[0]?.tool)) return { calls: unknown };

  const subject = subjectOf(question, playbook.honours.includes('namespace') ? names : [], scope, read);
  const asked: Asked = { question, fleet, scope, subject };
  const explained = new Set([...subject.namespaces, ...subject.workloads]);
  const left = unread.filter(({ name }) => name === undefined || !explained.has(name)).map(({ text }) => text);
  const answer = (text: string): Step => ({ text: paragraphs(unreadLine(left), question.notes, text) });
  if (scope.names?.length === 0) {
    const { total, evidence } = fleet;
    return answer(`No registered cluster fits: ${cite(0, evidence)} of ${cite(total, evidence)} are ${scope.words}.`);
  }
  const planned = playbook.plan(asked, read);
  const missing = planned.filter((call) => !read(call));
  const callable = missing.filter((call) => request.tools.some((tool) => tool.name === call.tool));
  if (callable.length > 0) return { calls: callable };
  // Where a part has been looked at, the answer says what of the rest could not be.
  if (mayCall && missing.length > 0 && missing.length === planned.length) return plannedStep(missing, request);
  return answer(playbook.write(asked, read));
}

/** A persona without one of the tools cannot answer, and says which one it lacks. */
function plannedStep(calls: readonly PlannedCall[], request: ProviderRequest): Step {
  const offered = new Set(request.tools.map((tool) => tool.name));
  const lacking = [...new Set(calls.map((call) => call.tool).filter((tool) => !offered.has(tool)))];
  if (lacking.length === 0) return { calls };
  return { text: `This question needs ${lacking.join(', ')}, which this persona may not call.` };
}

function readerOf(request: ProviderRequest): Read {
  const readings = new Map<string, Reading>();
  for (const message of request.messages) {
    if (message.role === 'tool' && message.reading) readings.set(keyOf(message.reading), message.reading);
  }
  return (call) => readings.get(keyOf(call));
}

function keyOf({ tool, input }: PlannedCall): string {
  return `${tool} ${canonical(input)}`;
}

function emptyFleet(evidence: string): string {
  return `No cluster is registered yet, or none within your scope [${evidence}]. Add one: \`aiops cluster add --context <kubeconfig context>\`.`;
}

function notUnderstood(playbooks: readonly (Playbook | FixedAnswer)[], known: string | undefined): string {
  const cluster = known ?? '<cluster>';
  return paragraphs(
    'I am the offline analyst: no language model answers here, and I do not have a playbook for this question. I can answer:',
    playbooks.map((playbook) => `- ${playbook.example(cluster)}`),
    `Name clusters ("in ${cluster}", "production clusters"), a namespace ("in namespace kube-system") or a time ("in the last 30 minutes") to narrow a question.`,
  );
}
