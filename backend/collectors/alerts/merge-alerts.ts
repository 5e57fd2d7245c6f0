import type { Alert, Severity } from '../../model/alert.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { AlertmanagerAlert } from '../../spokes/alertmanager.ts';
import type { PrometheusAlert } from '../../spokes/prometheus.ts';
import { fingerprintOf } from './fingerprint.ts';

/** Rule evaluation and notification run on clocks of two processes. */
export const CLOCK_TOLERANCE_MS = 5_000;

/** An alert and, where Prometheus knows it, what it is called there: without external labels, since its rule became true. */
export interface MergedAlert {
  readonly alert: Alert;
  readonly rule?: { readonly fingerprint: string; readonly active_at: string };
}

/**
 * The alerts of one cluster, each once, although Prometheus and Alertmanager both know the firing ones. They meet by
 * fingerprint. External labels exist only on Alertmanager's side and change the fingerprint; then they meet where Prometheus's
 * labels are a subset of Alertmanager's and the alert did not start before its rule became true. Most specific alerts choose
 * first, and nobody is chosen twice, so `{a, b}` never loses its partner to `{a}`.
 */
export function mergeAlerts(
  cluster: Cluster,
  fromPrometheus: readonly PrometheusAlert[],
  fromAlertmanager: readonly AlertmanagerAlert[],
): MergedAlert[] {
  const unclaimed = new Map(fromAlertmanager.map((alert) => [alert.fingerprint, alert]));
  const partners = new Map<PrometheusAlert, AlertmanagerAlert>();
  const firing = fromPrometheus.filter((alert) => alert.state === 'firing');
  const claim = (alert: PrometheusAlert, partner: AlertmanagerAlert | undefined) => {
    if (!partner) return;
    partners.set(alert, partner);
    unclaimed.delete(partner.fingerprint);
  };
  for (const alert of firing) claim(alert, unclaimed.get(fingerprintOf(alert.labels)));
  const labelCount = (alert: { labels: Record<string, string> }) => Object.keys(alert.labels).length;
  for (const alert of firing.toSorted((a, b) => labelCount(b) - labelCount(a))) {
    if (partners.has(alert)) continue;
    const candidates = [...unclaimed.values()].filter((other) => couldBe(alert, other));
    claim(alert, candidates.toSorted((a, b) => labelCount(a) - labelCount(b))[0]);
  }
  return [
    ...fromPrometheus.map((alert) => ({
      alert: prometheusAlert(cluster, alert, partners.get(alert)),
      rule: { fingerprint: fingerprintOf(alert.labels), active_at: new Date(alert.activeAt).toISOString() },
    })),
    ...[...unclaimed.values()].map((alert) => ({ alert: alertmanagerAlert(cluster, alert) })),
  ];
}

function couldBe(alert: PrometheusAlert, other: AlertmanagerAlert): boolean {
  const subset = Object.entries(alert.labels).every(([name, value]) => other.labels[name] === value);
  return subset && Date.parse(other.startsAt) >= Date.parse(alert.activeAt) - CLOCK_TOLERANCE_MS;
}

/** What Alertmanager knows wins where it knows the alert: its labels and start are those that notifications carry. */
function prometheusAlert(cluster: Cluster, alert: PrometheusAlert, partner: AlertmanagerAlert | undefined): Alert {
  if (partner) return { ...alertmanagerAlert(cluster, partner), sources: ['PROMETHEUS', 'ALERTMANAGER'] };
  return {
    ...identity(cluster, fingerprintOf(alert.labels), alert.labels, alert.activeAt),
    state: alert.state === 'firing' ? 'FIRING' : 'PENDING',
    silenced: false,
    inhibited: false,
    annotations: alert.annotations,
    sources: ['PROMETHEUS'],
  };
}

function alertmanagerAlert(cluster: Cluster, alert: AlertmanagerAlert): Alert {
  return {
    ...identity(cluster, alert.fingerprint, alert.labels, alert.startsAt),
    state: 'FIRING',
    silenced: alert.silencedBy.length > 0,
    inhibited: alert.inhibitedBy.length > 0,
    annotations: alert.annotations,
    ...(alert.generatorURL === undefined || alert.generatorURL === '' ? {} : { generator_url: alert.generatorURL }),
    sources: ['ALERTMANAGER'],
  };
}

function identity(cluster: Cluster, fingerprint: string, labels: Record<string, string>, startedAt: string) {
  const starts_at = new Date(startedAt).toISOString();
  return {
    id: `${cluster.name}/${fingerprint}/${starts_at}`,
    fingerprint,
    cluster_id: cluster.id,
    cluster_name: cluster.name,
    alertname: labels['alertname'] ?? '(unnamed)',
    severity: severityOf(labels['severity']),
    labels,
    starts_at,
  };
}

const SEVERITIES: Readonly<Record<string, Severity>> = {
  critical: 'CRITICAL',
  page: 'CRITICAL',
  error: 'CRITICAL',
  emergency: 'CRITICAL',
  warning: 'WARNING',
  warn: 'WARNING',
};

/** The label `severity` has no fixed values; what is not known to be urgent is INFO (`none`, `info`, absent). */
export function severityOf(label: string | undefined): Severity {
  const key = label?.toLowerCase() ?? '';
  return Object.hasOwn(SEVERITIES, key) ? (SEVERITIES[key] ?? 'INFO') : 'INFO';
}
