import { useLocation } from 'preact-iso';
import { useMemo, useState } from 'preact/hooks';
import type { GpuNodesAnswer } from '../../backend/model/gpu-answers.ts';
import { Age } from '../components/Age.tsx';
import { Heatmap, HeatLegend } from '../components/Heatmap.tsx';
import { StateView } from '../components/StateView.tsx';
import { words } from '../components/Status.tsx';
import { type Card, cardsOf, filterCards, SCALES } from '../gpu/gpu-cards.ts';
import { heatRows } from '../gpu/gpu-rows.ts';
import { useGpuUpdates, withUpdates } from '../gpu/gpu-updates.ts';
import { gpuUrl, type GpuView, isNarrowed, NO_FILTER, readGpuView, SHOWS } from '../gpu/gpu-view.ts';
import { GpuFilters } from '../gpu/GpuFilters.tsx';
import { GpuFindings } from '../gpu/GpuFindings.tsx';
import { GpuModels, GpuNumbers, GpuSources } from '../gpu/GpuNumbers.tsx';
import { GpuProcesses } from '../gpu/GpuProcesses.tsx';
import { GpuTable } from '../gpu/GpuTable.tsx';
import { clusterQuery } from '../telemetry/cluster-query.ts';
import { Answer } from '../telemetry/Answer.tsx';
import { TelemetryFrame } from '../telemetry/Frame.tsx';
import { pageState, useLiveAnswer } from '../telemetry/live-answer.ts';

/** Nodes asked for: more than any fleet of this product has with GPUs in it. */
const MOST_NODES = 2000;

/** Every GPU of the fleet, live. Filters, what it is coloured by and what is shown live in the URL. */
export function GpuPage() {
  const { query, url } = useLocation();
  const inUrl = useMemo(() => readGpuView(query), [url]);
  const [text, setText] = useState(inUrl.text);
  const view = { ...inUrl, text };
  const { state, ask } = useLiveAnswer<GpuNodesAnswer>(`/gpu/nodes?${clusterQuery(view, { limit: MOST_NODES })}`);
  const updates = useGpuUpdates();
  const answer = state.status === 'ready' ? state.value : undefined;
  const nodes = useMemo(() => answer && withUpdates(answer.nodes, updates), [answer, updates]);
  const cards = useMemo(() => nodes?.flatMap(cardsOf), [nodes]);
  const found = useMemo(() => (cards ? filterCards(cards, view) : []), [cards, text, url]);
  const atLeast = answer !== undefined && (!answer.complete || answer.total > answer.nodes.length);
  return (
    <TelemetryFrame
      class="gpu"
      title="GPUs"
      state={pageState(
        state,
        ({ nodes: all }) => all.length,
        () => (isNarrowed(view) ? found.length : 1),
      )}
      shared={view}
      urlOfClusters={(clusters) => gpuUrl({ ...view, clusters })}
      parts={SHOWS.map((show) => ({
        title: words(show),
        url: gpuUrl({ ...view, show }),
        current: show === view.show,
      }))}
      aside={
        state.status === 'ready' && (
          <span class="muted page-age">
            Updated <Age at={state.at} />
          </span>
        )
      }
    >
      <GpuNumbers cards={cards} view={view} atLeast={atLeast} />
      <GpuFilters
        view={view}
        textInUrl={inUrl.text}
        cards={cards}
        onText={setText}
        summary={cards ? `${found.length} of ${atLeast ? '≥ ' : ''}${cards.length} GPUs` : ''}
      />
      <Answer state={state} what="the GPUs" title="GPUs" onRetry={ask}>
        {(shown) => (
          <>
            <GpuSources answer={shown} />
            {shown.total > shown.nodes.length && (
              <p class="tone-warning">
                The {shown.nodes.length} nodes with the most severe findings of {shown.total} are shown.
              </p>
            )}
            <Shown answer={shown} cards={found} all={cards ?? []} view={view} />
            <GpuModels cards={cards ?? []} view={view} />
          </>
        )}
      </Answer>
    </TelemetryFrame>
  );
}

function Shown(props: { answer: GpuNodesAnswer; cards: readonly Card[]; all: readonly Card[]; view: GpuView }) {
  const { answer, cards, all, view } = props;
  const rows = useMemo(
    () => heatRows(cards, isNarrowed(view) ? [] : answer.coverage, view),
    [cards, answer, gpuUrl(view)],
  );
  if (view.show === 'processes') return <GpuProcesses view={view} />;
  if (view.show === 'findings') return <GpuFindings cards={cards} nodes={answer.nodes} view={view} />;
  if (all.length > 0 && cards.length === 0)
    return (
      <StateView title={`None of the ${all.length} GPUs matches these filters.`}>
        <a class="button" href={gpuUrl({ ...view, ...NO_FILTER })}>
          Clear the filters
        </a>
      </StateView>
    );
  if (rows.length === 0) return <NoGpus answer={answer} />;
  if (view.show === 'table') return <GpuTable cards={cards} view={view} />;
  const scale = SCALES[view.measure];
  return (
    <section class="panel-column" aria-label={`${scale.title} of each GPU`}>
      <HeatLegend {...scale} />
      <Heatmap label={`${scale.title} of GPUs, ${scale.unit}`} rowTitle="Node" cellTitle="GPU" rows={rows} />
    </section>
  );
}

function NoGpus({ answer }: { answer: GpuNodesAnswer }) {
  if (answer.clusters.length === 0)
    return (
      <StateView title="No cluster was asked.">
        <p>No cluster is in your scope, or none is registered.</p>
      </StateView>
    );
  return answer.complete ? (
    <StateView title="No GPUs.">
      <p>
        {answer.clusters_without_gpus} clusters were looked at: none of their nodes offers GPUs and no exporter reports
        any.
      </p>
    </StateView>
  ) : (
    <StateView tone="warning" title="No GPUs on the clusters that answered." />
  );
}
