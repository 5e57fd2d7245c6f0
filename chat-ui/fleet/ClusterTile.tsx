import type { ListedCluster } from '../../backend/model/cluster.ts';
import { Age } from '../components/Age.tsx';
import { Icon } from '../components/Icon.tsx';
import { Shape, StatusBadge, toneOfState, type Tone, words } from '../components/Status.tsx';
import { useServices } from '../services.ts';
import { clusterUrl } from '../clusters/cluster-url.ts';
import { FiringNumbers } from './FiringNumbers.tsx';
import { type FiringCount, HEALTH_FORMULA, isStale, reasonOf } from './fleet-view.ts';

/** One cluster: state, why, score, what kind it is, which endpoints answer, what fires, and how old all this is. */
export function ClusterTile({ cluster, firing }: { cluster: ListedCluster; firing: FiringCount | undefined }) {
  const { status } = cluster;
  const tone = toneOfState(status.state);
  const place = [words(cluster.cluster_type), words(cluster.environment), cluster.region].filter(Boolean).join(' · ');
  return (
    <li class={`tile edge-${tone}`} data-cluster={cluster.name} data-cluster-state={status.state}>
      <div class="tile-top">
        <StatusBadge tone={tone}>{words(status.state)}</StatusBadge>
        <span class="score" title={HEALTH_FORMULA}>
          <span class="sr-only">Health </span>
          <b>{status.health_score ?? '—'}</b>
          <span class="muted">/100</span>
        </span>
      </div>
      <h3 class="tile-name">
        <a href={clusterUrl(cluster.name)}>{cluster.name}</a>
      </h3>
      <p class="tile-place">{place}</p>
      <p class="tile-reason foreign" title={reasonOf(cluster)}>
        {reasonOf(cluster)}
      </p>
      <Endpoints cluster={cluster} />
      <div class="tile-alerts">
        <FiringNumbers count={firing} cluster={cluster.name} />
        <Telemetry cluster={cluster} />
      </div>
      <div class="tile-foot">
        <Checked cluster={cluster} />
        <a class="tile-ask" href={`/chat?clusters=${encodeURIComponent(cluster.name)}`}>
          <Icon name="chat" />
          Ask<span class="sr-only"> about {cluster.name}</span>
        </a>
      </div>
    </li>
  );
}

/** The way to what stands on special hardware, where discovery found any. */
function Telemetry({ cluster: { name, capabilities } }: { cluster: ListedCluster }) {
  const clusters = encodeURIComponent(name);
  const gpus = capabilities?.gpu_count ?? 0;
  return (
    <>
      {capabilities?.has_gpu_nodes === true && (
        <a class="tile-ask" href={`/gpu?clusters=${clusters}`}>
          {gpus > 0 && `${gpus} `}GPUs<span class="sr-only"> of {name}</span>
        </a>
      )}
      {(capabilities?.has_cnf_workloads === true ||
        capabilities?.has_ptp === true ||
        capabilities?.has_sriov === true) && (
        <a class="tile-ask" href={`/cnf?clusters=${clusters}`}>
          Network functions<span class="sr-only"> of {name}</span>
        </a>
      )}
    </>
  );
}

function Checked({ cluster }: { cluster: ListedCluster }) {
  const { now } = useServices();
  const at = cluster.status.checked_at;
  if (at === null) return <span class="muted">Not checked yet</span>;
  const stale = isStale(cluster, now.value);
  return (
    <span class={stale ? 'stale tone-warning' : 'muted'}>
      {stale && <Shape tone="warning" />}
      <span>
        {stale ? 'Overdue, checked ' : 'Checked '}
        <Age at={at} />
      </span>
    </span>
  );
}

function Endpoints({ cluster: { status, endpoints, global_metrics } }: { cluster: ListedCluster }) {
  const checks: [string, boolean | null][] = [['API', status.api_server_healthy]];
  if (endpoints.prometheus_url !== undefined || global_metrics !== null)
    checks.push(['Prometheus', status.prometheus_healthy]);
  if (endpoints.alertmanager_url !== undefined) checks.push(['Alertmanager', status.alertmanager_healthy]);
  if (endpoints.tempo_url !== undefined) checks.push(['Tempo', status.tempo_healthy]);
  if (endpoints.loki_url !== undefined) checks.push(['Loki', status.loki_healthy]);
  return (
    <ul class="endpoints">
      {checks.map(([name, healthy]) => (
        <li key={name} class={healthy === false ? 'endpoint down' : 'endpoint'}>
          <Shape tone={endpointTone(healthy)} />
          {name}
          <span class="sr-only">{healthy === null ? ' not checked' : healthy ? ' answers' : ' does not answer'}</span>
        </li>
      ))}
    </ul>
  );
}

function endpointTone(healthy: boolean | null): Tone {
  if (healthy === null) return 'unknown';
  return healthy ? 'healthy' : 'critical';
}
