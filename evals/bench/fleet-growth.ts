import { askFleet } from './doubles.ts';
import { rangeBody } from './range-body.ts';
import type { Row } from './report.ts';

/*
 * How time and memory of one question grow with the fleet, and what ten huge answers cost. The spokes answer at once, so that what is seen
 * is the hub's own work; on two cores they share it.
 */

const GRID = { start: 1_700_000_040, end: 1_700_003_640, step: 60 };
const FEW = 10;
const MANY = 1000;
const MOST_EXPONENT = 1.1;

export async function measureFleetGrowth(folder: string): Promise<Row[]> {
  const ask = (count: number) => askFleet({ count, series: 5, slowestMs: 5, grid: GRID, rounds: 6 }, folder);
  const few = await ask(FEW);
  const many = await ask(MANY);
  const row = (measure: string, ours: number, baseline: number, unit: Row['unit']): Row => {
    const exponent = Math.log(ours / baseline) / Math.log(MANY / FEW);
    const bar = `exponent ≤ ${MOST_EXPONENT}: ${exponent.toFixed(2)}`;
    return { measure, ours, baseline, unit, bar, met: exponent <= MOST_EXPONENT };
  };
  return [
    row(`range query over ${MANY} clusters, p50, against ${FEW}`, many.ms, few.ms, 'ms'),
    row(`… memory that it takes at most`, many.grown_mb, few.grown_mb, 'MB'),
    await measureLargeAnswers(folder),
  ];
}

const LARGE = { count: 10, series: 100, grid: { start: 1_700_000_040, end: 1_700_038_440, step: 15 } };
/** A sample is 35 bytes of JSON and about 130 in V8: its pair, its text and its place in the list. */
const MOST_GROWTH = 8;

/** Ten clusters that each answer just below the cap of 10 MiB, held at the same time. */
async function measureLargeAnswers(folder: string): Promise<Row> {
  const megabytes = rangeBody('spoke-001', LARGE.series, LARGE.grid).length / 1e6;
  const { grown_mb } = await askFleet({ ...LARGE, slowestMs: 5, rounds: 3 }, folder);
  const baseline = megabytes * LARGE.count;
  return {
    measure: `memory for ${LARGE.count} answers of ${megabytes.toFixed(1)} MB each, at most`,
    ours: grown_mb,
    baseline,
    unit: 'MB',
    bar: `≤ ${MOST_GROWTH} × their bytes`,
    met: grown_mb <= MOST_GROWTH * baseline,
  };
}
