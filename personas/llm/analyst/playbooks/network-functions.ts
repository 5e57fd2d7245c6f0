import { type CnfFinding, PtpStatusAnswer, SriovStatusAnswer } from '../../../../backend/model/cnf.ts';
import { cite, code, outcomeLines, paragraphs, shortenedLine } from '../markdown.ts';
import type { Asked, PlannedCall, Playbook } from '../playbook.ts';
import { readAnswer } from '../read-answer.ts';
import { wordSet } from '../words.ts';

const LISTED = 12;

/** "PTP status", "which nodes are out of sync?" */
export const ptpPlaybook: Playbook = {
  id: 'ptp',
  example: (cluster) => `PTP status of ${cluster} · which nodes are out of sync?`,
  match: ({ words }) =>
    /\b(?:ptp|linuxptp|out of sync|in sync|holdover|freerun|grandmaster|clock sync\w{0,16})\b/.test(words),
  honours: [],
  vocabulary: wordSet(`
    ptp linuxptp sync synced synchronised synchronized synchronisation synchronization out in holdover freerun grandmaster clock clocks
    time offset offsets node nodes status state locked high wrong
  `),
  plan: (asked) => [ptpCall(asked)],
  write(asked, read) {
    const answer = readAnswer(read(ptpCall(asked)), PtpStatusAnswer, 'get_ptp_status');
    if (!answer.ok) return answer.why;
    const { value, reading } = answer;
    const { evidence } = reading;
    const { LOCKED, HOLDOVER, FREERUN, UNKNOWN } = value.by_state;
    const least = value.complete ? '' : 'At least ';
    const offset =
      value.max_abs_offset_ns === null
        ? 'no offset is told'
        : `the largest offset is ${cite(value.max_abs_offset_ns, evidence)} ns`;
    const head =
      value.total === 0
        ? `No node with PTP is known in ${asked.scope.words} [${evidence}]; no metrics of linuxptp does not mean that no clock runs there.`
        : `${least}${cite(value.total, evidence)} nodes with PTP in ${asked.scope.words}: ${cite(LOCKED, evidence)} locked, ${cite(HOLDOVER, evidence)} in holdover, ${cite(FREERUN, evidence)} in freerun, ${cite(UNKNOWN, evidence)} not known; ${offset}.`;
    const wrong = value.nodes.filter(({ in_sync }) => in_sync === false);
    return paragraphs(
      outcomeLines(value.clusters, evidence, 'linuxptp'),
      shortenedLine(reading),
      head,
      wrong
        .slice(0, LISTED)
        .map(({ node, cluster, state }) => `- ${code(node)} on ${cluster}: **${state}** [${evidence}]`),
      findingLines(value, evidence),
    );
  },
};

/** "are VFs exhausted?", "SR-IOV status" */
export const sriovPlaybook: Playbook = {
  id: 'sriov',
  example: (cluster) => `are VFs exhausted? · SR-IOV status of ${cluster}`,
  match: ({ words }) => /\b(?:sr-?iov|vfs?|virtual functions?)\b/.test(words),
  honours: [],
  vocabulary: wordSet(`
    sriov sr-iov sr iov vf vfs virtual function functions exhausted free left taken allocated allocatable used use node nodes status
    drops dropping dropped packets failed sync wrong
  `),
  plan: (asked) => [sriovCall(asked)],
  write(asked, read) {
    const answer = readAnswer(read(sriovCall(asked)), SriovStatusAnswer, 'get_sriov_status');
    if (!answer.ok) return answer.why;
    const { value, reading } = answer;
    const { evidence } = reading;
    const { allocatable, requested } = value.vfs;
    const least = value.complete ? '' : 'At least ';
    const used =
      requested === null ? 'what pods ask for could not be read' : `pods ask for ${cite(requested, evidence)}`;
    const head =
      value.total === 0
        ? `No node with SR-IOV is known in ${asked.scope.words} [${evidence}].`
        : `${least}${cite(value.total, evidence)} nodes with SR-IOV in ${asked.scope.words}: ${cite(allocatable, evidence)} virtual functions are allocatable, ${used}.`;
    return paragraphs(
      outcomeLines(value.clusters, evidence, 'SR-IOV'),
      shortenedLine(reading),
      head,
      findingLines(value, evidence),
    );
  },
};

function findingLines(
  { findings, total_findings }: { readonly findings: readonly CnfFinding[]; readonly total_findings: number },
  evidence: string,
): string[] {
  if (total_findings === 0) return [`The rules find nothing wrong in what could be read [${evidence}].`];
  const left = total_findings - Math.min(LISTED, findings.length);
  return [
    `${cite(total_findings, evidence)} ${total_findings === 1 ? 'finding' : 'findings'}:`,
    ...findings
      .slice(0, LISTED)
      .map(
        ({ severity, code: rule, object, cluster, message, next_step }) =>
          `- **${severity} ${rule}** ${object.kind} ${code(object.name)} on ${cluster}: ${code(message, 300)} [${evidence}] → ${code(next_step, 300)}`,
      ),
    ...(left > 0 ? [`- and ${cite(left, evidence)} more`] : []),
  ];
}

function ptpCall({ scope }: Asked): PlannedCall {
  return { tool: 'get_ptp_status', input: { ...scope.argument } };
}

function sriovCall({ scope }: Asked): PlannedCall {
  return { tool: 'get_sriov_status', input: { ...scope.argument } };
}
