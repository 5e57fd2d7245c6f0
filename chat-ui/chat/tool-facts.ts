import type { ToolRun } from './turn.ts';

/** Most characters of a result that are put on the page; the rest is said to be missing. */
export const LONGEST_RESULT = 12_000;

/** What the clusters of a call were: what was asked, and how those that were asked fared. */
export interface ClusterFacts {
  readonly asked: string;
  readonly answered: string | undefined;
  readonly complete: boolean;
}

export function clusterFacts({ call, result }: ToolRun): ClusterFacts | undefined {
  const asked = askedClusters(call.arguments);
  const outcomes = outcomesOf(result?.result);
  if (asked === undefined && outcomes === undefined) return undefined;
  const counted = outcomes?.filter((outcome) => outcome.status !== 'SKIPPED' || outcome.error !== undefined);
  const inPart = counted?.filter((outcome) => outcome.status === 'PARTIAL').length ?? 0;
  const answered = (counted?.filter((outcome) => outcome.status === 'SUCCESS').length ?? 0) + inPart;
  return {
    asked: asked ?? 'all clusters in scope',
    answered: counted && `${answered} of ${counted.length} answered${inPart > 0 ? `, ${inPart} in part` : ''}`,
    complete: counted?.every((outcome) => outcome.status === 'SUCCESS') ?? true,
  };
}

function askedClusters(args: Readonly<Record<string, unknown>>): string | undefined {
  const asked = args.clusters ?? args.cluster;
  if (typeof asked === 'string') return asked;
  return Array.isArray(asked) && asked.length > 0 ? asked.join(', ') : undefined;
}

/** The per-cluster outcomes of any multi-cluster answer: `clusters`, or `results` where each holds its own data. */
function outcomesOf(result: unknown): Outcome[] | undefined {
  if (typeof result !== 'object' || result === null) return undefined;
  const list: unknown = 'results' in result ? result.results : 'clusters' in result ? result.clusters : undefined;
  if (!Array.isArray(list) || list.length === 0) return undefined;
  const outcomes = list.filter(isOutcome);
  return outcomes.length === list.length ? outcomes : undefined;
}

/** SKIPPED with an error: not asked on purpose, which leaves a gap; without one: it has nothing to answer with. */
interface Outcome {
  readonly status: string;
  readonly error?: unknown;
}

function isOutcome(value: unknown): value is Outcome {
  return (
    typeof value === 'object' &&
    value !== null &&
    'cluster_name' in value &&
    'status' in value &&
    typeof value.status === 'string'
  );
}

/** JSON of a value for reading, cut at {@link LONGEST_RESULT}. */
export function resultText(value: unknown): { text: string; omitted: number } {
  const text = typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? 'null');
  return { text: text.slice(0, LONGEST_RESULT), omitted: Math.max(0, text.length - LONGEST_RESULT) };
}

/** Arguments as `key=value`, clusters left out because they are shown on their own. */
export function argumentText(args: Readonly<Record<string, unknown>>): string {
  return Object.entries(args)
    .filter(([key]) => key !== 'clusters' && key !== 'cluster')
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('  ');
}

export function durationText(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}
