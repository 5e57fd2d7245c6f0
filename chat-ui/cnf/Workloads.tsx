import { useLocation } from 'preact-iso';
import { useMemo } from 'preact/hooks';
import type { CnfWorkload, CnfWorkloadsAnswer } from '../../backend/model/cnf.ts';
import { FilterMenu } from '../components/FilterChips.tsx';
import { StateView } from '../components/StateView.tsx';
import { StatusBadge, type Tone, words } from '../components/Status.tsx';
import { type GridColumn, useMedia, VirtualGrid } from '../components/VirtualGrid.tsx';
import { cnfUrl, type CnfView, matchesText, partUrl } from './cnf-view.ts';
import { PartFilters } from './PartFilters.tsx';
import { Sources } from './Sources.tsx';

/** Heights of a row in px: one line, four lines (styles/heat.css). */
const ROW_HEIGHT = { wide: 36, narrow: 84 } as const;

type CnfStatus = CnfWorkload['status'];

/** Worst first. */
export const CNF_STATUSES = ['DOWN', 'DEGRADED', 'READY'] as const satisfies readonly CnfStatus[];
const TONE: Readonly<Record<CnfStatus, Tone>> = { DOWN: 'critical', DEGRADED: 'warning', READY: 'healthy' };

export function toneOfStatus(status: CnfStatus): Tone {
  return TONE[status];
}

/** Network functions with their pods, networks and devices. A row leads to the functions of its nodes. */
export function Workloads({ answer, view }: { answer: CnfWorkloadsAnswer; view: CnfView }) {
  const { route } = useLocation();
  const wide = useMedia('(min-width: 1024px)');
  const columns = useMemo(columnsOf, []);
  const named = answer.workloads.filter((one) =>
    matchesText(view.text, [one.name, one.namespace, one.cluster, one.type, one.kind]),
  );
  const typed = named.filter(({ type }) => view.type === '' || type === view.type);
  const rows = typed.filter(({ status }) => view.is === '' || status === view.is);
  const types = Map.groupBy(named, ({ type }) => type);
  const urlOf = ({ cluster, namespace }: CnfWorkload) => partUrl(view, 'ports', { cluster, namespace });
  if (answer.workloads.length === 0)
    return (
      <>
        <StateView title="No network function was found.">
          <p>They are found by the names of namespaces (du-, cu-, upf-, …), by labels and by custom resources.</p>
        </StateView>
        <Sources sources={answer.sources} />
      </>
    );
  return (
    <>
      <PartFilters
        view={view}
        label="Status"
        placeholder="Name, namespace or cluster"
        values={CNF_STATUSES}
        counts={new Map(CNF_STATUSES.map((s) => [s, typed.filter(({ status }) => status === s).length]))}
        atLeast={!answer.complete}
        toneOf={toneOfStatus}
        summary={`${rows.length} of ${answer.complete ? '' : '≥ '}${answer.total} workloads`}
      />
      <FilterMenu
        label="Type"
        chosen={view.type === '' ? [] : [view.type]}
        counts={new Map([...types].map(([type, all]) => [type, all.length]))}
        urlOf={(type) => cnfUrl({ ...view, type: type === view.type ? '' : type })}
      />
      {rows.length === 0 ? (
        <StateView title={`None of the ${answer.workloads.length} workloads matches these filters.`}>
          <a class="button" href={partUrl(view, 'workloads')}>
            Clear the filters
          </a>
        </StateView>
      ) : (
        <VirtualGrid
          label="Network functions"
          class="tele-grid cnf-grid"
          rows={rows}
          keyOf={({ cluster, namespace, kind, name }) => `${cluster} ${namespace} ${kind} ${name}`}
          urlOf={urlOf}
          onOpen={(row) => route(urlOf(row))}
          columns={columns}
          rowHeight={ROW_HEIGHT[wide ? 'wide' : 'narrow']}
        />
      )}
      <Sources sources={answer.sources} />
    </>
  );
}

function columnsOf(): GridColumn<CnfWorkload>[] {
  return [
    {
      id: 'name',
      header: 'Workload',
      cell: ({ namespace, name }) => (
        <span class="foreign">
          {namespace}/{name}
        </span>
      ),
    },
    {
      id: 'state',
      header: 'Status',
      cell: ({ status }) => <StatusBadge tone={TONE[status]}>{words(status)}</StatusBadge>,
    },
    {
      id: 'pods',
      header: 'Pods ready',
      cell: ({ ready_pods, desired_pods, pods }) => `${ready_pods} of ${desired_pods ?? pods}`,
    },
    { id: 'type', header: 'Type', cell: ({ type }) => type },
    { id: 'kind', header: 'Kind', cell: ({ kind }) => <span class="foreign">{kind}</span> },
    { id: 'restarts', header: 'Restarts', cell: ({ restarts }) => restarts },
    {
      id: 'networks',
      header: 'Networks',
      cell: ({ networks }) => <span class="foreign">{networks.map(({ name }) => name).join(', ') || '—'}</span>,
    },
    { id: 'cluster', header: 'Cluster', cell: ({ cluster }) => <span class="foreign">{cluster}</span> },
  ];
}
