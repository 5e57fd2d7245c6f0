import type { TempoSpan } from '../../spokes/tempo-trace.ts';

/** A span for tests; milliseconds from the start of the trace. */
export function testSpan(
  id: string,
  over: Partial<TempoSpan> & { readonly at?: number; readonly ms?: number; readonly parent?: string } = {},
): TempoSpan {
  const { at = 0, ms = 1, parent, ...rest } = over;
  const startNs = 1_795_227_871_000_000_000n + BigInt(Math.round(at * 1e6));
  return {
    traceId: 'f'.repeat(32),
    spanId: id,
    parentSpanId: parent,
    name: `op ${id}`,
    service: 'shop',
    kind: 'INTERNAL',
    startNs,
    endNs: startNs + BigInt(Math.round(ms * 1e6)),
    status: 'UNSET',
    statusMessage: undefined,
    attributes: {},
    resource: {},
    events: [],
    ...rest,
  };
}
