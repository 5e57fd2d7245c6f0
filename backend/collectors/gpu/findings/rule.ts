import type { GPU, GPUNode, GpuFinding } from '../../../model/gpu.ts';
import type { FindingSeverity } from '../../../model/workload.ts';

export type UnjudgedNode = Omit<GPUNode, 'findings'>;

/** What a rule may know besides the node. */
export interface Surroundings {
  /** Driver versions of the nodes with the same model in the cluster, and how many nodes run each. */
  readonly driversOfModel: ReadonlyMap<string, number>;
}

/** What a rule says of a card or node; the rest of the finding is where it stands. */
export interface Verdict {
  readonly severity: FindingSeverity;
  readonly code: string;
  readonly message: string;
  /** Fields of {@link GPUNode} as they were read. */
  readonly evidence: Readonly<Record<string, string | number | boolean | null>>;
  readonly next_step: string;
}

export interface CardRule {
  readonly name: string;
  readonly card: (gpu: GPU, node: UnjudgedNode) => Verdict[];
}

export interface NodeRule {
  readonly name: string;
  readonly node: (node: UnjudgedNode, surroundings: Surroundings) => Verdict[];
}

export type Rule = CardRule | NodeRule;

/** A verdict in its place. */
export function findingOf(verdict: Verdict, node: UnjudgedNode, gpu?: GPU): GpuFinding {
  const { evidence, ...said } = verdict;
  return {
    ...said,
    cluster: node.cluster_name,
    node: node.node_name,
    gpu: gpu?.index ?? null,
    uuid: gpu?.uuid ?? null,
    evidence: Object.entries(evidence).map(([path, value]) => ({ path, value: String(value) })),
  };
}
