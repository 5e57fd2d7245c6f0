import type { Alert, AlertsAnswer } from '../../backend/model/alert.ts';
import { alertsUrl, alertUrl, summaryOf } from '../alerts/alerts-view.ts';
import { Age } from '../components/Age.tsx';
import { FailureView, StateView } from '../components/StateView.tsx';
import { StatusBadge, toneOfSeverity, words } from '../components/Status.tsx';
import type { Loadable } from '../loadable.ts';
import { fleetUrl, isAudible } from './fleet-view.ts';

/** Rows drawn at most; what is left out is said. */
const MOST_ROWS = 100;

/** What fires on the clusters shown, worst first: the list behind the numbers above. */
export function FiringAlerts(props: {
  alerts: Loadable<AlertsAnswer>;
  shown: ReadonlySet<string>;
  onRetry: () => void;
}) {
  return (
    <section class="firing-alerts" id="alerts" aria-labelledby="alerts-title">
      <h2 id="alerts-title" tabIndex={-1}>
        Firing alerts
      </h2>
      <Body {...props} />
    </section>
  );
}

function Body({
  alerts,
  shown,
  onRetry,
}: {
  alerts: Loadable<AlertsAnswer>;
  shown: ReadonlySet<string>;
  onRetry: () => void;
}) {
  if (alerts.status === 'loading') return <StateView title="Loading alerts…" live />;
  if (alerts.status === 'failed') return <FailureView what="alerts" failure={alerts.failure} onRetry={onRetry} />;
  const { value } = alerts;
  const mine = value.alerts.filter((alert) => shown.has(alert.cluster_id));
  const audible = mine.filter(isAudible);
  const silent = value.clusters.filter(
    (o) => shown.has(o.cluster_id) && (o.status === 'ERROR' || o.status === 'TIMEOUT'),
  );
  if (audible.length === 0) {
    return silent.length > 0 ? (
      <StateView tone="warning" title="Nothing fires on the clusters that answered.">
        <p>{silent.map((o) => o.cluster_name).join(', ')} could not be asked.</p>
      </StateView>
    ) : (
      <StateView
        tone="healthy"
        title={mine.length > 0 ? 'Everything that fires is silenced.' : 'Nothing fires on these clusters.'}
      />
    );
  }
  return (
    <>
      <ul class="alert-list">
        {audible.slice(0, MOST_ROWS).map((alert) => (
          <AlertRow key={`${alert.cluster_id}/${alert.id}`} alert={alert} />
        ))}
      </ul>
      {audible.length > MOST_ROWS && (
        <p class="muted">
          The first {MOST_ROWS} of {audible.length}, worst first. <a href={alertsUrl()}>All alerts</a>
        </p>
      )}
      {value.alerts.length < value.total && (
        <p class="muted">
          The server listed {value.alerts.length} of {value.total} alerts; numbers are lower bounds.
        </p>
      )}
    </>
  );
}

function AlertRow({ alert }: { alert: Alert }) {
  const summary = summaryOf(alert);
  const { namespace, pod, service, deployment, node, instance } = alert.labels;
  const subject = [namespace, pod ?? deployment ?? service ?? node ?? (namespace === undefined ? instance : undefined)]
    .filter((part) => part !== undefined)
    .join('/');
  return (
    <li class="alert-row">
      <StatusBadge tone={toneOfSeverity(alert.severity)}>{words(alert.severity)}</StatusBadge>
      <span class="alert-what">
        <a class="alert-name foreign" href={alertUrl(alert)}>
          {alert.alertname}
        </a>
        {subject !== '' && <code class="foreign">{subject}</code>}
        {summary !== '' && <span class="alert-summary foreign">{summary}</span>}
      </span>
      <a class="alert-cluster" href={fleetUrl({ text: '', state: undefined, cluster: alert.cluster_name }, '#alerts')}>
        {alert.cluster_name}
      </a>
      <span class="alert-age muted">
        <Age at={alert.starts_at} suffix="" />
      </span>
    </li>
  );
}
