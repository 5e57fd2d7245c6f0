import type { Target } from './metric-model.ts';

/** Scrape and evaluation interval: short, so that an incident shows within seconds. */
const INTERVAL = '5s';

/**
 * The configuration of one Prometheus (JSON is YAML). Every target is the one exporter process; job, instance and the other
 * labels of service discovery are set as a real cluster would have them.
 */
export function prometheusConfig(request: {
  readonly targets: readonly Target[];
  /** host:port of the exporters and of the Alertmanager. */
  readonly exporters: string;
  readonly alertmanager: string;
  readonly rulesFile: string;
}): string {
  const byJob = Map.groupBy(request.targets, (target) => target.job);
  return JSON.stringify({
    global: {
      scrape_interval: INTERVAL,
      scrape_timeout: INTERVAL,
      evaluation_interval: INTERVAL,
      // Known to the Alertmanager only, never part of a query's answer: as in a real cluster.
      external_labels: { prometheus: 'monitoring/k8s' },
    },
    alerting: { alertmanagers: [{ static_configs: [{ targets: [request.alertmanager] }] }] },
    rule_files: [request.rulesFile],
    scrape_configs: [...byJob].map(([job, targets]) => ({
      job_name: job,
      honor_labels: targets.some((target) => target.honorLabels),
      static_configs: targets.map((target) => ({
        targets: [request.exporters],
        labels: { __metrics_path__: target.path, instance: target.instance, ...target.labels },
      })),
    })),
  });
}

/** Notifies nobody: alerts are read over its API. */
export function alertmanagerConfig(): string {
  return JSON.stringify({
    route: {
      receiver: 'none',
      group_by: ['alertname', 'namespace'],
      group_wait: '1s',
      group_interval: '5s',
      repeat_interval: '1h',
    },
    receivers: [{ name: 'none' }],
  });
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly severity: 'none' | 'info' | 'warning' | 'critical';
  readonly summary: string;
  readonly description: string;
}

const RULES: readonly Rule[] = [
  {
    alert: 'Watchdog',
    expr: 'vector(1)',
    severity: 'none',
    summary: 'Alerting works.',
    description: 'This alert always fires; when it is missing, the alerting chain of this cluster is broken.',
  },
  {
    alert: 'TargetDown',
    expr: 'avg_over_time(up[1m]) < 0.5',
    for: '1m',
    severity: 'warning',
    summary: 'A scrape target is down.',
    description: '{{ $labels.job }} at {{ $labels.instance }} has been down for most of the last minute.',
  },
  {
    alert: 'ContainerMemoryNearLimit',
    expr:
      // The highest of two minutes: a container that was just killed at its limit is still in trouble.
      'max by (namespace, pod, container) (max_over_time(container_memory_working_set_bytes[2m]) / max_over_time(container_spec_memory_limit_bytes[2m])) > 0.85',
    severity: 'warning',
    summary: 'A container is close to its memory limit.',
    description:
      '{{ $labels.container }} in {{ $labels.namespace }}/{{ $labels.pod }} uses {{ $value | humanizePercentage }} of its memory limit.',
  },
  {
    alert: 'ContainerOomKilled',
    expr:
      'max by (namespace, pod, container, reason) (kube_pod_container_status_last_terminated_reason{reason="OOMKilled"}) == 1' +
      ' and on (namespace, pod, container) max by (namespace, pod, container) (increase(kube_pod_container_status_restarts_total[5m])) > 0',
    severity: 'critical',
    summary: 'A container was killed because it ran out of memory.',
    description:
      '{{ $labels.container }} in {{ $labels.namespace }}/{{ $labels.pod }} was restarted in the last 5 minutes; its last termination was OOMKilled.',
  },
  {
    alert: 'HttpErrorRateHigh',
    expr: 'sum by (namespace, service) (rate(http_requests_total{code=~"5.."}[2m])) / sum by (namespace, service) (rate(http_requests_total[2m])) > 0.05',
    for: '15s',
    severity: 'critical',
    summary: 'A service answers many requests with an error.',
    description:
      '{{ $value | humanizePercentage }} of the requests to {{ $labels.service }} in {{ $labels.namespace }} failed in the last 2 minutes.',
  },
  {
    alert: 'HttpLatencyHigh',
    expr: 'histogram_quantile(0.95, sum by (namespace, service, le) (rate(http_request_duration_seconds_bucket[2m]))) > 1',
    for: '15s',
    severity: 'warning',
    summary: 'A service is slow.',
    description:
      'The 95th percentile of {{ $labels.service }} in {{ $labels.namespace }} is {{ $value | humanizeDuration }} over the last 2 minutes.',
  },
  {
    alert: 'GpuTemperatureHigh',
    expr: 'DCGM_FI_DEV_GPU_TEMP > 88',
    for: '1m',
    severity: 'warning',
    summary: 'A GPU is hot.',
    description: 'GPU {{ $labels.gpu }} of {{ $labels.Hostname }} is at {{ $value }} °C.',
  },
];

/** The alerting rules of every cluster (JSON is YAML). */
export function alertingRules(): string {
  return JSON.stringify({
    groups: [
      {
        name: 'fleet',
        rules: RULES.map(({ severity, summary, description, ...rule }) => ({
          ...rule,
          labels: { severity },
          annotations: { summary, description },
        })),
      },
    ],
  });
}
