import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Caller, callerOf, toAuthInfo, traceIdFrom } from './caller.ts';

const CALLER: Caller = {
  principal: { id: 'token:1', display_name: 'Ada', role: 'viewer', scope: { selector: 'environment=LAB' } },
  traceId: 'abc',
  toolsets: ['metrics'],
};

describe('the caller of an MCP request', () => {
  it('comes out of the SDK as it went in', () => {
    expect(callerOf(toAuthInfo(CALLER))).toEqual(CALLER);
  });

  it('travels without any credential', () => {
    expect(toAuthInfo(CALLER).token).toBe('');
  });

  it.each([
    undefined,
    { token: 'x', clientId: 'x', scopes: [] },
    { token: '', clientId: '', scopes: [], extra: { caller: { principal: { role: 'admin' } } } },
  ])('is never made up when there is none (%#)', (authInfo) => {
    expect(() => callerOf(authInfo)).toThrow(z.ZodError);
  });
});

describe('traceIdFrom', () => {
  it('continues a valid trace', () => {
    expect(traceIdFrom('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')).toBe(
      '0af7651916cd43dd8448eb211c80319c',
    );
  });

  it.each([
    undefined,
    7,
    '',
    'nonsense',
    '00-00000000000000000000000000000000-b7ad6b7169203331-01',
    '00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01',
  ])('starts a new one instead of %j', (traceparent) => {
    expect(traceIdFrom(traceparent)).toMatch(/^[0-9a-f]{32}$/);
    expect(traceIdFrom(traceparent)).not.toMatch(/^0+$/);
  });
});
