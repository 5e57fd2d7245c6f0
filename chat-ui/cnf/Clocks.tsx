import { useLocation } from 'preact-iso';
import { useMemo } from 'preact/hooks';
import type { PtpStatusAnswer } from '../../backend/model/cnf.ts';
import { ageText } from '../components/Age.tsx';
import { StateView } from '../components/StateView.tsx';
import { Shape, StatusBadge, words } from '../components/Status.tsx';
import { type GridColumn, useMedia, VirtualGrid } from '../components/VirtualGrid.tsx';
import { ClockDetail } from './ClockDetail.tsx';
import { type ClockRow, clockRows, judgement, nodeKey, offsetText, PTP_STATES, toneOfPtp } from './clock-facts.ts';
import { cnfUrl, type CnfView, matchesText, partUrl } from './cnf-view.ts';
import { OffsetsChart } from './OffsetsChart.tsx';
import { PartFilters } from './PartFilters.tsx';
import { allAbsent, Sources } from './Sources.tsx';

/** Heights of a row in px: one line, four lines (styles/heat.css). */
const ROW_HEIGHT = { wide: 36, narrow: 84 } as const;

/** How well nodes keep time: every clock with its state and offset, how offsets went, and all of one node. */
export function Clocks({ answer, view }: { answer: PtpStatusAnswer; view: CnfView }) {
  const { route } = useLocation();
  const wide = useMedia('(min-width: 1024px)');
  const inState = (state: string) => answer.nodes.filter((node) => state === '' || node.state === state);
  const named = (nodes: PtpStatusAnswer['nodes']) =>
    nodes.filter((node) =>
      matchesText(view.text, [
        node.node,
        node.cluster,
        node.profile,
        ...node.clocks.flatMap((c) => [c.process, c.iface]),
      ]),
    );
  const nodes = named(inState(view.is));
  const rows = clockRows(nodes);
  const columns = useMemo(() => columnsOf(), []);
  const open = answer.nodes.find((node) => nodeKey(node) === view.node);
  const urlOf = ({ node }: ClockRow) => cnfUrl({ ...view, node: nodeKey(node) === view.node ? '' : nodeKey(node) });
  const counts = new Map(PTP_STATES.map((state) => [state, named(inState(state)).length] as const));
  if (answer.nodes.length === 0)
    return (
      <>
        <StateView title={allAbsent(answer.sources) ? 'No cluster keeps time by PTP.' : 'No clock is told of.'}>
          <p>
            {allAbsent(answer.sources)
              ? 'No linuxptp metrics and no PTP operator were found where it was asked.'
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
        label="State"
        placeholder="Node, cluster or interface"
        values={PTP_STATES}
        counts={counts}
        atLeast={!answer.complete}
        toneOf={toneOfPtp}
        summary={`${nodes.length} of ${answer.complete ? '' : '≥ '}${answer.total} nodes, ${rows.length} clocks`}
      />
      {open ? (
        <ClockDetail node={open} view={view} />
      ) : (
        <OffsetsChart view={view} title="Largest offset of each node" query={FLEET_OFFSETS} />
      )}
      {rows.length === 0 ? (
        <StateView title={`None of the ${answer.nodes.length} nodes matches these filters.`}>
          <a class="button" href={partUrl(view, 'clocks')}>
            Clear the filters
          </a>
        </StateView>
      ) : (
        <VirtualGrid
          label="Clocks, worst first"
          class="tele-grid clock-grid"
          rows={rows}
          keyOf={({ node, clock }) => `${nodeKey(node)} ${clock?.process ?? ''} ${clock?.iface ?? ''}`}
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

/** The fault value stands for no offset (wire.md §7.1); signs are left out, because the farthest is the worst. In seconds. */
const FLEET_OFFSETS = 'max by (node) (abs(openshift_ptp_offset_ns) < 999999) / 1e9';

function columnsOf(): GridColumn<ClockRow>[] {
  return [
    {
      id: 'name',
      header: 'Node',
      cell: ({ node }) => <span class="foreign">{node.node}</span>,
    },
    { id: 'state', header: 'State', cell: (row) => <ClockState row={row} /> },
    {
      id: 'offset',
      header: 'Offset',
      cell: ({ node, clock }) =>
        clock === undefined ? (
          '—'
        ) : (
          <span title={judgement(clock, node)}>
            {offsetText(clock)}{' '}
            {(clock.fault || clock.within_threshold === false) && (
              <span class="tone-critical">
                <Shape tone="critical" />
                <span class="sr-only">{judgement(clock, node)}</span>
              </span>
            )}
          </span>
        ),
    },
    { id: 'process', header: 'Process', cell: ({ clock }) => clock?.process ?? '—' },
    { id: 'iface', header: 'Interface', cell: ({ clock }) => <code class="foreign">{clock?.iface ?? '—'}</code> },
    {
      id: 'class',
      header: 'Class',
      cell: ({ node }) => <span title={node.clock_class_meaning ?? ''}>{node.clock_class ?? '—'}</span>,
    },
    {
      id: 'since',
      header: 'Unlocked for',
      cell: ({ clock }) =>
        clock === undefined || clock.state_seconds === null ? '—' : `≥ ${ageText(clock.state_seconds * 1000)}`,
    },
    { id: 'cluster', header: 'Cluster', cell: ({ node }) => <span class="foreign">{node.cluster}</span> },
  ];
}

function ClockState({ row: { node, clock } }: { row: ClockRow }) {
  if (clock?.fault === true) return <StatusBadge tone="critical">Faulty port</StatusBadge>;
  if (node.stale) return <StatusBadge tone="unknown">{`Old, was ${words(clock?.state ?? 'unknown')}`}</StatusBadge>;
  if (clock === undefined || clock.state === null) return <span class="muted">— tells none</span>;
  return <StatusBadge tone={toneOfPtp(clock.state)}>{words(clock.state)}</StatusBadge>;
}
