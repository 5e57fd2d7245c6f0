import type { GpuFinding } from '../../../model/gpu.ts';
import type { FindingSeverity } from '../../../model/workload.ts';
import { memoryRepairs, nvlink, uncorrectedEcc, xids } from './errors.ts';
import { allocatedIdle, hot, memoryNearFull, powerThrottling, thermalThrottling } from './load.ts';
import { driverMismatch, missingCards, staleTelemetry, unhealthyDevices } from './node.ts';
import { type Rule, type Surroundings, type UnjudgedNode, findingOf } from './rule.ts';

/** Every rule, each with its source beside it. They look at what is known; a value that is null makes no finding. */
export const RULES: readonly Rule[] = [
  xids,
  uncorrectedEcc,
  memoryRepairs,
  nvlink,
  thermalThrottling,
  powerThrottling,
  hot,
  memoryNearFull,
  allocatedIdle,
  unhealthyDevices,
  missingCards,
  driverMismatch,
  staleTelemetry,
];

const RANK: Readonly<Record<FindingSeverity, number>> = { CRITICAL: 0, WARNING: 1, INFO: 2 };

/** What is wrong with one node and its cards, most severe first. Of stale numbers only their age is judged. */
export function findingsOf(node: UnjudgedNode, surroundings: Surroundings): GpuFinding[] {
  const rules = node.stale ? RULES.filter((rule) => 'node' in rule) : RULES;
  return rules
    .flatMap((rule) =>
      'node' in rule
        ? rule.node(node, surroundings).map((verdict) => findingOf(verdict, node))
        : node.gpus.flatMap((gpu) => rule.card(gpu, node).map((verdict) => findingOf(verdict, node, gpu))),
    )
    .sort(bySeverity);
}

export function bySeverity(a: GpuFinding, b: GpuFinding): number {
  const place = ({ cluster, node, gpu, code }: GpuFinding) =>
    JSON.stringify([cluster, node, String(gpu ?? '').padStart(4, '0'), code]);
  return RANK[a.severity] - RANK[b.severity] || (place(a) < place(b) ? -1 : 1);
}

/** Less is more severe; a node without findings comes last. */
export function rankOf(findings: readonly GpuFinding[]): number {
  return findings[0] ? RANK[findings[0].severity] : 3;
}
