import { z } from 'zod';
import { shapeError } from './tempo-error.ts';

export const SPAN_KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'] as const;
export type SpanKind = (typeof SPAN_KINDS)[number];
const STATUSES = ['UNSET', 'OK', 'ERROR'] as const;

export interface TempoSpan {
  /** 32 and 16 hex digits, lower case. */
  readonly traceId: string;
  readonly spanId: string;
  /** Undefined at a root. */
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly service: string;
  readonly kind: SpanKind;
  /** Unix nanoseconds. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly status: (typeof STATUSES)[number];
  readonly statusMessage: string | undefined;
  /** Values as text; lists and maps as JSON. */
  readonly attributes: Readonly<Record<string, string>>;
  /** One object for all spans of a resource. */
  readonly resource: Readonly<Record<string, string>>;
  readonly events: readonly TempoEvent[];
}

export interface TempoEvent {
  readonly timeNs: bigint;
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface TempoTrace {
  readonly spans: readonly TempoSpan[];
  /** Why spans are missing; undefined = Tempo says that the trace is whole. */
  readonly partial: string | undefined;
}

/** More spans of one trace are not read: time and memory stay bounded whatever a spoke sends. */
export const MAX_SPANS = 50_000;
const MAX_DEPTH = 8;

/** A 64-bit integer: text in the JSON of protobuf, a number in other encoders; left out when zero. */
const Int64 = z.union([z.string().regex(/^-?\d{1,20}$/), z.number().int()]).default('0');
const Attribute = z.object({ key: z.string().default(''), value: z.unknown() });
const Attributes = z.array(Attribute).default([]);
const Span = z.object({
  traceId: z.string().default(''),
  spanId: z.string(),
  parentSpanId: z.string().default(''),
  name: z.string().default(''),
  kind: z.union([z.string(), z.number()]).default(0),
  startTimeUnixNano: Int64,
  endTimeUnixNano: Int64,
  attributes: Attributes,
  events: z.array(z.object({ timeUnixNano: Int64, name: z.string().default(''), attributes: Attributes })).default([]),
  status: z
    .object({ code: z.union([z.string(), z.number()]).default(0), message: z.string().default('') })
    .default({ code: 0, message: '' }),
});
const ScopeSpans = z.object({ spans: z.array(z.unknown()).default([]) });
const ResourceSpans = z.object({
  resource: z.object({ attributes: Attributes }).default({ attributes: [] }),
  scopeSpans: z.array(ScopeSpans).optional(),
  /** The name before OTLP 0.19. */
  instrumentationLibrarySpans: z.array(ScopeSpans).optional(),
});
const TraceBody = z.object({
  batches: z.array(ResourceSpans).optional(),
  resourceSpans: z.array(ResourceSpans).optional(),
  trace: z
    .object({ resourceSpans: z.array(ResourceSpans).optional(), batches: z.array(ResourceSpans).optional() })
    .optional(),
  status: z.string().optional(),
  message: z.string().optional(),
});

/**
 * The body of `/api/v2/traces` or `/api/traces`, in protobuf's JSON (base64 ids, text integers, enum names, zeros left out) as
 * well as in OTLP's (hex ids, enum numbers). Undefined = there is no such trace. Throws SPOKE_ERROR (reason SHAPE).
 */
export function decodeTrace(body: unknown, traceId: string): TempoTrace | undefined {
  const parsed = TraceBody.safeParse(body);
  if (!parsed.success) throw shapeError('the trace is not one');
  const { trace, message } = parsed.data;
  const batches = trace?.resourceSpans ?? trace?.batches ?? parsed.data.batches ?? parsed.data.resourceSpans ?? [];
  const spans: TempoSpan[] = [];
  let left = 0;
  for (const batch of batches) {
    const resource = textOf(batch.resource.attributes);
    for (const scope of batch.scopeSpans ?? batch.instrumentationLibrarySpans ?? []) {
      const room = MAX_SPANS - spans.length;
      for (const raw of scope.spans.slice(0, room)) spans.push(spanOf(raw, resource, traceId));
      left += Math.max(0, scope.spans.length - room);
    }
  }
  if (spans.length === 0) return undefined;
  const reasons = [
    ...(parsed.data.status?.toUpperCase() === 'PARTIAL' ? [message ?? 'it is partial'] : []),
    ...(left > 0 ? [`it has ${left} more than the ${MAX_SPANS} spans that are read`] : []),
  ];
  return { spans, partial: reasons.length === 0 ? undefined : reasons.join('; ') };
}

function spanOf(raw: unknown, resource: Readonly<Record<string, string>>, traceId: string): TempoSpan {
  const parsed = Span.safeParse(raw);
  if (!parsed.success) throw shapeError(`a span is not one (${parsed.error.issues[0]?.path.join('.') ?? ''})`);
  const { data } = parsed;
  const parent = data.parentSpanId === '' ? '' : idOf(data.parentSpanId, 8);
  const startNs = BigInt(data.startTimeUnixNano);
  const endNs = BigInt(data.endTimeUnixNano);
  return {
    traceId: data.traceId === '' ? traceId : idOf(data.traceId, 16),
    spanId: idOf(data.spanId, 8),
    parentSpanId: /^0*$/.test(parent) ? undefined : parent,
    name: data.name,
    service: resource['service.name'] ?? '(unnamed service)',
    kind: enumOf(data.kind, 'SPAN_KIND_', SPAN_KINDS),
    startNs,
    // A span that has not ended, or whose clock was set back, is one without a length rather than a negative one.
    endNs: endNs < startNs ? startNs : endNs,
    status: enumOf(data.status.code, 'STATUS_CODE_', STATUSES),
    statusMessage: data.status.message === '' ? undefined : data.status.message,
    attributes: textOf(data.attributes),
    resource,
    events: data.events.map(({ timeUnixNano, name, attributes }) => ({
      timeNs: BigInt(timeUnixNano),
      name,
      attributes: textOf(attributes),
    })),
  };
}

function enumOf<T extends string>(value: string | number, prefix: string, names: readonly [T, ...T[]]): T {
  const wanted =
    typeof value === 'number' ? names[value] : names.find((name) => `${prefix}${name}` === value || name === value);
  return wanted ?? names[0];
}

/**
 * An id of so many bytes as lower-case hex: hex as it is (padded on the left where leading zeros were dropped), else base64.
 * Throws SPOKE_ERROR for what is neither.
 */
export function idOf(text: string, bytes: 8 | 16): string {
  const digits = bytes * 2;
  // Base64 of so many bytes ends in = or is very unlikely to hold no other characters than hex.
  if (/^[0-9a-f]{1,32}$/i.test(text) && text.length <= digits) return text.toLowerCase().padStart(digits, '0');
  const raw = /^[A-Za-z0-9+/_-]{2,24}={0,2}$/.test(text) ? Buffer.from(text, 'base64') : undefined;
  if (raw?.length !== bytes) throw shapeError('an id is neither hex nor base64');
  return raw.toString('hex');
}

type KeyValues = z.output<typeof Attributes>;

export function textOf(attributes: KeyValues): Record<string, string> {
  // No prototype: a key such as __proto__ is a key like any other.
  const text: Record<string, string> = Object.create(null) as Record<string, string>; // proof: it has no keys yet
  for (const { key, value } of attributes) text[key] = valueText(value);
  return text;
}

const AnyValue = z.object({
  stringValue: z.string().optional(),
  intValue: z.union([z.string(), z.number()]).optional(),
  doubleValue: z.union([z.number(), z.string()]).optional(),
  boolValue: z.boolean().optional(),
  bytesValue: z.string().optional(),
  arrayValue: z.object({ values: z.array(z.unknown()).default([]) }).optional(),
  kvlistValue: z.object({ values: Attributes }).optional(),
});

function valueText(value: unknown): string {
  const plain = plainValue(value, 0);
  return typeof plain === 'string' ? plain : JSON.stringify(plain);
}

/** An empty object is the empty text: zero values are left out. Numbers stay text, so that 64 bits survive. */
function plainValue(value: unknown, depth: number): unknown {
  const parsed = AnyValue.safeParse(value);
  if (!parsed.success || depth > MAX_DEPTH) return '';
  const { arrayValue, kvlistValue, stringValue, intValue, doubleValue, boolValue, bytesValue } = parsed.data;
  if (arrayValue) return arrayValue.values.map((item) => plainValue(item, depth + 1));
  if (kvlistValue)
    return Object.fromEntries(kvlistValue.values.map(({ key, value: item }) => [key, plainValue(item, depth + 1)]));
  return String(stringValue ?? intValue ?? doubleValue ?? boolValue ?? bytesValue ?? '');
}
