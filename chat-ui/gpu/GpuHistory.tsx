import { useMemo } from 'preact/hooks';
import type { GpuHistoryAnswer, GpuHistoryMeasure } from '../../backend/model/gpu-answers.ts';
import type { ChartLine } from '../components/chart/chart-data.ts';
import { TimeSeriesChart } from '../components/chart/TimeSeriesChart.tsx';
import type { Unit } from '../components/chart/units.ts';
import { Panel } from '../components/Facts.tsx';
import { StateView } from '../components/StateView.tsx';
import { words } from '../components/Status.tsx';
import { Answer } from '../telemetry/Answer.tsx';
import { useLiveAnswer } from '../telemetry/live-answer.ts';
import { gpuNodeUrl, type GpuView, type Measure, MEASURES } from './gpu-view.ts';

const WIRE: Readonly<Record<Measure, { readonly measure: GpuHistoryMeasure; readonly unit: Unit }>> = {
  utilisation: { measure: 'utilization_gpu_percent', unit: 'percent' },
  memory: { measure: 'memory_used_mb', unit: 'bytes' },
  temperature: { measure: 'temperature_celsius', unit: 'celsius' },
  power: { measure: 'power_draw_watts', unit: 'watts' },
};

/** How long the history may be; it always ends now. */
const WINDOWS = ['1h', '6h', '1d', '7d'] as const;

function windowOf({ range }: GpuView): (typeof WINDOWS)[number] {
  return WINDOWS.find((window) => range.from === `-${window}` && range.to === 'now') ?? '1h';
}

/** One measure of every card of a node over time. */
export function GpuHistory({ cluster, node, view }: { cluster: string; node: string; view: GpuView }) {
  const { measure } = WIRE[view.measure];
  const window = windowOf(view);
  const query = new URLSearchParams({ measures: measure, window });
  const path = `/gpu/nodes/${encodeURIComponent(cluster)}/${encodeURIComponent(node)}/history?${query.toString()}`;
  const { state, ask } = useLiveAnswer<GpuHistoryAnswer>(path);
  return (
    <Panel
      id="history"
      title="Over time"
      aside={
        <>
          <nav class="segmented" aria-label="How long">
            {WINDOWS.map((one) => (
              <a
                key={one}
                href={gpuNodeUrl(cluster, node, { ...view, range: { from: `-${one}`, to: 'now' } })}
                aria-current={one === window ? 'true' : undefined}
              >
                {one}
              </a>
            ))}
          </nav>
          <nav class="segmented" aria-label="Measure">
            {MEASURES.map((one) => (
              <a
                key={one}
                href={gpuNodeUrl(cluster, node, { ...view, measure: one })}
                aria-current={view.measure === one ? 'true' : undefined}
              >
                {words(one)}
              </a>
            ))}
          </nav>
        </>
      }
    >
      <Answer state={state} what="the history" title="History" onRetry={ask}>
        {(answer) => <Chart answer={answer} node={node} view={view} />}
      </Answer>
    </Panel>
  );
}

function Chart({ answer, node, view }: { answer: GpuHistoryAnswer; node: string; view: GpuView }) {
  const lines = useMemo(() => linesOf(answer), [answer]);
  const grid = useMemo(() => ({ start: answer.start, end: answer.end, step: answer.step }), [answer]);
  if (lines.length === 0)
    return (
      <StateView title="There is no history of this in this time.">
        <p>Only DCGM metrics have a history. Widen the time range, or see below what this node is read from.</p>
      </StateView>
    );
  return (
    <TimeSeriesChart
      label={`${words(view.measure)} of the GPUs of ${node}`}
      lines={lines}
      grid={grid}
      unit={WIRE[view.measure].unit}
      zone={view.zone}
      onZoom={() => undefined}
      onLine={() => undefined}
      onPick={() => undefined}
    />
  );
}

/** MiB are drawn as bytes, so that the axis counts in GiB. */
function linesOf({ series }: GpuHistoryAnswer): ChartLine[] {
  return series.map(({ gpu, uuid, mig_instance, measure, values }) => {
    const card = gpu === null ? (uuid ?? 'GPU') : `GPU ${gpu}`;
    const label = mig_instance === null ? card : `${card} MIG ${mig_instance}`;
    const scale = measure === 'memory_used_mb' ? 2 ** 20 : 1;
    return { key: `${label} ${measure}`, label, samples: values.map(([at, value]) => [at, String(value * scale)]) };
  });
}
