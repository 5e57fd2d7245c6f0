import type { GPUNode } from '../../backend/model/gpu.ts';
import { SEVERITIES } from '../fleet/fleet-view.ts';
import { Findings, type ShownFinding } from '../telemetry/Findings.tsx';
import type { Card } from './gpu-cards.ts';
import { gpuNodeUrl, type GpuView, isNarrowed } from './gpu-view.ts';

/** What rules found on the nodes of these cards, most severe first. */
export function GpuFindings(props: { cards: readonly Card[]; nodes: readonly GPUNode[]; view: GpuView }) {
  const { cards, nodes, view } = props;
  const shown = isNarrowed(view)
    ? [...new Set(cards.flatMap((card) => card.findings))]
    : nodes.flatMap((node) => node.findings);
  const findings = shown
    .toSorted((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity))
    .map((finding): ShownFinding => ({
      ...finding,
      subject: finding.gpu === null ? finding.node : `${finding.node} GPU ${finding.gpu}`,
      url: gpuNodeUrl(finding.cluster, finding.node, view),
    }));
  return <Findings findings={findings} total={findings.length} none="No rule found anything wrong with these GPUs." />;
}
