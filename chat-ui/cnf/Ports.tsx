import { useLocation } from 'preact-iso';
import { useState } from 'preact/hooks';
import type { DpdkPort, DpdkStatsAnswer } from '../../backend/model/cnf.ts';
import { Age } from '../components/Age.tsx';
import { Fact, Facts, Panel } from '../components/Facts.tsx';
import { TextInput } from '../components/Field.tsx';
import { StateView } from '../components/StateView.tsx';
import { StatusBadge } from '../components/Status.tsx';
import { Notes } from '../observability/traces/TraceResults.tsx';
import { Answer } from '../telemetry/Answer.tsx';
import { Findings } from '../telemetry/Findings.tsx';
import type { LiveAnswer } from '../telemetry/live-answer.ts';
import { cnfUrl, type CnfView } from './cnf-view.ts';
import { shownFindings } from './cnf-findings.ts';

/** The route that answers a view; undefined while no pod is named. */
export function portsPath({ cluster, namespace, pod }: CnfView): string | undefined {
  return cluster === '' || namespace === '' || pod === ''
    ? undefined
    : `/cnf/dpdk/stats/${[cluster, namespace, pod].map(encodeURIComponent).join('/')}`;
}

/** The packet ports of a pod that uses DPDK, counter by counter. */
export function Ports({ live, view }: { live: LiveAnswer<DpdkStatsAnswer>; view: CnfView }) {
  return (
    <>
      <PodForm key={cnfUrl(view)} view={view} />
      {live.state.status === 'idle' ? (
        <StateView title="Which pod?">
          <p>Packet counters are read from one pod at a time, because its own program is asked.</p>
        </StateView>
      ) : (
        <Answer state={live.state} what="the packet ports" title="Packet ports" onRetry={live.ask}>
          {(answer) => <PodPorts answer={answer} view={view} />}
        </Answer>
      )}
    </>
  );
}

function PodForm({ view }: { view: CnfView }) {
  const { route } = useLocation();
  const [draft, setDraft] = useState(view);
  const [tried, setTried] = useState(false);
  const field = (key: 'cluster' | 'namespace' | 'pod', label: string) => (
    <TextInput
      label={label}
      mono
      value={draft[key]}
      onValue={(value) => setDraft({ ...draft, [key]: value.trim() })}
      problem={tried && draft[key] === '' ? 'Needed to name one pod.' : undefined}
    />
  );
  return (
    <form
      class="trace-fields pod-fields"
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (portsPath(draft) !== undefined) route(cnfUrl(draft));
      }}
    >
      {field('cluster', 'Cluster')}
      {field('namespace', 'Namespace')}
      {field('pod', 'Pod')}
      <button type="submit" class="button primary">
        Read its ports
      </button>
    </form>
  );
}

function PodPorts({ answer, view }: { answer: DpdkStatsAnswer; view: CnfView }) {
  return (
    <>
      <p class="muted">
        Read {answer.source === 'EXEC' ? 'by running dpdk-telemetry in the pod' : 'from the exporter of the site'},{' '}
        <Age at={answer.at} />.{answer.version !== null && ` Program: ${answer.version}.`} Counters since each port was
        started.
      </p>
      <Notes notes={answer.notes} />
      {answer.findings.length > 0 && (
        <Findings findings={shownFindings(answer.findings, view)} total={answer.total_findings} none="" />
      )}
      {answer.ports.length === 0 ? (
        <StateView title="The program has no ports." />
      ) : (
        <div class="analysis">
          {answer.ports.map((port) => (
            <Port key={port.port} port={port} />
          ))}
        </div>
      )}
    </>
  );
}

function Port({ port: { port, link, stats, xstats, xstats_total } }: { port: DpdkPort }) {
  const more = Object.entries(xstats);
  return (
    <Panel id={`port-${port}`} title={`Port ${port}`} aside={<Link link={link} />}>
      <Facts>
        {Object.entries(stats).map(([name, value]) => (
          <Fact key={name} name={name}>
            {value}
          </Fact>
        ))}
      </Facts>
      {more.length > 0 && (
        <details class="twin">
          <summary>
            {more.length} of {xstats_total} counters of the driver
          </summary>
          <div class="twin-scroll" tabIndex={0} role="region" aria-label={`Counters of port ${port}`}>
            <table class="table">
              <tbody>
                {more.map(([name, value]) => (
                  <tr key={name}>
                    <th scope="row" class="foreign">
                      {name}
                    </th>
                    <td>{value}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </details>
      )}
    </Panel>
  );
}

function Link({ link }: Pick<DpdkPort, 'link'>) {
  if (link === null) return <StatusBadge tone="unknown">Link not told</StatusBadge>;
  const speed = link.speed_mbps === null ? '' : ` ${link.speed_mbps / 1000} Gb/s`;
  return <StatusBadge tone={link.up ? 'healthy' : 'critical'}>{link.up ? `Up${speed}` : 'Down'}</StatusBadge>;
}
