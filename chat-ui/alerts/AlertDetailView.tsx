import type { Alert, AlertDetail } from '../../backend/model/alert.ts';
import { clusterUrl } from '../clusters/cluster-url.ts';
import { ActionButton } from '../components/Action.tsx';
import { Age, ageText } from '../components/Age.tsx';
import { Command } from '../components/Code.tsx';
import { Fact, Facts, Panel } from '../components/Facts.tsx';
import { Icon } from '../components/Icon.tsx';
import { StatusBadge } from '../components/Status.tsx';
import { logsUrl } from '../observability/logs-link.ts';
import { metricsUrl, readMetricsView } from '../observability/metrics/metrics-view.ts';
import { readShared } from '../observability/view-url.ts';
import { useDenial } from '../permission.ts';
import { useServices } from '../services.ts';
import { SeverityBadge, StateBadge } from './AlertGrid.tsx';
import { alertUrl, isPlatforms, summaryOf } from './alerts-view.ts';
import { SilenceTable } from './SilenceTable.tsx';

/** Everything that is known of one alert. Labels, annotations and queries were written in the cluster: text and nothing else. */
export function AlertDetailView(props: { detail: AlertDetail; onSilence: () => void; onChanged: () => void }) {
  const { detail, onSilence, onChanged } = props;
  const { alert } = detail;
  const denied = useDenial('alerts:write');
  const { now } = useServices();
  const at = Date.parse(alert.starts_at);
  const logs = logsUrl(readShared({}), { cluster: alert.cluster_name, labels: alert.labels, fromMs: at, toMs: at });
  const ours = isPlatforms(alert);
  return (
    <>
      <div class="alert-head">
        <SeverityBadge alert={alert} />
        <StateBadge alert={alert} />
        {detail.active === null && <StatusBadge tone="unknown">Its cluster does not say</StatusBadge>}
        {detail.active === false && alert.state === 'FIRING' && (
          <StatusBadge tone="healthy">Not firing now</StatusBadge>
        )}
        {detail.history.flapping && <StatusBadge tone="warning">Flaps</StatusBadge>}
        <a href={clusterUrl(alert.cluster_name)}>{alert.cluster_name}</a>
        <span class="muted">
          {alert.state === 'PENDING' ? 'Pending' : 'Fired'} <Age at={alert.starts_at} />
          {alert.ends_at !== undefined && (
            <>
              , over <Age at={alert.ends_at} />
            </>
          )}
        </span>
      </div>
      <p class="foreign">{summaryOf(alert)}</p>
      {ours && (
        <p class="platform-note">
          <b>Told by AIOps NextGen itself,</b> not by the cluster: its alerting may be silent, so other alerts of it may
          be missing.
        </p>
      )}
      <div class="alert-actions">
        <a class="button primary" href={investigateUrl(alert)}>
          <Icon name="chat" />
          Investigate
        </a>
        {!ours && (
          <ActionButton denied={denied} class="button" onClick={onSilence}>
            Silence…
          </ActionButton>
        )}
        {logs !== undefined && (
          <a class="button" href={logs}>
            Logs at this time
          </a>
        )}
        {detail.rule && (
          <a
            class="button"
            href={metricsUrl({ ...readMetricsView({}), clusters: alert.cluster_name, query: detail.rule.query })}
          >
            Its metrics
          </a>
        )}
      </div>
      <div class="panels">
        <div class="panel-column">
          <Panel id="labels" title="Labels">
            <Pairs of={alert.labels} />
          </Panel>
          <Panel id="annotations" title="Annotations">
            <Pairs of={alert.annotations} />
          </Panel>
          {detail.runbook_url !== null && (
            <Panel id="runbook" title="Runbook">
              <Command>{detail.runbook_url}</Command>
              <p class="muted">
                Written in the cluster, so it is no link here: look where it leads before you open it.
              </p>
            </Panel>
          )}
        </div>
        <div class="panel-column">
          <Episodes detail={detail} nowMs={now.value} />
          <Rule detail={detail} />
          <Panel id="silences" title="Silences">
            {detail.silences.length === 0 ? (
              <p class="muted">None covers it.</p>
            ) : (
              <SilenceTable silences={detail.silences} onChanged={onChanged} />
            )}
          </Panel>
          <Elsewhere detail={detail} />
        </div>
      </div>
    </>
  );
}

