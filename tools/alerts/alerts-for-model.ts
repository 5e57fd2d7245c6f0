import { digestClusters } from '../../backend/collectors/metrics/series-digest.ts';
import { type Alert, type AlertsAnswer, AlertsForModel } from '../../backend/model/alert.ts';
import type { ModelView } from '../define.ts';

const SAYS_LENGTH = 300;
const LABEL_LENGTH = 120;
const SHOWN_LABELS = 12;
/** Told already, or the same for every alert of a cluster. */
const UNTOLD: ReadonlySet<string> = new Set(['alertname', 'severity', 'cluster', 'prometheus']);

/** A list of alerts as a model reads it. */
export const alertsForModel: ModelView<AlertsAnswer> = {
  output: AlertsForModel,
  view: ({ alerts, clusters, ...answer }) => {
    const shown = alerts.map(shownAlert);
    return {
      output: { ...answer, alerts: shown.map(({ alert }) => alert), clusters: digestClusters(clusters) },
      whole: shown.every(({ whole }) => whole),
    };
  },
};

function shownAlert(alert: Alert) {
  const told = Object.entries(alert.labels).filter(([name]) => !UNTOLD.has(name));
  const labels = told.slice(0, SHOWN_LABELS).map(([name, value]) => [name, shortened(value, LABEL_LENGTH)] as const);
  const { description, message, summary } = alert.annotations;
  const says = description ?? message ?? summary;
  return {
    alert: {
      fingerprint: alert.fingerprint,
      cluster: alert.cluster_name,
      alertname: alert.alertname,
      severity: alert.severity,
      state: alert.state,
      ...(alert.silenced ? { silenced: true } : {}),
      ...(alert.inhibited ? { inhibited: true } : {}),
      since: alert.starts_at,
      ...(alert.ends_at === undefined ? {} : { ends_at: alert.ends_at }),
      ...(labels.length > 0 ? { labels: Object.fromEntries(labels) } : {}),
      ...(says === undefined ? {} : { says: shortened(says, SAYS_LENGTH) }),
    },
    whole:
      told.length <= SHOWN_LABELS &&
      told.every(([, value]) => value.length <= LABEL_LENGTH) &&
      (says?.length ?? 0) <= SAYS_LENGTH,
  };
}

function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
