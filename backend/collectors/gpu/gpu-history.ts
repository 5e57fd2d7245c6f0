import type { GpuHistoryAnswer, GpuHistoryMeasure } from '../../model/gpu-answers.ts';
import type { MetricSeries } from '../../model/metrics.ts';
import type { Clock } from '../../platform/clock.ts';
import { rangeFreshness } from '../fanout/cache-ttl.ts';
import { type Question, questionOf } from '../fanout/fanout.ts';
import type { MetricsSource } from '../metrics/metrics-source.ts';
import { dcgmValue } from './dcgm-value.ts';

export interface HistoryQuery extends Question {
  readonly node: string;
  readonly measures: readonly GpuHistoryMeasure[];
  /** Card; left out = all of the node. */
  readonly gpu?: number | undefined;
  /** Seconds before now. */
  readonly windowSeconds: number;
}

/** Points of a series; a chart shows no more. */
const POINTS = 240;
const LEAST_STEP_SECONDS = 15;
const KEYS = 'gpu, UUID, uuid, GPU_I_ID';

/** DCGM metrics of each measure, the first that a card has; factors make the shares of profiling metrics percentages. */
const METRICS: Readonly<Record<GpuHistoryMeasure, readonly (readonly [string, number])[]>> = {
  utilization_gpu_percent: [
    ['DCGM_FI_DEV_GPU_UTIL', 1],
    ['DCGM_FI_PROF_GR_ENGINE_ACTIVE', 100],
  ],
  utilization_memory_percent: [
    ['DCGM_FI_DEV_MEM_COPY_UTIL', 1],
    ['DCGM_FI_PROF_DRAM_ACTIVE', 100],
  ],
  memory_used_mb: [['DCGM_FI_DEV_FB_USED', 1]],
  temperature_celsius: [['DCGM_FI_DEV_GPU_TEMP', 1]],
  power_draw_watts: [['DCGM_FI_DEV_POWER_USAGE', 1]],
  sm_clock_mhz: [['DCGM_FI_DEV_SM_CLOCK', 1]],
};

/** The last while of one node's cards, one series for each card (or MIG instance) and measure. */
export async function readHistory(
  { source, clock }: { readonly source: Pick<MetricsSource, 'evaluate'>; readonly clock: Clock },
  query: HistoryQuery,
): Promise<GpuHistoryAnswer> {
  const [cluster] = query.clusters;
  const now = clock.now().getTime() / 1000;
  const step = Math.max(LEAST_STEP_SECONDS, Math.ceil(query.windowSeconds / POINTS));
  // On the grid of the step, so that equal questions are one.
  const end = Math.floor(now / step) * step;
  const start = end - Math.floor(query.windowSeconds / step) * step;
  const expression = query.measures.map((measure) => expressionOf(measure, query)).join(' or ');
  const answer = await source.evaluate(
    { query: expression, time: end, grid: { start, end, step } },
    {
      ...questionOf(query),
      cache: { ...rangeFreshness(query.windowSeconds), key: JSON.stringify(['gpu history', expression, start, end]) },
      shape: ({ value, warnings }) => ({ value: value.series, warnings }),
    },
  );
  const series = [...answer.values.values()].flat().flatMap((one) => historyOf(one));
  return {
    cluster_name: cluster?.name ?? '',
    node_name: query.node,
    start,
    end,
    step,
    series: series.sort(
      (a, b) => (a.gpu ?? -1) - (b.gpu ?? -1) || (a.measure < b.measure ? -1 : a.measure > b.measure ? 1 : 0),
    ),
    clusters: answer.outcomes,
    complete: answer.complete,
  };
}

function expressionOf(measure: GpuHistoryMeasure, { node, gpu }: Pick<HistoryQuery, 'node' | 'gpu'>): string {
  const card = gpu === undefined ? '' : `,gpu="${gpu}"`;
  const parts = METRICS[measure].map(([metric, factor]) => {
    // `Hostname` until release 4.8 of the exporter, `hostname` since.
    const both = ['Hostname', 'hostname'].map((label) => `${metric}{${label}=${JSON.stringify(node)}${card}}`);
    const most = `max by (${KEYS}) (${both.join(' or ')})`;
    return factor === 1 ? most : `${factor} * ${most}`;
  });
  return `label_replace(${parts.join(` or on (${KEYS}) `)}, "measure", "${measure}", "", "")`;
}

function historyOf({ metric, values }: MetricSeries): GpuHistoryAnswer['series'] {
  const measure = Object.keys(METRICS).find((name) => name === metric['measure']);
  if (measure === undefined) return [];
  return [
    {
      gpu: /^\d{1,4}$/.test(metric['gpu'] ?? '') ? Number(metric['gpu']) : null,
      uuid: metric['UUID'] ?? metric['uuid'] ?? null,
      mig_instance: metric['GPU_I_ID'] ?? null,
      // Proof of the cast: it is a key of METRICS.
      measure: measure as GpuHistoryMeasure,
      values: values.flatMap(([time, text]): [number, number][] => {
        const value = dcgmValue(text);
        return value === null ? [] : [[time, value]];
      }),
    },
  ];
}
