import type { Span, TraceAnalysis, TraceAnswer } from '../../../backend/model/trace.ts';

/** One span as a row of the waterfall. */
export interface SpanRow {
  readonly span: Span;
  /** 1 = a root; spans whose parent is not there are roots too. */
  readonly level: number;
  readonly parent: SpanRow | undefined;
  readonly children: readonly SpanRow[];
  /** Place among its siblings, from 1, and how many there are. */
  readonly position: number;
  readonly siblings: number;
  /** Milliseconds after the start of the trace. */
  readonly offsetMs: number;
  /** Its parts of the critical path: what the duration of the trace is made of. */
  readonly critical: readonly { readonly atMs: number; readonly ms: number }[];
  /** Something below it failed, though perhaps not itself. */
  readonly errorBelow: boolean;
}

export interface Waterfall {
  /** Depth first, as they are read. */
  readonly rows: readonly SpanRow[];
  /** From the start of the trace to the end of the last span. */
  readonly totalMs: number;
  /** By self time, most first: the order of their colours. */
  readonly services: readonly string[];
}

/** Milliseconds between two times with nine digits of a second, which are more than a `Date` holds. */
export function nanoDifference(from: string, to: string): number {
  const split = (text: string): [number, number] => {
    const [, whole = '', fraction = ''] = /^(.{19})(?:\.(\d{1,9}))?/.exec(text) ?? [];
    return [Date.parse(`${whole}Z`), Number(fraction.padEnd(9, '0')) / 1e6];
  };
  const [a, b] = [split(from), split(to)];
  return b[0] - a[0] + (b[1] - a[1]);
}

interface Building extends SpanRow {
  level: number;
  parent: Building | undefined;
  children: Building[];
  position: number;
  siblings: number;
  errorBelow: boolean;
}

/** The tree of the spans of a trace. Ids that occur twice, and circles, which no honest trace has, lose nothing and end. */
export function waterfallOf(trace: TraceAnswer['trace'], spans: readonly Span[], analysis: TraceAnalysis): Waterfall {
  const critical = Map.groupBy(analysis.critical_path, (step) => `${step.cluster_name} ${step.span_id}`);
  const all = spans.map((span): Building => {
    return {
      span,
      level: 1,
      parent: undefined,
      children: [],
      position: 1,
      siblings: 1,
      offsetMs: nanoDifference(trace.start_time, span.start_time),
      critical: (critical.get(`${span.cluster_name} ${span.span_id}`) ?? []).map(({ at_ms, ms }) => ({
        atMs: at_ms,
        ms,
      })),
      errorBelow: false,
    };
  });
  const byId = new Map<string, Building>();
  for (const row of all) if (!byId.has(row.span.span_id)) byId.set(row.span.span_id, row);
  for (const row of all) {
    const parent = row.span.parent_span_id === undefined ? undefined : byId.get(row.span.parent_span_id);
    if (!parent || isAbove(row, parent)) continue;
    row.parent = parent;
    parent.children.push(row);
  }
  const roots = all.filter((row) => row.parent === undefined);
  const rows: SpanRow[] = [];
  const stack = placed(roots, 1);
  for (let row = stack.pop(); row; row = stack.pop()) {
    rows.push(row);
    stack.push(...placed(row.children, row.level + 1));
    if (row.span.status === 'ERROR')
      for (let up = row.parent; up && !up.errorBelow; up = up.parent) up.errorBelow = true;
  }
  return {
    rows,
    totalMs: Math.max(trace.duration_ms, ...all.map((row) => row.offsetMs + row.span.duration_ms), 1e-6),
    services: [...new Set([...analysis.services.map((s) => s.service_name), ...spans.map((s) => s.service_name)])],
  };
}

function isAbove(row: Building, parent: Building): boolean {
  for (let up: Building | undefined = parent; up; up = up.parent) if (up === row) return true;
  return false;
}

/** Siblings in order of time, told their places; last first, as a stack takes them. */
function placed(siblings: Building[], level: number): Building[] {
  siblings.sort((a, b) => a.offsetMs - b.offsetMs);
  siblings.forEach((row, n) => {
    row.level = level;
    row.position = n + 1;
    row.siblings = siblings.length;
  });
  return siblings.toReversed();
}

/** The rows that are to be seen while those of `closed` hide what is below them. */
export function visibleRows(rows: readonly SpanRow[], closed: ReadonlySet<SpanRow>): SpanRow[] {
  if (closed.size === 0) return [...rows];
  const shown: SpanRow[] = [];
  let hiddenBelow = Infinity;
  for (const row of rows) {
    if (row.level > hiddenBelow) continue;
    hiddenBelow = closed.has(row) ? row.level : Infinity;
    shown.push(row);
  }
  return shown;
}

/** `1.25 s`, `340 ms`, `12 µs` */
export function durationWords(ms: number): string {
  const digits = (value: number) => String(Number(value.toPrecision(3)));
  if (ms === 0) return '0 ms';
  if (ms < 1) return `${digits(ms * 1000)} µs`;
  if (ms < 1000) return `${digits(ms)} ms`;
  if (ms < 60_000) return `${digits(ms / 1000)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}
