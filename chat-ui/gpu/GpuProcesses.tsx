import { useLocation } from 'preact-iso';
import { useMemo } from 'preact/hooks';
import type { GpuProcessesAnswer, GpuProcessRow } from '../../backend/model/gpu-answers.ts';
import { Banner } from '../components/Banner.tsx';
import { StateView } from '../components/StateView.tsx';
import { type GridColumn, useMedia, VirtualGrid } from '../components/VirtualGrid.tsx';
import { Answer } from '../telemetry/Answer.tsx';
import { clusterQuery } from '../telemetry/cluster-query.ts';
import { useLiveAnswer } from '../telemetry/live-answer.ts';
import { gib } from './GpuNumbers.tsx';
import { gpuNodeUrl, type GpuView } from './gpu-view.ts';

/** As many as one answer may hold. */
const MOST = 1000;
const ROW_HEIGHT = { wide: 36, narrow: 84 } as const;

/** What runs on GPUs, and whose it is. */
export function GpuProcesses({ view }: { view: GpuView }) {
  const { state, ask } = useLiveAnswer<GpuProcessesAnswer>(`/gpu/processes?${clusterQuery(view, { limit: MOST })}`);
  return (
    <Answer state={state} what="the processes" title="Processes" onRetry={ask}>
      {(answer) => <Rows answer={answer} view={view} />}
    </Answer>
  );
}

function Rows({ answer, view }: { answer: GpuProcessesAnswer; view: GpuView }) {
  const { route } = useLocation();
  const wide = useMedia('(min-width: 1024px)');
  const columns = useMemo(columnsOf, []);
  const words = view.text.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = answer.processes.filter((row) => words.every((word) => searchText(row).includes(word)));
  const urlOf = (row: GpuProcessRow) => gpuNodeUrl(row.cluster, row.node, view);
  return (
    <>
      {answer.not_seen.length > 0 && (
        <Banner tone="info">
          <div>
            <p>
              <b>Processes of {answer.not_seen.length} nodes cannot be seen.</b> That is not the same as none.
            </p>
            <ul class="banner-list">
              {answer.not_seen.slice(0, 5).map(({ cluster, node, why }) => (
                <li key={`${cluster} ${node}`} class="foreign">
                  <b>
                    {cluster} {node}
                  </b>{' '}
                  {why}
                </li>
              ))}
            </ul>
          </div>
        </Banner>
      )}
      {rows.length === 0 ? (
        <StateView
          title={answer.processes.length === 0 ? 'Nothing runs on these GPUs.' : 'No process matches these words.'}
        />
      ) : (
        <>
          <p class="muted" role="status">
            {rows.length} of {answer.complete ? '' : '≥ '}
            {answer.total}, most memory first.
          </p>
          <VirtualGrid
            label="Processes on GPUs"
            class="tele-grid process-grid"
            rows={rows}
            keyOf={(row) =>
              [row.cluster, row.node, row.uuid, row.gpu, row.mig_profile, row.process?.pid, row.pod?.pod].join(' ')
            }
            urlOf={urlOf}
            onOpen={(row) => route(urlOf(row))}
            columns={columns}
            rowHeight={ROW_HEIGHT[wide ? 'wide' : 'narrow']}
          />
        </>
      )}
    </>
  );
}

function searchText({ cluster, node, pod, process }: GpuProcessRow): string {
  return [cluster, node, pod?.namespace, pod?.pod, process?.process_name].join(' ').toLowerCase();
}

function columnsOf(): GridColumn<GpuProcessRow>[] {
  return [
    {
      id: 'name',
      header: 'Pod or process',
      cell: ({ pod, process }) => (
        <span class="foreign">{pod ? `${pod.namespace}/${pod.pod}` : (process?.process_name ?? 'Name not told')}</span>
      ),
    },
    {
      id: 'process',
      header: 'Process',
      cell: ({ process }) => (
        <span class="foreign">
          {process ? `${process.process_name ?? 'name not told'} (${process.pid})` : 'not seen'}
        </span>
      ),
    },
    {
      id: 'memory',
      header: 'Memory',
      cell: ({ used_memory_mb: used }) => (used === null ? '—' : `${gib(used)} GiB`),
    },
    {
      id: 'utilisation',
      header: 'GPU busy',
      cell: ({ utilization_gpu_percent: busy }) => (busy === null ? '—' : `${Math.round(busy)} %`),
    },
    {
      id: 'gpu',
      header: 'GPU',
      cell: ({ gpu, mig_profile }) => `${gpu ?? '—'}${mig_profile === null ? '' : ` (${mig_profile})`}`,
    },
    { id: 'node', header: 'Node', cell: ({ node }) => <span class="foreign">{node}</span> },
    { id: 'cluster', header: 'Cluster', cell: ({ cluster }) => <span class="foreign">{cluster}</span> },
  ];
}
