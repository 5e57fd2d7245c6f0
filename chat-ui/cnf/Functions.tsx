import { useLocation } from 'preact-iso';
import { useMemo } from 'preact/hooks';
import type { SriovNode, SriovResource, SriovStatusAnswer } from '../../backend/model/cnf.ts';
import { unitText } from '../components/chart/units.ts';
import { StateView } from '../components/StateView.tsx';
import { StatusBadge, type Tone } from '../components/Status.tsx';
import { type GridColumn, useMedia, VirtualGrid } from '../components/VirtualGrid.tsx';
import { nodeKey } from './clock-facts.ts';
import { cnfUrl, type CnfView, matchesText, partUrl } from './cnf-view.ts';
import { FunctionDetail, PolicyTable } from './FunctionDetail.tsx';
import { PartFilters } from './PartFilters.tsx';
import { allAbsent, Sources } from './Sources.tsx';

/** Heights of a row in px: one line, four lines (styles/heat.css). */
const ROW_HEIGHT = { wide: 36, narrow: 84 } as const;

const SYNC = ['Failed', 'InProgress', 'Unknown', 'Succeeded'] as const;
type Sync = (typeof SYNC)[number];
const SYNC_TONE: Readonly<Record<Sync, Tone>> = {
  Failed: 'critical',
  InProgress: 'info',
  Unknown: 'unknown',
  Succeeded: 'healthy',
};

function syncOf({ sync_status }: SriovNode): Sync {
  return SYNC.find((status) => status === sync_status) ?? 'Unknown';
}

interface Row {
  readonly node: SriovNode;
  /** Undefined = the node offers none. */
  readonly resource: SriovResource | undefined;
}

/** Virtual functions: what nodes offer, what pods took of it, and whether the operator could set them up. */
export function Functions({ answer, view }: { answer: SriovStatusAnswer; view: CnfView }) {
  const { route } = useLocation();
  const wide = useMedia('(min-width: 1024px)');
  const columns = useMemo(columnsOf, []);
  const named = answer.nodes.filter((node) =>
    matchesText(view.text, [node.node, node.cluster, ...node.resources.map(({ name }) => name)]),
  );
  const nodes = named.filter((node) => view.is === '' || syncOf(node).toUpperCase() === view.is);
  const rows = nodes.flatMap((node): Row[] =>
    node.resources.length === 0
      ? [{ node, resource: undefined }]
      : node.resources.map((resource) => ({ node, resource })),
  );
  const open = answer.nodes.find((node) => nodeKey(node) === view.node);
  const urlOf = ({ node }: Row) => cnfUrl({ ...view, node: nodeKey(node) === view.node ? '' : nodeKey(node) });
  if (answer.nodes.length === 0)
    return (
      <>
        <StateView title={allAbsent(answer.sources) ? 'No cluster has SR-IOV.' : 'No virtual function is told of.'}>
          <p>
            {allAbsent(answer.sources)
              ? 'Neither the SR-IOV operator nor its exporter was found where it was asked.'
              : 'The sources below say what was asked and what came back.'}
          </p>
        </StateView>
        <Sources sources={answer.sources} />
      </>
    );
  return (
    <>
      <PartFilters
        view={view}
        label="Sync status"
        placeholder="Node, cluster or resource"
        values={SYNC}
        counts={new Map(SYNC.map((sync) => [sync, named.filter((node) => syncOf(node) === sync).length]))}
        atLeast={!answer.complete}
        toneOf={(sync) => SYNC_TONE[sync]}
        summary={`${nodes.length} of ${answer.complete ? '' : '≥ '}${answer.total} nodes`}
      />
      {open && <FunctionDetail node={open} view={view} />}
      {rows.length === 0 ? (
        <StateView title={`None of the ${answer.nodes.length} nodes matches these filters.`}>
          <a class="button" href={partUrl(view, 'functions')}>
            Clear the filters
          </a>
        </StateView>
      ) : (
        <VirtualGrid
          label="Virtual functions of each node"
          class="tele-grid vf-grid"
          rows={rows}
          keyOf={({ node, resource }) => `${nodeKey(node)} ${resource?.name ?? ''}`}
          urlOf={urlOf}
          onOpen={(row) => route(urlOf(row))}
          columns={columns}
          rowHeight={ROW_HEIGHT[wide ? 'wide' : 'narrow']}
        />
      )}
      <PolicyTable policies={answer.policies} />
      <Sources sources={answer.sources} />
    </>
  );
}

function columnsOf(): GridColumn<Row>[] {
  return [
    { id: 'name', header: 'Node', cell: ({ node }) => <span class="foreign">{node.node}</span> },
    {
      id: 'state',
      header: 'Sync',
      cell: ({ node }) => <StatusBadge tone={SYNC_TONE[syncOf(node)]}>{node.sync_status ?? 'Not told'}</StatusBadge>,
    },
    {
      id: 'resource',
      header: 'Resource',
      cell: ({ resource }) => <code class="foreign">{resource?.name ?? 'none offered'}</code>,
    },
    { id: 'used', header: 'Taken', cell: ({ resource }) => (resource ? <Taken resource={resource} /> : '—') },
    { id: 'free', header: 'Free', cell: ({ resource }) => resource?.free ?? '—' },
    {
      id: 'made',
      header: 'Made of possible',
      cell: ({ node }) => {
        const sum = (key: 'num_vfs' | 'total_vfs') => node.interfaces.reduce((total, one) => total + one[key], 0);
        return node.interfaces.length === 0 ? '—' : `${sum('num_vfs')} of ${sum('total_vfs')}`;
      },
    },
    { id: 'drops', header: 'Drops', cell: ({ node }) => dropsText(node) },
    { id: 'cluster', header: 'Cluster', cell: ({ node }) => <span class="foreign">{node.cluster}</span> },
  ];
}

function Taken({ resource: { requested, allocatable } }: { resource: SriovResource }) {
  if (requested === null) return <span class="muted">— of {allocatable}</span>;
  const share = allocatable === 0 ? 1 : Math.min(1, requested / allocatable);
  return (
    <>
      <span class="took-track" aria-hidden="true">
        <span class="took-bar" style={{ width: `${share * 100}%` }} />
      </span>
      <span class="took-text">
        {requested} of {allocatable}
      </span>
    </>
  );
}

function dropsText({ vfs }: SriovNode): string {
  const told = vfs.flatMap(({ per_second }) => per_second?.rx_dropped ?? []);
  return told.length === 0
    ? '—'
    : unitText(
        told.reduce((sum, value) => sum + value, 0),
        'per second',
      );
}
