import { listClusters } from '../../tools/clusters/list-clusters.ts';
import { changePlaybook } from './analyst/playbooks/change.ts';
import { clusterListPlaybook } from './analyst/playbooks/cluster-list.ts';
import { alertsPlaybook } from './analyst/playbooks/alerts.ts';
import { fleetHealthPlaybook } from './analyst/playbooks/fleet-health.ts';
import { promqlPlaybook } from './analyst/playbooks/promql.ts';
import { topCpuPlaybook, topMemoryPlaybook } from './analyst/playbooks/top-consumers.ts';
import { paragraphs } from './analyst/markdown.ts';
import type { Asked, FixedAnswer, Fleet, PlannedCall, Playbook, Read } from './analyst/playbook.ts';
import { understand } from './analyst/question.ts';
import { readAnswer } from './analyst/read-answer.ts';
import { scopeOf } from './analyst/scope.ts';
import { canonical } from './canonical.ts';
import type { Provider, ProviderEvent, ProviderRequest, Reading } from './provider.ts';

const OFFLINE_ANALYST = 'offline-analyst';

/** In order of precedence: the first that recognises a question answers it. */
const PLAYBOOKS: readonly (Playbook | FixedAnswer)[] = [
  promqlPlaybook,
  changePlaybook,
  topMemoryPlaybook,
  topCpuPlaybook,
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
  if (!playbook) return { text: notUnderstood(playbooks) };
  if ('text' in playbook) return { text: playbook.text };
  const read = readerOf(request);
  const mayCall = request.tools.length > 0;

  const first = read(FIRST_PAGE);
  if (!first && mayCall) return plannedStep([FIRST_PAGE], request);
  const page = readAnswer(first, listClusters.output, FIRST_PAGE.tool);
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
  const asked: Asked = { question, fleet, scope: scopeOf(question, fleet, request.clusterContext) };

  const missing = playbook.plan(asked, read).filter((call) => !read(call));
  if (missing.length > 0 && mayCall) return plannedStep(missing, request);
  return { text: playbook.write(asked, read) };
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

function notUnderstood(playbooks: readonly (Playbook | FixedAnswer)[]): string {
  return paragraphs(
    'I am the offline analyst: no language model answers here, and I do not have a playbook for this question. I can answer:',
    playbooks.map((playbook) => `- ${playbook.example}`),
    'Name clusters ("in edge-1", "production clusters"), a namespace ("in namespace payments") or a time ("in the last 30 minutes") to narrow a question.',
  );
}
