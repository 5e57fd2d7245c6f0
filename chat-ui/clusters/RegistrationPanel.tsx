import type { Cluster } from '../../backend/model/cluster.ts';
import { Age } from '../components/Age.tsx';
import { Fact, Facts, Panel } from '../components/Facts.tsx';
import { words } from '../components/Status.tsx';
import { PLATFORM_WORDS } from './cluster-facts.ts';
import { tlsWords } from './StatusPanel.tsx';

/** What is registered, as it can be edited, and what the server keeps besides. */
export function RegistrationPanel({ cluster }: { cluster: Cluster }) {
  const labels = Object.entries(cluster.labels);
  return (
    <Panel id="registration-title" title="Registration">
      <Facts>
        <Fact name="Display name">{cluster.display_name}</Fact>
        <Fact name="Type">{words(cluster.cluster_type)}</Fact>
        <Fact name="Environment">{words(cluster.environment)}</Fact>
        <Fact name="Region">{cluster.region ?? '—'}</Fact>
        <Fact name="Platform">
          {PLATFORM_WORDS[cluster.platform]} {cluster.platform_version ?? <span class="muted">version not known</span>}
        </Fact>
        <Fact name="Labels">
          {labels.length === 0
            ? 'None'
            : labels.map(([key, value]) => (
                <span key={key} class="chip foreign">
                  {key}={value}
                </span>
              ))}
        </Fact>
        <Fact name="TLS">{tlsWords(cluster.tls)}</Fact>
        <Fact name="Commands in pods">{cluster.exec_enabled ? 'Allowed' : 'Not allowed'}</Fact>
        <Fact name="Collection">{cluster.collection_paused ? 'Paused: it is asked for its health only' : 'On'}</Fact>
        <Fact name="Comes from">{SOURCES[cluster.source]}</Fact>
        <Fact name="Registered">
          <Age at={cluster.created_at} />
        </Fact>
        <Fact name="Changed">
          <Age at={cluster.updated_at} /> <span class="muted">version {cluster.resource_version}</span>
        </Fact>
        <Fact name="Id">
          <code class="foreign">{cluster.id}</code>
        </Fact>
      </Facts>
    </Panel>
  );
}

const SOURCES = {
  MANUAL: 'Added by hand',
  KUBECONFIG: 'Imported from a kubeconfig',
  ACM: 'Kept in step with ACM',
  FILE: "Kept in step with the server's clusters file",
} as const satisfies Record<Cluster['source'], string>;
