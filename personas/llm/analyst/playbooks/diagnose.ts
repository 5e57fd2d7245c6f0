import { diagnoseWorkloads } from '../../../../tools/kubernetes/diagnose-workloads.ts';
import { listEvents } from '../../../../tools/kubernetes/list-events.ts';
import { cite, code, outcomeLines, paragraphs, shortenedLine } from '../markdown.ts';
import type { Asked, PlannedCall, Playbook, Read } from '../playbook.ts';
import { readAnswer } from '../read-answer.ts';
import { wordSet } from '../words.ts';

const LISTED = 12;
const EVENTS = 8;

/** "why is checkout restarting?", "diagnose namespace shop". What the checks find is told; how it hangs together is for the reader. */
export const diagnosePlaybook: Playbook = {
  id: 'diagnose',
  example: (cluster) => `why is checkout restarting? · diagnose namespace shop · diagnose ${cluster}`,
  match: ({ words }) =>
    /\b(?:diagnos\w{1,6}|troubleshoot\w{0,3}|debug)\b/.test(words) ||
    /\bwhy\b[^?]{0,200}\b(?:restart\w{0,3}|crash\w{0,6}|pending|start\w{0,3}|running|run|schedul\w{1,4}|evict\w{1,3}|ready|stuck)\b/.test(
      words,
    ),
  honours: ['namespace', 'subject'],
  vocabulary: wordSet(`
    diagnose diagnosis diagnosing troubleshoot troubleshooting debug why restart restarts restarting restarted crash crashes
    crashing crashed crashloop crashlooping pending start starts starting started running run runs schedule scheduled scheduling evicted
    evict ready stuck not isn't doesn't won't keep keeps always pod pods workload workloads deployment service container containers
    wrong problem problems failing fails namespace
  `),
  plan: (asked) => parts(asked).flatMap((part) => [diagnosisCall(part, asked), eventsCall(part, asked)]),
  write: (asked, read) => paragraphs(...parts(asked).map((part) => writePart(part, asked, read))),
};

interface Part {
  readonly namespace?: string;
  readonly name?: string;
}

/** One question for each workload, else for each namespace, else one for everything. */
function parts({ subject: { namespaces, workloads } }: Asked): Part[] {
  const [namespace] = namespaces;
  if (workloads.length > 0)
    return workloads.map((name) => ({
      name,
      ...(namespaces.length === 1 && namespace !== undefined ? { namespace } : {}),
    }));
  return namespaces.length > 0 ? namespaces.map((one) => ({ namespace: one })) : [{}];
}

function diagnosisCall(part: Part, { scope }: Asked): PlannedCall {
  return { tool: 'diagnose_workloads', input: { ...part, ...scope.argument, limit: 50 } };
}

function eventsCall({ namespace, name }: Part, { scope }: Asked): PlannedCall {
  return {
    tool: 'list_events',
    input: {
      type: 'WARNING',
      ...(namespace === undefined ? {} : { namespace }),
      ...(name === undefined ? {} : { object: name }),
      ...scope.argument,
      limit: EVENTS,
    },
  };
}

function writePart(part: Part, asked: Asked, read: Read): string {
  return paragraphs(writeDiagnosis(part, asked, read), writeEvents(part, asked, read));
}

function writeDiagnosis(part: Part, asked: Asked, read: Read): string {
  const call = diagnosisCall(part, asked);
  const answer = readAnswer(read(call), diagnoseWorkloads.output, call.tool);
  if (!answer.ok) return answer.why;
  const { value, reading } = answer;
  const { evidence } = reading;
  const about = [
    part.name === undefined ? '' : code(part.name),
    part.namespace === undefined ? '' : `namespace ${part.namespace}`,
  ].filter((one) => one !== '');
  const where = `${about.length > 0 ? `${about.join(' in ')}, ` : ''}${asked.scope.words}`;
  const head =
    value.total === 0
      ? `The checks find nothing wrong${value.complete ? '' : ' in what could be read'}: ${where} [${evidence}].`
      : `${cite(value.total, evidence)} ${value.total === 1 ? 'finding' : 'findings'}, ${cite(value.by_severity.CRITICAL, evidence)} of them critical: ${where}.`;
  const lines = value.findings.slice(0, LISTED).map(({ severity, reason, object, cluster, message, next_step }) => {
    const name = code(object.namespace === null ? object.name : `${object.namespace}/${object.name}`);
    return `- **${severity} ${reason}** ${object.kind} ${name} on ${cluster}: ${code(message, 300)} [${evidence}] → ${next_step}`;
  });
  const more = value.total > lines.length ? [`- and ${cite(value.total - lines.length, evidence)} more`] : [];
  const unknown = value.not_checked.map(({ check, why }) => `${code(check)} (${code(why)})`);
  return paragraphs(
    outcomeLines(value.clusters, evidence, 'The API server'),
    shortenedLine(reading),
    head,
    [...lines, ...more],
    unknown.length === 0 ? '' : `Not checked everywhere: ${unknown.slice(0, 6).join(', ')} [${evidence}].`,
  );
}

function writeEvents(part: Part, asked: Asked, read: Read): string {
  const call = eventsCall(part, asked);
  const answer = readAnswer(read(call), listEvents.output, call.tool);
  if (!answer.ok) return answer.why;
  const { value, reading } = answer;
  if (value.events.length === 0) return '';
  const lines = value.events.map(
    ({ last_at, reason, object, cluster, message, count }) =>
      `- ${last_at} ${code(reason)} ${object.kind} ${code(object.name)} on ${cluster}, ${count} times: ${code(message, 200)} [${reading.evidence}]`,
  );
  return paragraphs(`Newest warnings among ${cite(value.total, reading.evidence)}:`, lines);
}
