import type { PtpNode } from '../../backend/model/cnf.ts';
import { Age, ageText } from '../components/Age.tsx';
import { Fact, Facts, Panel } from '../components/Facts.tsx';
import { Shape, StatusBadge, words } from '../components/Status.tsx';
import { judgement, nanoseconds, nodeKey, offsetText, toneOfPtp } from './clock-facts.ts';
import { cnfUrl, type CnfView } from './cnf-view.ts';
import { OffsetsChart } from './OffsetsChart.tsx';

const THRESHOLD_SOURCES = {
  METRIC: 'told by the event proxy',
  PTP_CONFIG: 'from PtpConfig',
  DEFAULT: 'the default, because nothing tells others',
} as const;

/** Everything that is told of the clocks of one node, and how their offsets went. */
export function ClockDetail({ node, view }: { node: PtpNode; view: CnfView }) {
  const { thresholds } = node;
  const name = JSON.stringify(node.node);
  return (
    <>
      <OffsetsChart
        view={view}
        title={`Offsets of ${node.node}`}
        cluster={node.cluster}
        query={`(openshift_ptp_offset_ns{node=${name}} < 999999 > -999999) / 1e9`}
        levels={[
          { label: 'highest allowed', value: thresholds.max_offset_ns / 1e9 },
          { label: 'lowest allowed', value: thresholds.min_offset_ns / 1e9 },
        ]}
      />
      <Panel
        id="clock-node"
        title={node.node}
        aside={
          <>
            <StatusBadge tone={toneOfPtp(node.state)}>{words(node.state)}</StatusBadge>
            <a href={cnfUrl({ ...view, node: '' })}>Close</a>
          </>
        }
      >
        <Facts>
          <Fact name="Cluster">
            <span class="foreign">{nodeKey(node)}</span>
          </Fact>
          <Fact name="Measured">
            {node.at === null ? 'never' : <Age at={node.at} />}
            {node.stale && ', too old to be called the state of now'}
          </Fact>
          <Fact name="Clock">
            {node.clock_type === 'UNKNOWN' ? '— type not told' : node.clock_type}, class {node.clock_class ?? '—'}
            {node.clock_class_meaning !== null && ` (${node.clock_class_meaning})`}
          </Fact>
          <Fact name="Time comes from">
            <span class="foreign">{node.path.length === 0 ? '—' : node.path.join(' → ')}</span>
          </Fact>
          <Fact name="Profile">
            <span class="foreign">{node.profile ?? '—'}</span>
          </Fact>
          <Fact name="Allowed">
            {nanoseconds(thresholds.min_offset_ns)} to {nanoseconds(thresholds.max_offset_ns)}, holdover{' '}
            {thresholds.holdover_seconds} s; {THRESHOLD_SOURCES[thresholds.source]}
          </Fact>
        </Facts>
        <div class="twin-scroll" tabIndex={0} role="region" aria-label={`Clocks of ${node.node}`}>
          <table class="table">
            <thead>
              <tr>
                {['Process', 'Interface', 'State', 'Offset', 'Against', 'Judged', 'Largest', 'Delay'].map((title) => (
                  <th key={title} scope="col">
                    {title}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {node.clocks.map((clock) => (
                <tr key={`${clock.process} ${clock.iface}`}>
                  <th scope="row">{clock.process}</th>
                  <td class="foreign">{clock.iface}</td>
                  <td>
                    {clock.state === null ? '—' : words(clock.state)}
                    {clock.state_seconds !== null && ` for ≥ ${ageText(clock.state_seconds * 1000)}`}
                  </td>
                  <td>{offsetText(clock)}</td>
                  <td>{clock.offset_from ?? '—'}</td>
                  <td>{judgement(clock, node) || '—'}</td>
                  <td>{clock.max_offset_ns === null ? '—' : nanoseconds(clock.max_offset_ns)}</td>
                  <td>{clock.delay_ns === null ? '—' : nanoseconds(clock.delay_ns)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <Facts>
          <Fact name="Ports">
            {node.ports.length === 0
              ? '—'
              : node.ports.map(({ process, iface, role }) => (
                  <span key={`${process} ${iface}`} class="chip foreign">
                    {iface} {words(role)} ({process})
                  </span>
                ))}
          </Fact>
          <Fact name="Processes">
            {node.processes.length === 0
              ? '—'
              : node.processes.map(({ process, config, up, restarts }) => (
                  <span key={`${process} ${config}`} class="chip foreign">
                    {process} {up === null ? 'not told' : up ? 'up' : 'down'}
                    {restarts !== null && restarts > 0 && `, ${restarts} restarts`}
                  </span>
                ))}
          </Fact>
          {node.signals.length > 0 && (
            <Fact name="Signals">
              {node.signals.map(({ name: signal, iface, value, good }) => (
                <span key={`${signal} ${iface}`} class="chip foreign">
                  {good !== null && <Shape tone={good ? 'healthy' : 'critical'} />} {signal} {iface}: {value}
                </span>
              ))}
            </Fact>
          )}
        </Facts>
      </Panel>
    </>
  );
}
