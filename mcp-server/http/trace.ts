import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

const TRACEPARENT = /^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})/;
const HEX_ID = /^[0-9a-f]{16}(?:[0-9a-f]{16})?$/;

export interface TraceContext {
  /** 32 hex digits. */
  readonly traceId: string;
  /** Id of the caller's span, when the caller sent one. */
  readonly parentSpanId?: string;
}

/** The caller's trace by W3C `traceparent` or B3 headers (single and multi), else a new one. */
export function readTraceContext(headers: IncomingHttpHeaders): TraceContext {
  const w3c = TRACEPARENT.exec(first(headers['traceparent']) ?? '');
  if (w3c?.[1] !== undefined && w3c[2] !== undefined) return { traceId: w3c[1], parentSpanId: w3c[2] };
  const [b3Trace, b3Span] = first(headers['b3'])?.toLowerCase().split('-') ?? [
    first(headers['x-b3-traceid'])?.toLowerCase(),
    first(headers['x-b3-spanid'])?.toLowerCase(),
  ];
  if (b3Trace !== undefined && HEX_ID.test(b3Trace)) {
    const traceId = b3Trace.padStart(32, '0');
    return b3Span !== undefined && /^[0-9a-f]{16}$/.test(b3Span) ? { traceId, parentSpanId: b3Span } : { traceId };
  }
  return { traceId: newTraceId() };
}

export function newTraceId(): string {
  return randomBytes(16).toString('hex');
}

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
