import { z } from 'zod';
import { shapeError } from './tempo-error.ts';
import { idOf, textOf } from './tempo-trace.ts';

/** A trace that a search found, as far as the search tells it. */
export interface FoundTrace {
  /** 32 hex digits, lower case. */
  readonly traceId: string;
  /** Undefined where the root span is not there (yet). */
  readonly rootService: string | undefined;
  readonly rootName: string | undefined;
  /** Unix nanoseconds. */
  readonly startNs: bigint;
  readonly durationMs: number;
  /** By service; undefined where Tempo is too old to tell. */
  readonly services: ReadonlyMap<string, { readonly spans: number; readonly errors: number }> | undefined;
  /** How many spans match the query, and the first of them. */
  readonly matched: number;
  readonly spans: readonly FoundSpan[];
}

export interface FoundSpan {
  readonly spanId: string;
  readonly name: string | undefined;
  readonly startNs: bigint;
  readonly durationNs: bigint;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface SearchResult {
  /** In the order of Tempo, which is the order of finding. */
  readonly traces: readonly FoundTrace[];
  /** Whether Tempo looked at everything in the window; it stops once it has found `limit`. */
  readonly finished: boolean;
}

const Int64 = z.union([z.string().regex(/^\d{1,20}$/), z.number().int().min(0)]).default('0');
const Count = z.number().int().min(0).default(0);
const SpanSet = z.object({
  spans: z
    .array(
      z.object({
        spanID: z.string().default('0'),
        name: z.string().optional(),
        startTimeUnixNano: Int64,
        durationNanos: Int64,
        attributes: z.array(z.object({ key: z.string().default(''), value: z.unknown() })).default([]),
      }),
    )
    .default([]),
  matched: Count,
});
const Search = z.object({
  traces: z
    .array(
      z.object({
        traceID: z.string(),
        rootServiceName: z.string().default(''),
        rootTraceName: z.string().default(''),
        startTimeUnixNano: Int64,
        durationMs: Count,
        spanSet: SpanSet.nullish(),
        spanSets: z.array(SpanSet).nullish(),
        serviceStats: z.record(z.string(), z.object({ spanCount: Count, errorCount: Count })).nullish(),
      }),
    )
    .nullish(),
  metrics: z.object({ completedJobs: Count, totalJobs: Count }).default({ completedJobs: 0, totalJobs: 0 }),
});

const NO_ROOT = '<root span not yet received>';

/** Throws SPOKE_ERROR (reason SHAPE). */
export function decodeSearch(body: unknown): SearchResult {
  const parsed = Search.safeParse(body);
  if (!parsed.success) throw shapeError(`the search result (${parsed.error.issues[0]?.path.join('.') ?? ''})`);
  const { traces, metrics } = parsed.data;
  return {
    finished: metrics.completedJobs >= metrics.totalJobs,
    traces: (traces ?? []).map((trace): FoundTrace => {
      const hasRoot = trace.rootServiceName !== '' && trace.rootServiceName !== NO_ROOT;
      const sets = trace.spanSets ?? (trace.spanSet ? [trace.spanSet] : []);
      return {
        traceId: idOf(trace.traceID, 16),
        rootService: hasRoot ? trace.rootServiceName : undefined,
        rootName: hasRoot ? trace.rootTraceName : undefined,
        startNs: BigInt(trace.startTimeUnixNano),
        durationMs: trace.durationMs,
        services: trace.serviceStats
          ? new Map(
              Object.entries(trace.serviceStats).map(([service, { spanCount, errorCount }]) => [
                service,
                { spans: spanCount, errors: errorCount },
              ]),
            )
          : undefined,
        matched: sets.reduce((sum, set) => sum + Math.max(set.matched, set.spans.length), 0),
        spans: sets.flatMap((set) =>
          set.spans.map((span) => ({
            spanId: idOf(span.spanID, 8),
            name: span.name,
            startNs: BigInt(span.startTimeUnixNano),
            durationNs: BigInt(span.durationNanos),
            attributes: textOf(span.attributes),
          })),
        ),
      };
    }),
  };
}

const TagValues = z.object({
  tagValues: z
    .array(z.union([z.string(), z.object({ type: z.string().default(''), value: z.string().default('') })]))
    .nullish(),
});

/** The values of v2 (typed) and v1 (plain), in the order of Tempo. Throws SPOKE_ERROR (reason SHAPE). */
export function decodeTagValues(body: unknown): string[] {
  const parsed = TagValues.safeParse(body);
  if (!parsed.success) throw shapeError('the values of a tag');
  return (parsed.data.tagValues ?? []).map((one) => (typeof one === 'string' ? one : one.value));
}

const TagNames = z.object({
  scopes: z.array(z.object({ name: z.string().default(''), tags: z.array(z.string()).nullish() })).nullish(),
  tagNames: z.array(z.string()).nullish(),
});

/** Names with their scope in front, as TraceQL writes them (`resource.service.name`); v1 knows no scopes. Throws SPOKE_ERROR. */
export function decodeTags(body: unknown): string[] {
  const parsed = TagNames.safeParse(body);
  if (!parsed.success) throw shapeError('the names of tags');
  const scoped = (parsed.data.scopes ?? []).flatMap(({ name, tags }) =>
    (tags ?? []).map((tag) => (name === 'intrinsic' || name === '' ? tag : `${name}.${tag}`)),
  );
  return [...scoped, ...(parsed.data.tagNames ?? []).map((tag) => `.${tag}`)];
}
