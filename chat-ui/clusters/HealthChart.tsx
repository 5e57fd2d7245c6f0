import { useState } from 'preact/hooks';
import type { ClusterState } from '../../backend/model/cluster.ts';
import { Shape, toneOfState, words } from '../components/Status.tsx';
import { axisTicks, type HealthPoint, type HealthSeries, runsOf } from './health-series.ts';

/** Of the drawing, which is stretched to the width there is. */
const WIDTH = 1000;
const MOST_TICKS = 7;

/**
 * The score over time: the line is the average of each step, the band below it reaches down to the lowest, and the strip tells
 * the state. Arrow keys and the pointer move along it; what is there stands below in words. A gap is a time without checks.
 */
export function HealthChart({ series, label }: { series: HealthSeries; label: string }) {
  const { points } = series;
  const [chosen, setChosen] = useState<number | undefined>(undefined);
  const index = Math.min(chosen ?? points.length - 1, points.length - 1);
  const point = points[index];
  const x = (at: number) => ((at - series.start) / (series.end - series.start)) * WIDTH;
  const percent = (at: number) => `${Math.max(0, Math.min(100, x(at) / (WIDTH / 100)))}%`;
  const ticks = axisTicks(series.start, series.end, MOST_TICKS);
  const long = series.end - series.start > 48 * 3_600_000;

  const onKey = (event: KeyboardEvent) => {
    const to = movedBy(event.key, index, points.length);
    if (to === undefined) return;
    event.preventDefault();
    setChosen(Math.max(0, Math.min(points.length - 1, to)));
  };
  const onPointer = (event: PointerEvent) => {
    if (!(event.currentTarget instanceof HTMLElement)) return;
    const box = event.currentTarget.getBoundingClientRect();
    const at = series.start + ((event.clientX - box.left) / Math.max(1, box.width)) * (series.end - series.start);
    setChosen(nearest(points, at));
  };

  return (
    <div class="chart">
      <div class="chart-frame">
        <div class="chart-y" aria-hidden="true">
          <span>100</span>
          <span>50</span>
          <span>0</span>
        </div>
        <div
          class="chart-plot"
          role="slider"
          tabIndex={0}
          aria-label={label}
          aria-valuemin={0}
          aria-valuemax={Math.max(0, points.length - 1)}
          aria-valuenow={Math.max(0, index)}
          aria-valuetext={point === undefined ? 'No checks' : describe(point, series)}
          aria-orientation="horizontal"
          onKeyDown={onKey}
          onPointerMove={onPointer}
          onPointerDown={onPointer}
          onPointerLeave={() => setChosen(undefined)}
        >
          <svg class="chart-score" viewBox={`0 -3 ${WIDTH} 106`} preserveAspectRatio="none" aria-hidden="true">
            {[0, 50, 100].map((y) => (
              <path key={y} class="chart-rule" d={`M0 ${y}H${WIDTH}`} />
            ))}
            {runsOf(points).map((run) => (
              <g key={run[0]?.start}>
                <path class="chart-band" d={bandPath(run, x)} />
                <path class="chart-line" d={linePath(run, x)} />
              </g>
            ))}
          </svg>
          <svg class="chart-strip" viewBox={`0 0 ${WIDTH} 10`} preserveAspectRatio="none" aria-hidden="true">
            {series.spans.map((span) => (
              <rect
                key={span.start}
                class={`strip-${toneOfState(span.state)}`}
                x={x(span.start)}
                width={Math.max(1, x(span.end) - x(span.start))}
                height={10}
              />
            ))}
          </svg>
          {point !== undefined && (
            <span class="chart-cursor" aria-hidden="true" style={{ left: percent((point.start + point.end) / 2) }} />
          )}
        </div>
        <div class="chart-x" aria-hidden="true">
          {ticks.map((tick) => (
            <span key={tick} style={{ left: percent(tick) }}>
              {long ? dayText(tick) : timeText(tick)}
            </span>
          ))}
        </div>
      </div>
      <p class="chart-readout" aria-hidden="true">
        {point === undefined ? 'No checks in this time.' : describe(point, series)}
      </p>
      <ul class="chart-legend">
        <li>
          <span class="key-line" aria-hidden="true" />
          average score
        </li>
        <li>
          <span class="key-band" aria-hidden="true" />
          down to the lowest
        </li>
        {statesIn(series).map((state) => (
          <li key={state}>
            <Shape tone={toneOfState(state)} />
            {words(state)}
          </li>
        ))}
        <li class="muted">
          Times in {timeZone()}
          {!series.whole && `; records begin ${momentText(series.spans[0]?.start ?? series.start)}`}
        </li>
      </ul>
    </div>
  );
}

function movedBy(key: string, index: number, count: number): number | undefined {
  switch (key) {
    case 'ArrowLeft':
    case 'ArrowDown':
      return index - 1;
    case 'ArrowRight':
    case 'ArrowUp':
      return index + 1;
    case 'PageUp':
      return index + 12;
    case 'PageDown':
      return index - 12;
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return undefined;
  }
}

function nearest(points: readonly HealthPoint[], at: number): number | undefined {
  let best: number | undefined;
  let distance = Infinity;
  points.forEach((point, i) => {
    const d = Math.abs((point.start + point.end) / 2 - at);
    if (d < distance) [best, distance] = [i, d];
  });
  return best;
}

/** Level over each step: an average over five minutes says nothing about the minutes between. */
function linePath(run: readonly HealthPoint[], x: (at: number) => number): string {
  return run.map((p, i) => `${i === 0 ? 'M' : 'L'}${x(p.start)} ${100 - p.average}H${x(p.end)}`).join('');
}

function bandPath(run: readonly HealthPoint[], x: (at: number) => number): string {
  const back = run.toReversed().map((p) => `L${x(p.end)} ${100 - p.min}H${x(p.start)}`);
  return `${linePath(run, x)}${back.join('')}Z`;
}

/** One step in words. */
export function describe(point: HealthPoint, series: HealthSeries): string {
  const states = [
    ...new Set(series.spans.filter((s) => s.start < point.end && s.end > point.start).map((s) => s.state)),
  ];
  const score = Math.round(point.average);
  const lowest = point.min < score ? `, lowest ${point.min}` : '';
  const checks = `${point.healthyChecks} of ${point.checks} checks found every endpoint healthy`;
  return `${momentText(point.start)}: ${states.map(words).join(', then ')}${states.length > 0 ? ', ' : ''}score ${score}${lowest}; ${checks}.`;
}

function statesIn({ spans }: HealthSeries): ClusterState[] {
  return [...new Set(spans.map((span) => span.state))];
}

export function timeText(at: number): string {
  return new Date(at).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
}

function dayText(at: number): string {
  return new Date(at).toLocaleDateString(undefined, { weekday: 'short', day: 'numeric' });
}

/** Day and time, without the zone: that is said once. */
export function momentText(at: number): string {
  return new Date(at).toLocaleString(undefined, { weekday: 'short', hour: '2-digit', minute: '2-digit' });
}

export function timeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
