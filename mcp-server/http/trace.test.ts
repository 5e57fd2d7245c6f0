import { describe, expect, it } from 'vitest';
import { readTraceContext } from './trace.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

describe('readTraceContext', () => {
  it.each([
    ['traceparent', { traceparent: `00-${TRACE}-${SPAN}-01` }],
    ['single-header B3', { b3: `${TRACE}-${SPAN}-1` }],
    ['multi-header B3', { 'x-b3-traceid': TRACE, 'x-b3-spanid': SPAN }],
  ])('continues a trace given by %s', (_how, headers) => {
    expect(readTraceContext(headers)).toEqual({ traceId: TRACE, parentSpanId: SPAN });
  });

  it('pads a 64-bit B3 id', () => {
    expect(readTraceContext({ 'x-b3-traceid': TRACE.slice(16) }).traceId).toBe(`${'0'.repeat(16)}${TRACE.slice(16)}`);
  });

  it.each(['', 'junk', `00-${'0'.repeat(32)}-${SPAN}-01`])('starts a trace of its own for %j', (traceparent) => {
    expect(readTraceContext({ traceparent }).traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
  });
});
