import { useLocation, useRoute } from 'preact-iso';
import { useMemo } from 'preact/hooks';
import type { GpuNodeAnswer } from '../../backend/model/gpu-answers.ts';
import type { GPUNode } from '../../backend/model/gpu.ts';
import { Age } from '../components/Age.tsx';
import { Banner } from '../components/Banner.tsx';
import { Fact, Facts, Panel } from '../components/Facts.tsx';
import { StateView } from '../components/StateView.tsx';
import { StatusBadge, words } from '../components/Status.tsx';
import { cardsOf } from '../gpu/gpu-cards.ts';
import { useGpuUpdates, withUpdates } from '../gpu/gpu-updates.ts';
import { gpuUrl, type GpuView, readGpuView } from '../gpu/gpu-view.ts';
import { GpuCard } from '../gpu/GpuCard.tsx';
import { GpuFindings } from '../gpu/GpuFindings.tsx';
import { GpuHistory } from '../gpu/GpuHistory.tsx';
import { Answer } from '../telemetry/Answer.tsx';
import { TelemetryFrame } from '../telemetry/Frame.tsx';
import { pageState, useLiveAnswer } from '../telemetry/live-answer.ts';

const SOURCES = {
  DCGM: 'DCGM metrics',
  NVIDIA_SMI: 'nvidia-smi, run on the node',
  ALLOCATABLE: 'what the node offers to pods; nothing measures its GPUs',
} as const;

/** One node: what rules found, every card with all that is told of it, and how it went over time. */
export function GpuNodePage() {
  const { cluster = '', node = '' } = useRoute().params;
  return <OneNode key={`${cluster} ${node}`} cluster={cluster} node={node} />;
}

function OneNode({ cluster, node }: { cluster: string; node: string }) {
  const { query, url } = useLocation();
  const view = useMemo(() => readGpuView(query), [url]);
  const { state, ask } = useLiveAnswer<GpuNodeAnswer>(
    `/gpu/nodes/${encodeURIComponent(cluster)}/${encodeURIComponent(node)}`,
  );
  const gone = state.status === 'failed' && state.failure.code === 'NO_GPU_NODES' ? state.failure : undefined;
  return (
    <TelemetryFrame
      class="gpu"
      title={node}
      state={gone ? 'empty' : pageState(state, () => 1)}
      shared={view}
      urlOfClusters={undefined}
      above={
        <nav aria-label="Where this is" class="crumbs">
          <a href={gpuUrl(view)}>GPUs</a>
        </nav>
      }
      aside={
        <a class="foreign" href={`/clusters/${encodeURIComponent(cluster)}`}>
          {cluster}
        </a>
      }
    >
      {gone ? (
        <StateView title="This node has no GPUs.">
          <p>{gone.message}</p>
        </StateView>
      ) : (
        <Answer state={state} what="the node" title="The node" onRetry={ask}>
          {(answer) => <Node fetched={answer.node} cluster={cluster} view={view} />}
        </Answer>
      )}
    </TelemetryFrame>
  );
}

function Node({ fetched, cluster, view }: { fetched: GPUNode; cluster: string; view: GpuView }) {
  const updates = useGpuUpdates();
  const [node = fetched] = useMemo(() => withUpdates([fetched], updates), [fetched, updates]);
  const cards = cardsOf(node);
  return (
    <>
      {node.stale && (
        <Banner>
          <p>
            <b>
              These numbers are of <Age at={node.last_updated} />
            </b>
            ; they may no longer hold.
          </p>
        </Banner>
      )}
      <GpuHistory cluster={cluster} node={node.node_name} view={view} />
      {node.findings.length > 0 && (
        <section aria-labelledby="findings-title" class="panel-column">
          <h2 id="findings-title">Findings</h2>
          <GpuFindings cards={cards} nodes={[node]} view={{ ...view, text: '', model: '', kind: undefined }} />
        </section>
      )}
      <div class="analysis">
        <About node={node} />
        {cards.map((card) => (
          <GpuCard key={card.name} card={card} />
        ))}
      </div>
    </>
  );
}

function About({ node }: { node: GPUNode }) {
  return (
    <Panel
      id="about"
      title="The node"
      aside={node.findings.length === 0 && <StatusBadge tone="healthy">Nothing found</StatusBadge>}
    >
      <Facts>
        <Fact name="Read from">
          {SOURCES[node.source]}, <Age at={node.last_updated} />
        </Fact>
        {node.not_used.map(({ source, why }) => (
          <Fact key={source} name={`Not from ${source === 'DCGM' ? 'DCGM' : words(source)}`}>
            <span class="foreign">{why}</span>
          </Fact>
        ))}
        <Fact name="GPUs">{node.gpu_count ?? '—'}</Fact>
        <Fact name="Model">
          <span class="foreign">{node.model ?? '—'}</span>
        </Fact>
        <Fact name="Driver">
          <span class="foreign">{node.driver_version ?? '—'}</span>
        </Fact>
        <Fact name="Shared">
          {node.sharing === null ? '—' : words(node.sharing)}
          {node.replicas !== null && `, each handed out ${node.replicas} times`}
        </Fact>
        {node.allocation === null ? (
          <Fact name="Asked for by pods">—</Fact>
        ) : (
          node.allocation.map((resource) => (
            <Fact key={resource.name} name={resource.name}>
              {resource.requested ?? '—'} asked for of {resource.allocatable} offered
              {resource.allocatable < resource.capacity &&
                `; ${resource.capacity - resource.allocatable} of ${resource.capacity} are unhealthy or reserved`}
            </Fact>
          ))
        )}
        <Fact name="Pods">
          {node.pods === null
            ? '—'
            : node.pods.length === 0
              ? 'None asks for GPUs'
              : node.pods.map(({ namespace, pod }) => (
                  <span key={`${namespace} ${pod}`} class="chip foreign">
                    {namespace}/{pod}
                  </span>
                ))}
        </Fact>
      </Facts>
    </Panel>
  );
}
