/** Failure switches of the doubles of Loki and Tempo (wire.md 10.1). */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';

/** A fault holds for requests whose path starts with `path` (left out = all) and, with `times`, for so many of them only. */
export type SignalFault = { readonly path?: string; readonly times?: number } & (
  | { readonly kind: 'DELAY'; readonly ms: number }
  /** Accepts and never answers. */
  | { readonly kind: 'HANG' }
  /** The connection is gone before an answer. */
  | { readonly kind: 'RESET' }
  /** The first half of the answer, then the connection is gone. */
  | { readonly kind: 'TRUNCATE' }
  | { readonly kind: 'STATUS'; readonly status: number; readonly body?: string; readonly retryAfterSeconds?: number }
  /** 200 with the page of a login proxy. */
  | { readonly kind: 'LOGIN_PAGE' }
  | { readonly kind: 'REDIRECT' }
  /** 200, JSON, and not what was asked for. */
  | { readonly kind: 'WRONG_SHAPE' }
  /** 200 and so many bytes of JSON. */
  | { readonly kind: 'HUGE'; readonly bytes: number }
);

export interface SignalAnswer {
  readonly status: number;
  readonly body: string;
  readonly contentType: 'application/json' | 'text/plain; charset=utf-8' | 'text/html; charset=utf-8';
  readonly headers?: Readonly<Record<string, string>>;
}

export function jsonAnswer(body: unknown): SignalAnswer {
  return { status: 200, contentType: 'application/json', body: JSON.stringify(body) };
}

export function textAnswer(status: number, body: string): SignalAnswer {
  return { status, contentType: 'text/plain; charset=utf-8', body };
}

export interface SignalFaults {
  /** Takes the place of all faults before. */
  set(faults: readonly SignalFault[]): void;
  /** Sends what `answer` gives, or what a fault makes of it; compressed where the caller takes gzip. */
  respond(request: IncomingMessage, response: ServerResponse, answer: () => SignalAnswer): Promise<void>;
}

export function createSignalFaults(): SignalFaults {
  let active: { readonly fault: SignalFault; left: number }[] = [];
  const take = (path: string): SignalFault | undefined => {
    const entry = active.find(({ fault, left }) => left > 0 && path.startsWith(fault.path ?? ''));
    if (entry) entry.left -= 1;
    return entry?.fault;
  };
  return {
    set: (faults) => {
      active = faults.map((fault) => ({ fault, left: fault.times ?? Number.POSITIVE_INFINITY }));
    },
    respond: async (request, response, answer) => {
      const fault = take(request.url ?? '/');
      if (fault?.kind === 'DELAY') await new Promise((resolve) => setTimeout(resolve, fault.ms));
      if (fault?.kind === 'HANG') return;
      if (fault?.kind === 'RESET') {
        request.socket.destroy();
        return;
      }
      const { status, body, contentType, headers } = (fault && instead(fault)) ?? answer();
      if (fault?.kind === 'TRUNCATE') {
        response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) });
        response.write(body.slice(0, Math.ceil(body.length / 2)), () => response.destroy());
        return;
      }
      const zip = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
      response.writeHead(status, {
        'content-type': contentType,
        ...(zip ? { 'content-encoding': 'gzip' } : {}),
        ...headers,
      });
      response.end(zip ? gzipSync(body) : body);
    },
  };
}

function instead(fault: SignalFault): SignalAnswer | undefined {
  switch (fault.kind) {
    case 'STATUS':
      return {
        ...textAnswer(fault.status, fault.body ?? `a fault of the double: ${fault.status}`),
        ...(fault.retryAfterSeconds === undefined
          ? {}
          : { headers: { 'retry-after': String(fault.retryAfterSeconds) } }),
      };
    case 'LOGIN_PAGE':
      return { status: 200, contentType: 'text/html; charset=utf-8', body: '<!doctype html><title>Sign in</title>' };
    case 'REDIRECT':
      return { ...textAnswer(302, 'Found'), headers: { location: 'https://login.invalid/authorize' } };
    case 'WRONG_SHAPE':
      return jsonAnswer([{ hello: 'world' }]);
    case 'HUGE':
      return jsonAnswer({ padding: 'x'.repeat(fault.bytes) });
    case 'DELAY':
    case 'HANG':
    case 'RESET':
    case 'TRUNCATE':
      return undefined;
  }
}
