import { GpuSummary } from '../../../../backend/model/gpu-answers.ts';
import { cite, code, outcomeLines, paragraphs, shortenedLine } from '../markdown.ts';
import type { Asked, PlannedCall, Playbook } from '../playbook.ts';
import { readAnswer } from '../read-answer.ts';
import { wordSet } from '../words.ts';

const LISTED = 12;

/** "GPU utilisation", "which GPUs are idle but allocated?", "why is the GPU slow?" */
export const gpuPlaybook: Playbook = {
  id: 'gpus',
  example: (cluster) => `GPU utilisation of ${cluster} · which GPUs are idle but allocated? · why is the GPU slow?`,
  match: ({ words }) => /\b(?:gpus?|nvidia|dcgm|xids?|nvlink)\b/.test(words),
  honours: [],
  vocabulary: wordSet(`
    gpu gpus nvidia dcgm xid xids nvlink utilisation utilization usage use used busy idle allocated but unused memory full temperature hot
    throttled throttling slow why failing failed broken error errors ecc health healthy status card cards node nodes load power wrong
  `),
  plan: (asked) => [summaryCall(asked)],
  write(asked, read) {
    const answer = readAnswer(read(summaryCall(asked)), GpuSummary, 'get_gpu_summary');
    if (!answer.ok) return answer.why;
    const { value, reading } = answer;
    const { evidence } = reading;
    const say = (number: number) => cite(number, evidence);
    const unknown =
      value.clusters_unknown === 0
        ? ''
        : ` In ${say(value.clusters_unknown)} clusters it is not known whether there are any.`;
    if (value.nodes === 0)
      return paragraphs(
        outcomeLines(value.clusters, evidence, 'GPU source'),
        `No GPUs are known in ${asked.scope.words} [${evidence}].${unknown}`,
      );
    const unmeasured = value.gpus - value.measured_gpus;
    const load =
      value.avg_utilization_percent === null
        ? 'their load is not measured'
        : `${say(value.measured_gpus)} are measured, on average ${say(value.avg_utilization_percent)} % busy`;
    return paragraphs(
      outcomeLines(value.clusters, evidence, 'GPU source'),
      shortenedLine(reading),
      `${value.complete ? '' : 'At least '}${say(value.gpus)} GPUs on ${say(value.nodes)} nodes in ${asked.scope.words}; ${load}.${unmeasured > 0 ? ` ${say(unmeasured)} are not measured, which does not mean idle.` : ''}${unknown}`,
      `${say(value.idle_allocated)} idle though allocated, ${say(value.throttled)} throttled, ${say(value.hot)} hot, ${say(value.memory_near_full)} with memory near full, ${say(value.failing)} failing.`,
      value.worst
        .slice(0, LISTED)
        .map(
          ({ severity, code: rule, cluster, node, gpu, message, next_step }) =>
            `- **${severity} ${rule}** ${code(node)}${gpu === null ? '' : ` GPU \`${gpu}\``} on ${cluster}: ${code(message, 200)} [${evidence}] → ${code(next_step, 240)}`,
        ),
    );
  },
};

function summaryCall({ scope }: Asked): PlannedCall {
  return { tool: 'get_gpu_summary', input: { ...scope.argument } };
}
