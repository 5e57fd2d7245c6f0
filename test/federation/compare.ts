import { AppError } from '../../backend/model/errors.ts';
import { agreedLeftOpen, askCluster, gather, questionsFor } from '../../backend/collectors/federation/ask-cluster.ts';
import { toMetricSeries } from '../../backend/collectors/federation/columns.ts';
import { evaluate } from '../../backend/collectors/federation/evaluate.ts';
import { parseExpr } from '../../backend/collectors/federation/parse.ts';
import { planFleet } from '../../backend/collectors/federation/plan.ts';
import { readSample } from '../../backend/collectors/federation/sample-text.ts';
import type { Grid } from '../../backend/collectors/federation/vector.ts';
import type { MetricSeries } from '../../backend/model/metrics.ts';
import { parseResult } from '../../backend/spokes/prometheus-result.ts';
import type { Servers } from './servers.ts';

export type Answer =
  | { readonly kind: 'series'; readonly series: readonly MetricSeries[] }
  | { readonly kind: 'error'; readonly message: string }
  | { readonly kind: 'refused'; readonly message: string };

/** Asks a real Prometheus. */
async function ask(url: string, query: string, { startMs, stepMs, count }: Grid): Promise<Answer> {
  const instant = { query, time: String(startMs / 1000) };
  const end = (startMs + stepMs * (count - 1)) / 1000;
  const range = { query, start: String(startMs / 1000), end: String(end), step: String(stepMs / 1000) };
  const params = new URLSearchParams(count === 1 ? instant : range);
  const response = await fetch(`${url}/api/v1/${count === 1 ? 'query' : 'query_range'}`, {
    method: 'POST',
    body: params,
  });
  const body = (await response.json()) as { data?: unknown; error?: string }; // proof: the real server's documented envelope
  if (!response.ok) return { kind: 'error', message: body.error ?? `status ${response.status}` };
  return { kind: 'series', series: parseResult(body.data).series };
}

export function askWhole(servers: Servers, query: string, grid: Grid): Promise<Answer> {
  return ask(servers.whole, query, grid);
}

/** The federation's answer over the clusters' own servers. */
export async function askFleet(servers: Servers, query: string, grid: Grid): Promise<Answer> {
  try {
    const plan = planFleet(parseExpr(query), grid);
    const parts = await Promise.all(
      [...servers.clusters].map(([cluster, url]) =>
        askCluster(
          plan,
          cluster,
          questionsFor(plan.fetches, cluster),
          async (text, wanted) => {
            const answer = await ask(url, text, wanted);
            if (answer.kind !== 'series') throw new AppError('SPOKE_ERROR', `${answer.message} (pushed: ${text})`);
            return { series: answer.series, warnings: [] };
          },
          () => undefined,
        ),
      ),
    );
    const value = evaluate(plan, { fetched: gather(plan.fetches, parts), leftOpen: agreedLeftOpen(parts) });
    return { kind: 'series', series: toMetricSeries(value, grid, false) };
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    const refused = thrown.details['rule'] === 'not_decomposable';
    return { kind: refused ? 'refused' : 'error', message: thrown.message };
  }
}

/**
 * How far numbers may lie apart, of themselves: float sums taken in another order differ in their last digits, and where differences
 * of large numbers are squared in Prometheus, many digits are lost before we look. Minima, maxima and counts have to be equal.
 */
export function toleranceOf(query: string): number {
  if (/stddev|stdvar|deriv|predict_linear/.test(query)) return 1e-6;
  return /sum|avg|rate|increase|delta|quantile|[-+*/^%]|atan2|sin|exp|ln|log2|sqrt|deg/.test(query) ? 1e-9 : 0;
}

function sameNumber(a: number, b: number, tolerance: number): boolean {
  if (Object.is(a, b) || a === b) return true;
  if (!Number.isFinite(a) || !Number.isFinite(b)) return false;
  return Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(a), Math.abs(b));
}

function key(metric: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(metric).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Undefined when both hold the same series, instants and values. */
export function difference(
  truth: readonly MetricSeries[],
  ours: readonly MetricSeries[],
  tolerance: number,
): string | undefined {
  const own = new Map(ours.map((one) => [key(one.metric), one.values]));
  if (own.size !== ours.length) return 'a label set occurs twice in ours';
  for (const { metric, values } of truth) {
    const mine = own.get(key(metric));
    if (!mine) return `missing ${key(metric)} (${values.length} samples, first ${values[0]?.join(' ')})`;
    own.delete(key(metric));
    if (mine.length !== values.length) return `${key(metric)} has ${mine.length} samples instead of ${values.length}`;
    for (const [i, [time, text]] of values.entries()) {
      const [t = NaN, v = ''] = mine[i] ?? [];
      if (Math.abs(t - time) > 0.0005) return `${key(metric)} at ${t} instead of ${time}`;
      if (!sameNumber(readSample(text) ?? NaN, readSample(v) ?? NaN, tolerance))
        return `${key(metric)} at ${t}: ${v} instead of ${text}`;
    }
  }
  const [extra] = own.keys();
  return extra === undefined ? undefined : `extra ${extra}`;
}
