import { SpanKind, SpanStatusCode, TraceFlags, context, trace } from '@opentelemetry/api';
import type { Response } from 'express';
import { randomBytes } from 'node:crypto';
import type { TraceContext } from './http/trace.ts';

/**
 * Sends spans to an OTLP/HTTP collector. Loaded only when an endpoint is configured. Returns what flushes and ends it.
 * The endpoint is the base URL; `/v1/traces` is appended as the OTLP specification says.
 */
export async function startTracing(endpoint: string): Promise<() => Promise<void>> {
  const { NodeSDK } = await import('@opentelemetry/sdk-node');
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http');
  const sdk = new NodeSDK({
    serviceName: 'aiops-nextgen',
    traceExporter: new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces` }),
    instrumentations: [],
  });
  sdk.start();
  return () => sdk.shutdown();
}

/** Runs the rest of a request inside a server span that continues the caller's trace. Costs next to nothing with no exporter. */
export function inSpan(
  { traceId, parentSpanId }: TraceContext,
  name: string,
  response: Response,
  next: () => void,
): void {
  const parent = trace.setSpanContext(context.active(), {
    traceId,
    spanId: parentSpanId ?? randomBytes(8).toString('hex'),
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
  });
  const span = trace.getTracer('aiops-nextgen').startSpan(name, { kind: SpanKind.SERVER }, parent);
  response.on('close', () => {
    span.setAttribute('http.response.status_code', response.statusCode);
    if (response.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  });
  context.with(trace.setSpan(parent, span), next);
}
