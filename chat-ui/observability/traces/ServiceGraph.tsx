import { useMemo, useState } from 'preact/hooks';
import type { ServiceGraphAnswer } from '../../../backend/model/trace.ts';
import { PartialBanner } from '../../components/PartialBanner.tsx';
import { StateView } from '../../components/StateView.tsx';
import { Shape } from '../../components/Status.tsx';
import { type GridColumn, useMedia, VirtualGrid } from '../../components/VirtualGrid.tsx';
import { unitText } from '../../components/chart/units.ts';
import { Outcomes } from '../Outcomes.tsx';
import { Notes } from './TraceResults.tsx';
import { type TracesView, tracesUrl } from './traces-view.ts';
import { durationWords } from './waterfall.ts';

type Edge = ServiceGraphAnswer['edges'][number];
const SORTS = { requests: 'Most requests', failed: 'Most failures', slow: 'Slowest' } as const;
type Sort = keyof typeof SORTS;
/** Heights of a row in px: one line, two lines (styles/traces.css). */
const ROW_HEIGHT = { wide: 32, narrow: 60 } as const;

/** Who calls whom, how often, and how it went; each row leads to the traces of the one that is called. */
export function ServiceGraph(props: { answer: ServiceGraphAnswer; view: TracesView; onRetry: () => void }) {
  const { answer, view, onRetry } = props;
  const [sort, setSort] = useState<Sort>('requests');
  const wide = useMedia('(min-width: 900px)');
  const edges = useMemo(() => answer.edges.toSorted((a, b) => value(b, sort) - value(a, sort)), [answer, sort]);
  const urlOf = (edge: Edge) =>
    tracesUrl({ ...view, show: 'search', service: edge.server, operation: '', traceql: '' });
  return (
    <>
      {!answer.complete && (
        <PartialBanner what="Services" outcomes={answer.clusters} onRetry={onRetry} retry="Ask all again" />
      )}
      <Notes notes={answer.notes} />
      {edges.length === 0 ? (
        <StateView title="No call between services was seen in this time.">
          <p>Widen the time range, or choose other clusters.</p>
        </StateView>
      ) : (
        <>
          <div class="filter-bar">
            <p class="muted" role="status">
              {answer.source === 'METRICS'
                ? 'Counted for every request by service-graph metrics.'
                : `Seen in the ${answer.sampled_traces ?? 0} newest traces: numbers of a sample, not rates.`}{' '}
              {answer.total_edges > edges.length
                ? `${edges.length} of ${answer.total_edges} calls.`
                : `${answer.complete ? '' : '≥ '}${edges.length} calls.`}
            </p>
            <label class="choice">
              <span>Order</span>
              <select
                class="field"
                value={sort}
                onChange={(event) => {
                  const chosen = event.currentTarget.value;
                  setSort(chosen === 'failed' || chosen === 'slow' ? chosen : 'requests');
                }}
              >
                {Object.entries(SORTS).map(([key, text]) => (
                  <option key={key} value={key}>
                    {text}
                  </option>
                ))}
              </select>
            </label>
          </div>
          <VirtualGrid
            label="Calls between services"
            class="edge-grid"
            rows={edges}
            keyOf={(edge) =>
              [edge.cluster_name, edge.client, edge.server, edge.connection_type, edge.server_cluster].join(' ')
            }
            urlOf={urlOf}
            onOpen={(edge) => location.assign(urlOf(edge))}
            columns={COLUMNS}
            rowHeight={ROW_HEIGHT[wide ? 'wide' : 'narrow']}
          />
        </>
      )}
      {answer.clusters.length > 0 && <Outcomes outcomes={answer.clusters} what="" />}
    </>
  );
}

function value(edge: Edge, sort: Sort): number {
  return sort === 'requests' ? edge.requests : sort === 'failed' ? edge.failed : (edge.p95_ms ?? -1);
}

const COLUMNS: GridColumn<Edge>[] = [
  {
    id: 'name',
    header: 'Call',
    cell: (edge) => (
      <span class="foreign">
        {edge.client} → {edge.server}
        {edge.connection_type !== undefined && edge.connection_type !== '' && (
          <span class="muted"> {edge.connection_type.replaceAll('_', ' ')}</span>
        )}
      </span>
    ),
  },
  {
    id: 'clusters',
    header: 'Cluster',
    cell: (edge) => (
      <span class="foreign">
        {edge.cluster_name}
        {edge.server_cluster !== undefined && ` → ${edge.server_cluster}`}
      </span>
    ),
  },
  { id: 'requests', header: 'Requests', cell: (edge) => unitText(edge.requests, 'none') },
  {
    id: 'failed',
    header: 'Failed',
    cell: (edge) => (
      <>
        {edge.failed > 0 && <Shape tone="critical" />} {unitText(edge.failed, 'none')}
        {edge.requests > 0 && edge.failed > 0 && ` (${unitText(edge.failed / edge.requests, 'ratio')})`}
      </>
    ),
  },
  { id: 'took', header: 'p95', cell: (edge) => (edge.p95_ms === null ? '—' : durationWords(edge.p95_ms)) },
];
