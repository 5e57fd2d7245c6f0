/** What the double says, in the JSON of protobuf (wire.md 4.2). */
import type { RequestSpan } from '../request-spans.ts';
import { keyValues, resourceOf } from './attributes.ts';
import { type Candidate, type Query, fieldOf } from './traceql.ts';

const base64 = (hex: string) => Buffer.from(hex, 'hex').toString('base64');

/** One trace as this cluster holds it. */
export interface Held {
  readonly traceId: string;
  readonly spans: readonly RequestSpan[];
}

export const endOf = ({ startNs, durationNs }: RequestSpan): bigint => startNs + durationNs;

export function boundsOf(spans: readonly RequestSpan[]): { readonly startNs: bigint; readonly endNs: bigint } {
  const [first] = spans;
  const zero = { startNs: first?.startNs ?? 0n, endNs: first ? endOf(first) : 0n };
  return spans.reduce(
    (bounds, span) => ({
      startNs: span.startNs < bounds.startNs ? span.startNs : bounds.startNs,
      endNs: endOf(span) > bounds.endNs ? endOf(span) : bounds.endNs,
    }),
    zero,
  );
}

/** What TraceQL sees of a trace. */
export function candidatesOf({ traceId, spans }: Held): Candidate[] {
  const { startNs, endNs } = boundsOf(spans);
  const root = spans.find(({ parentSpanId }) => parentSpanId === undefined);
  return spans.map((span) => ({ span, traceNs: Number(endNs - startNs), root, traceId }));
}

/** Undefined when no span matches. */
export function foundTrace(held: Held, query: Query, spansPerTrace: number): Record<string, unknown> | undefined {
  const candidates = candidatesOf(held);
  const matching = candidates.filter((candidate) => query.matches(candidate));
  if (matching.length === 0) return undefined;
  const { startNs, endNs } = boundsOf(held.spans);
  const root = candidates[0]?.root;
  const durationMs = Number((endNs - startNs) / 1_000_000n);
  const services = Map.groupBy(held.spans, ({ service }) => service);
  return {
    traceID: held.traceId.replace(/^0+/, ''),
    rootServiceName: root?.service ?? '<root span not yet received>',
    ...(root ? { rootTraceName: root.name } : {}),
    startTimeUnixNano: String(startNs),
    ...(durationMs === 0 ? {} : { durationMs }),
    spanSets: [
      {
        spans: matching.slice(0, spansPerTrace).map((candidate) => ({
          spanID: candidate.span.spanId,
          startTimeUnixNano: String(candidate.span.startNs),
          durationNanos: String(candidate.span.durationNs),
          ...(query.selected.includes('name') ? { name: candidate.span.name } : {}),
          attributes: keyValues(
            Object.fromEntries(
              query.selected.flatMap((field) => {
                const value = field === 'name' ? undefined : fieldOf(field)?.(candidate);
                return value === undefined ? [] : [[field.replace(/^(?:resource|span)\./, ''), value]];
              }),
            ),
          ),
        })),
        matched: matching.length,
      },
    ],
    serviceStats: Object.fromEntries(
      [...services].map(([service, spans]) => {
        const errorCount = spans.filter(({ error }) => error !== undefined).length;
        return [service, { spanCount: spans.length, ...(errorCount === 0 ? {} : { errorCount }) }];
      }),
    ),
  };
}

/** ResourceSpans, one for each pod. */
export function resourceSpans({ traceId, spans }: Held): unknown[] {
  return [...Map.groupBy(spans, ({ pod }) => pod).values()].map((own) => ({
    resource: { attributes: own[0] ? keyValues(resourceOf(own[0])) : [] },
    scopeSpans: [{ scope: { name: 'shop', version: '1.0.0' }, spans: own.map((span) => spanBody(traceId, span)) }],
  }));
}

function spanBody(traceId: string, span: RequestSpan): Record<string, unknown> {
  const { error } = span;
  return {
    traceId: base64(traceId),
    spanId: base64(span.spanId),
    ...(span.parentSpanId === undefined ? {} : { parentSpanId: base64(span.parentSpanId) }),
    name: span.name,
    kind: `SPAN_KIND_${span.kind}`,
    startTimeUnixNano: String(span.startNs),
    endTimeUnixNano: String(endOf(span)),
    attributes: keyValues(span.attributes),
    ...(error === undefined
      ? { status: {} }
      : {
          events: [
            {
              timeUnixNano: String(endOf(span)),
              name: 'exception',
              attributes: keyValues({ 'exception.type': 'UpstreamError', 'exception.message': error }),
            },
          ],
          status: { code: 'STATUS_CODE_ERROR', message: error },
        }),
  };
}
