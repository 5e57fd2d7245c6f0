import type { IncomingMessage } from 'node:http';
import type { Principal } from '../../backend/model/access.ts';
import { AppError } from '../../backend/model/errors.ts';
import type { TraceContext } from './trace.ts';

/** What the edge knows of a request besides the request itself. */
export interface RequestState {
  readonly trace: TraceContext;
  principal?: Principal;
}

const states = new WeakMap<IncomingMessage, RequestState>();

export function beginRequest(request: IncomingMessage, trace: TraceContext): RequestState {
  const state: RequestState = { trace };
  states.set(request, state);
  return state;
}

export function stateOf(request: IncomingMessage): RequestState {
  const state = states.get(request);
  if (!state) throw new Error('request was not begun');
  return state;
}

/** The authenticated caller; AUTH_FAILED when the identity middleware has not run, so a route can never be left open by mistake. */
export function principalOf(request: IncomingMessage): Principal {
  const { principal } = stateOf(request);
  if (!principal) throw new AppError('AUTH_FAILED', 'This request is not authenticated.');
  return principal;
}