/** The chat about this cluster, with a question that the person may change before it is sent. */
function investigateUrl({ alertname, cluster_name, labels, starts_at }: Alert): string {
  const where = ['namespace', 'deployment', 'pod', 'node'].flatMap((name) =>
    labels[name] === undefined ? [] : [`${name} ${labels[name]}`],
  );
  const question = `Why does the alert ${alertname} fire on ${cluster_name}${where.length > 0 ? ` (${where.join(', ')})` : ''} since ${starts_at}?`;
  return `/chat?${new URLSearchParams({ clusters: cluster_name, ask: question }).toString()}`;
}

function Pairs({ of }: { of: Readonly<Record<string, string>> }) {
  const pairs = Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1));
  if (pairs.length === 0) return <p class="muted">None.</p>;
  return (
    <Facts>
      {pairs.map(([name, value]) => (
        <Fact key={name} name={name}>
          <span class="foreign">{value}</span>
        </Fact>
      ))}
    </Facts>
  );
}

function Episodes({ detail: { history }, nowMs }: { detail: AlertDetail; nowMs: number }) {
  return (
    <Panel id="episodes" title="How often">
      <p>
        {history.episodes === 0
          ? 'The history does not hold it yet.'
          : `Fired ${history.episodes === 1 ? 'once' : `${history.episodes} times`}, as far as the history goes back.`}{' '}
        {history.mean_seconds !== null &&
          `On average for ${ageText(history.mean_seconds * 1000)}, at most ${ageText((history.max_seconds ?? 0) * 1000)}.`}
      </p>
      {history.last.length > 0 && (
        <div class="twin-scroll" tabIndex={0} role="region" aria-label="The last times it fired">
          <table class="table">
            <thead>
              <tr>
                <th scope="col">Began</th>
                <th scope="col">For</th>
                <th scope="col">State</th>
                <th scope="col">Told</th>
              </tr>
            </thead>
            <tbody>
              {history.last.map((one) => (
                <tr key={one.starts_at}>
                  <td>{new Date(one.starts_at).toLocaleString()}</td>
                  <td>
                    {ageText((one.ends_at === undefined ? nowMs : Date.parse(one.ends_at)) - Date.parse(one.starts_at))}
                  </td>
                  <td>{one.state === 'RESOLVED' ? 'Over' : 'Firing'}</td>
                  <td>{one.announced ? 'Yes' : 'No (damped or maintenance)'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

function Rule({ detail: { rule } }: { detail: AlertDetail }) {
  return (
    <Panel id="rule" title="Rule">
      {rule === null ? (
        <p class="muted">The cluster does not tell its rule.</p>
      ) : (
        <>
          <Command>{rule.query}</Command>
          <Facts>
            {rule.group !== undefined && (
              <Fact name="Group">
                <span class="foreign">{rule.group}</span>
              </Fact>
            )}
            {rule.for_seconds !== undefined && <Fact name="Has to hold for">{ageText(rule.for_seconds * 1000)}</Fact>}
            {rule.health !== undefined && (
              <Fact name="Health">
                <span class="foreign">{rule.health}</span>
              </Fact>
            )}
            {rule.last_error !== undefined && rule.last_error !== '' && (
              <Fact name="Last error">
                <span class="foreign tone-warning">{rule.last_error}</span>
              </Fact>
            )}
          </Facts>
        </>
      )}
    </Panel>
  );
}

function Elsewhere({ detail }: { detail: AlertDetail }) {
  const { inhibited_by, other_clusters, alert } = detail;
  if (inhibited_by.length === 0 && other_clusters.length === 0) return null;
  return (
    <Panel id="elsewhere" title="Related">
      <Facts>
        {inhibited_by.map((one) => (
          <Fact key={one.fingerprint} name="Inhibited by">
            <a class="foreign" href={alertUrl({ fingerprint: one.fingerprint, cluster_name: alert.cluster_name })}>
              {one.alertname ?? one.fingerprint}
            </a>
          </Fact>
        ))}
        {other_clusters.map((one) => (
          <Fact key={one.cluster_name} name={one.state === 'RESOLVED' ? 'Fired on' : 'Fires on'}>
            <a href={alertUrl({ fingerprint: alert.fingerprint, cluster_name: one.cluster_name })}>
              {one.cluster_name}
            </a>{' '}
            <span class="muted">
              <Age at={one.starts_at} />
            </span>
          </Fact>
        ))}
      </Facts>
    </Panel>
  );
}
