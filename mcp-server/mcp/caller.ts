import { randomBytes } from 'node:crypto';
import type { AuthInfo } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { Principal } from '../../backend/model/access.ts';

const CallerRecord = z.strictObject({
  principal: Principal,
  trace_id: z.string(),
  toolsets: z.array(z.string()).optional(),
});

/** Who makes one MCP request, under which trace, and to which toolsets the client narrowed itself. */
export interface Caller {
  readonly principal: Principal;
  readonly traceId: string;
  /** Left out = every toolset of the deployment. */
  readonly toolsets?: readonly string[];
}

/**
 * The caller in the one field that the SDK carries from an HTTP request to its handlers. No credential travels with it:
 * below the edge nothing could use one, and nothing may forward it.
 */
export function toAuthInfo(caller: Caller): AuthInfo {
  const record: z.input<typeof CallerRecord> = {
    principal: caller.principal,
    trace_id: caller.traceId,
    ...(caller.toolsets === undefined ? {} : { toolsets: [...caller.toolsets] }),
  };
  return { token: '', clientId: caller.principal.id, scopes: [], extra: { caller: record } };
}

/** The reverse of {@link toAuthInfo}. Throws when the request was not given a caller, so that a wiring mistake fails closed. */
export function callerOf(authInfo: AuthInfo | undefined): Caller {
  const { principal, trace_id, toolsets } = CallerRecord.parse(authInfo?.extra?.['caller']);
  return { principal, traceId: trace_id, ...(toolsets === undefined ? {} : { toolsets }) };
}

/** `00-<trace id>-<span id>-<flags>`, W3C Trace Context level 1, section 3.2. */
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The trace id (32 hex digits) of a `traceparent`, or a new one when there is none that is valid. */
export function traceIdFrom(traceparent: unknown): string {
  const id = typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent)?.[1] : undefined;
  return id === undefined || /^0+$/.test(id) ? randomBytes(16).toString('hex') : id;
}
