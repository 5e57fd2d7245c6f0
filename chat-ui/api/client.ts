import type { UiClock } from '../clock.ts';
import type { Credential } from './credential.ts';
import { asFailure, failureOf } from './failure.ts';

const TIMEOUT_MS = 35_000;

/** Calls to `/api/v1` of the server that served this page. Every method throws {@link ApiFailure} and nothing else. */
export interface ApiClient {
  get<T>(path: string, signal?: AbortSignal): Promise<T>;
  post<T>(path: string, body: unknown, options?: { signal?: AbortSignal; timeoutMs?: number }): Promise<T>;
  /** Changes something, and only if it still has version `ifVersion` (412 STALE_VERSION otherwise). */
  put<T>(path: string, body: unknown, ifVersion: number): Promise<T>;
  remove(path: string): Promise<void>;
  /** The body of a streamed answer; no deadline, the caller aborts. */
  stream(path: string, body: unknown, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
  /** True when the server accepts `token`. Any refusal other than 401 means that the token itself is good. */
  accepts(token: string): Promise<boolean>;
  /** Milliseconds since the epoch by the server's clock, so that ages are right on a machine whose clock is wrong. */
  serverNow(): number;
}

export function createApiClient(options: { fetch: typeof fetch; credential: Credential; clock: UiClock }): ApiClient {
  const { credential, clock } = options;
  let skewMs = 0;

  async function call(
    method: string,
    path: string,
    body: unknown,
    signal: AbortSignal,
    accept: string,
    ifMatch?: string,
  ): Promise<Response> {
    const token = credential.token.value;
    const response = await send(token, method, path, body, signal, accept, ifMatch);
    if (response.ok) return response;
    if (response.status === 401) credential.refused(token);
    throw await failureOf(response);
  }

  async function send(
    token: string | undefined,
    method: string,
    path: string,
    body: unknown,
    signal: AbortSignal,
    accept: string,
    ifMatch?: string,
  ) {
    const headers: Record<string, string> = { accept };
    if (ifMatch !== undefined) headers['if-match'] = ifMatch;
    if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const request: RequestInit = { method, headers, signal, credentials: 'same-origin', redirect: 'error' };
    if (body !== undefined) request.body = JSON.stringify(body);
    try {
      const response = await options.fetch(`/api/v1${path}`, request);
      observeDate(response.headers.get('date'));
      return response;
    } catch (thrown) {
      throw asFailure(thrown);
    }
  }

  /** `Date` has a resolution of one second and is late by the way here, so small differences are no skew. */
  function observeDate(date: string | null): void {
    const server = date === null ? Number.NaN : Date.parse(date);
    if (Number.isNaN(server)) return;
    const difference = server - clock.now();
    skewMs = Math.abs(difference) > 5000 ? difference : 0;
  }

  async function json<T>(
    method: string,
    path: string,
    body: unknown,
    given: { signal?: AbortSignal | undefined; timeoutMs?: number; ifMatch?: string },
  ): Promise<T> {
    const { signal, ifMatch } = given;
    const deadline = AbortSignal.timeout(given.timeoutMs ?? TIMEOUT_MS);
    const both = signal ? AbortSignal.any([signal, deadline]) : deadline;
    const response = await call(method, path, body, both, 'application/json', ifMatch);
    try {
      // proof: our own server validates every answer against the schema that T is inferred from before it sends it
      return (await response.json()) as T;
    } catch (thrown) {
      throw asFailure(thrown);
    }
  }

  return {
    get: (path, signal) => json('GET', path, undefined, { signal }),
    post: (path, body, given = {}) => json('POST', path, body, given),
    put: (path, body, ifVersion) => json('PUT', path, body, { ifMatch: `"${ifVersion}"` }),
    remove: async (path) => {
      await call('DELETE', path, undefined, AbortSignal.timeout(TIMEOUT_MS), 'application/json');
    },
    stream: async (path, body, signal) => {
      const response = await call('POST', path, body, signal, 'text/event-stream');
      if (response.body === null) throw asFailure(new TypeError('empty stream'));
      return response.body;
    },
    accepts: async (token) => {
      const response = await send(
        token,
        'GET',
        '/fleet/summary',
        undefined,
        AbortSignal.timeout(TIMEOUT_MS),
        'application/json',
      );
      if (response.ok || response.status === 403) return true;
      if (response.status === 401) return false;
      throw await failureOf(response);
    },
    serverNow: () => clock.now() + skewMs,
  };
}
