import type { GpuCluster } from '../../backend/model/gpu.ts';
import type { HeatCell, HeatRow } from '../components/heat.ts';
import { ageText } from '../components/Age.tsx';
import { type Card, readingOf, readingText, ruleWords, SCALES } from './gpu-cards.ts';
import { gpuNodeUrl, gpuUrl, type GpuView, type Measure } from './gpu-view.ts';

/**
 * Rows of the heatmap: a node each, in the order of its first card; then clusters that could not be looked at, and those that
 * were looked at and have none.
 */
export function heatRows(cards: readonly Card[], coverage: readonly GpuCluster[], view: GpuView): HeatRow[] {
  const nodes = [...Map.groupBy(cards, ({ node }) => node)].map(([node, mine]): HeatRow => {
    const measured = mine.filter(({ gpu }) => gpu !== undefined);
    const row = {
      key: `${node.cluster_id} ${node.node_name}`,
      name: node.node_name,
      place: node.stale ? `${node.cluster_name} · ${ageText(node.age_seconds * 1000)} old` : node.cluster_name,
      url: gpuNodeUrl(node.cluster_name, node.node_name, view),
    };
    if (measured.length > 0) return { ...row, cells: mine.map((card) => heatCell(card, view.measure)) };
    const why = node.not_used[0]?.why;
    return {
      ...row,
      cells: [],
      note: {
        kind: 'gap',
        text: `No exporter: ${mine.length} GPUs, not measured${why === undefined ? '' : `. ${why}`}`,
      },
    };
  });
  return [...nodes, ...clusterRows(coverage, view)];
}

/** Clusters of which there is no node to show, and why. */
function clusterRows(coverage: readonly GpuCluster[], view: GpuView): HeatRow[] {
  return coverage
    .filter(
      ({ state, nodes }) => nodes === 0 && (state === 'UNKNOWN' || state === 'NO_GPUS' || state === 'NOT_MEASURED'),
    )
    .map(({ cluster_id, cluster_name, state, gpus, why }) => ({
      key: `cluster ${cluster_id}`,
      name: cluster_name,
      place: 'cluster',
      url: gpuUrl({ ...view, clusters: cluster_name }),
      cells: [],
      note:
        state === 'NO_GPUS'
          ? { kind: 'none', text: 'No GPUs' }
          : {
              kind: 'gap',
              text: `${state === 'UNKNOWN' ? 'Not known whether it has GPUs' : `No exporter: ${gpus} GPUs, not measured`}${why === null ? '' : `. ${why}`}`,
            },
    }));
}

function heatCell(card: Card, measure: Measure): HeatCell {
  const { gpu, name, node, findings } = card;
  const reading = readingOf(gpu, measure);
  const worst = findings[0]?.severity;
  const notes = [
    reading === undefined ? 'not told' : readingText(gpu, measure),
    ...findings.slice(0, 3).map(({ code }) => ruleWords(code)),
    ...(node.stale ? [`${ageText(node.age_seconds * 1000)} old`] : []),
  ];
  return {
    name: `${name} of ${node.node_name}`,
    value:
      reading === undefined
        ? { kind: 'unknown' }
        : { kind: 'value', text: String(Math.round(reading.value)), share: reading.share },
    words: `${SCALES[measure].title.toLowerCase()} ${notes.join(', ')}`,
    mark: worst === 'CRITICAL' ? 'critical' : worst === 'WARNING' ? 'warning' : undefined,
  };
}
