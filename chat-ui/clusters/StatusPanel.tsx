import type { Cluster } from '../../backend/model/cluster.ts';
import { Age } from '../components/Age.tsx';
import { Fact, Facts, Panel } from '../components/Facts.tsx';
import { Shape, StatusBadge, toneOfState, type Tone, words } from '../components/Status.tsx';
import { HEALTH_FORMULA, isStale, reasonOf } from '../fleet/fleet-view.ts';
import { useServices } from '../services.ts';
import { inMaintenance } from './cluster-facts.ts';

/** How the cluster is now, and each of its endpoints. */
export function StatusPanel({ cluster }: { cluster: Cluster }) {
  const { now } = useServices();
  const { status } = cluster;
  const stale = isStale(cluster, now.value);
  return (
    <Panel
      id="status-title"
      title="Status"
      aside={
        status.checked_at === null ? (
          <span class="muted">Not checked yet</span>
        ) : (
          <span class={stale ? 'tone-warning' : 'muted'}>
            {stale ? 'Overdue, checked ' : 'Checked '}
            <Age at={status.checked_at} />
          </span>
        )
      }
    >
      <p class="status-line">
        <StatusBadge tone={toneOfState(status.state)}>{words(status.state)}</StatusBadge>
        {inMaintenance(cluster, now.value) && <span class="chip">Maintenance</span>}
        <span class="foreign">{reasonOf(cluster)}</span>
      </p>
      <Facts>
        <Fact name="Health score">
          <b>{status.health_score ?? '—'}</b> <span class="muted">of {HEALTH_FORMULA}</span>
        </Fact>
        <Fact name="Connectivity">{status.connectivity === null ? '—' : words(status.connectivity)}</Fact>
        <Fact name="Last seen">{cluster.last_seen_at === null ? 'Never' : <Age at={cluster.last_seen_at} />}</Fact>
        {cluster.maintenance_until !== null && inMaintenance(cluster, now.value) && (
          <Fact name="Maintenance until">{new Date(cluster.maintenance_until).toLocaleString()}</Fact>
        )}
      </Facts>
      <h3>Endpoints</h3>
      <ul class="endpoint-list">
        {endpointsOf(cluster).map((endpoint) => (
          <Endpoint key={endpoint.name} endpoint={endpoint} />
        ))}
      </ul>
    </Panel>
  );
}

interface EndpointFact {
  readonly name: string;
  readonly url: string;
  /** Undefined for what is never checked. */
  readonly healthy: boolean | null | undefined;
  readonly notes: readonly string[];
}

function endpointsOf(cluster: Cluster): EndpointFact[] {
  const { status, endpoints, endpoint_options: options, tls } = cluster;
  const notes = (name: keyof Cluster['endpoint_options']): string[] => {
    const option = options[name];
    return [
      ...(option?.tenant === undefined ? [] : [`tenant ${option.tenant}`]),
      ...(option?.tls === undefined ? [] : [`TLS: ${tlsWords(option.tls)}`]),
    ];
  };
  const all: (Omit<EndpointFact, 'url'> & { url: string | undefined })[] = [
    {
      name: 'API server',
      url: cluster.api_server_url,
      healthy: status.api_server_healthy,
      notes: [`TLS: ${tlsWords(tls)}`],
    },
    {
      name: 'Prometheus',
      url: endpoints.prometheus_url,
      healthy: status.prometheus_healthy,
      notes: notes('prometheus'),
    },
    {
      name: 'Metrics hub',
      url: cluster.global_metrics?.url,
      // Its health is that of the cluster's metrics where it has no Prometheus of its own.
      healthy: endpoints.prometheus_url === undefined ? status.prometheus_healthy : undefined,
      notes: [
        ...(cluster.global_metrics === null
          ? []
          : [`${cluster.global_metrics.cluster_label}=${cluster.global_metrics.cluster_value}`]),
        ...notes('global_metrics'),
      ],
    },
    {
      name: 'Alertmanager',
      url: endpoints.alertmanager_url,
      healthy: status.alertmanager_healthy,
      notes: notes('alertmanager'),
    },
    { name: 'Loki', url: endpoints.loki_url, healthy: status.loki_healthy, notes: notes('loki') },
    { name: 'Tempo', url: endpoints.tempo_url, healthy: status.tempo_healthy, notes: notes('tempo') },
    { name: 'Korrel8r', url: endpoints.korrel8r_url, healthy: undefined, notes: notes('korrel8r') },
  ];
  return all.flatMap(({ url, ...rest }) => (url === undefined ? [] : [{ ...rest, url }]));
}

/** What is trusted, in a few words. */
export function tlsWords(tls: Cluster['tls']): string {
  if (tls.insecure_skip_verify) return 'Not verified';
  const ca = tls.ca === undefined ? "System's CAs" : 'Own CA';
  return tls.server_name === undefined ? ca : `${ca}, as ${tls.server_name}`;
}

const TONES: readonly (readonly [EndpointFact['healthy'], Tone, string])[] = [
  [true, 'healthy', 'Answers'],
  [false, 'critical', 'Does not answer'],
  [null, 'unknown', 'Not checked yet'],
  [undefined, 'unknown', 'Never checked'],
];

function Endpoint({ endpoint }: { endpoint: EndpointFact }) {
  const [, tone = 'unknown', word = ''] = TONES.find(([healthy]) => healthy === endpoint.healthy) ?? [];
  return (
    <li>
      <span class="endpoint-name">{endpoint.name}</span>
      <span class="endpoint-state">
        <Shape tone={tone} />
        {word}
      </span>
      <code class="foreign">{endpoint.url}</code>
      {endpoint.notes.length > 0 && <span class="muted foreign">{endpoint.notes.join(' · ')}</span>}
    </li>
  );
}
