import type { IncomingMessage } from 'node:http';
import { type RawData, WebSocket } from 'ws';
import { z } from 'zod';
import { AppError, quoteForeign } from '../model/errors.ts';
import { orAborted } from '../platform/abort.ts';
import type { Clock } from '../platform/clock.ts';
import { lokiRefusal } from './loki-error.ts';
import { type LokiEntry, parseStreams } from './loki-result.ts';
import { readCapped } from './read-body.ts';
import { spokeError } from './spoke-error.ts';
import { scrubbed } from './spoke-request.ts';
import { type CallLimits, type SpokeResponse, type SpokeTarget, type Transport, renewingOn401 } from './transport.ts';

/** `timeoutMs` is for the upgrade; `signal` ends the tail. */
export interface TailRequest extends CallLimits {
  readonly query: string;
  /** Where to begin; Loki's own fill-up from there is best effort (wire.md 3.3). */
  readonly startNs: bigint;
  /** Lines from before now at the most. */
  readonly limit: number;
}

export interface TailFrame {
  readonly entries: readonly LokiEntry[];
  /** Lines that Loki left out because its reader was slow. */
  readonly dropped: number;
}

/**
 * Ends only by an error: SPOKE_ERROR with `details.reason` CLOSED (Loki said why: its limits of one hour and of ten tails),
 * TRUNCATED (cut off) or SILENT, or the signal's reason. The peer is not read from while frames wait to be taken.
 */
export interface LokiTail {
  readonly frames: AsyncIterable<TailFrame>;
}

const SERVICE = 'Loki';
/** Loki pings every second. */
const SILENT_MS = 20_000;
/** Frames that may wait here; behind them the connection is paused, and Loki counts what it drops. */
const MAX_WAITING = 16;
const MAX_FRAME_BYTES = 32 * 1024 * 1024;
const MAX_REFUSAL_BYTES = 65_536;

const Frame = z.object({ streams: z.unknown().optional(), dropped_entries: z.array(z.unknown()).nullish() });

interface Upgraded {
  readonly status: 101;
  readonly socket: WebSocket;
}

export function createLokiTail({ transport, clock }: { readonly transport: Transport; readonly clock: Clock }) {
  async function upgrade(
    target: SpokeTarget,
    request: TailRequest,
    signal: AbortSignal,
  ): Promise<Upgraded | SpokeResponse> {
    const { socket, headers } = await transport.dial(target, { timeoutMs: request.timeoutMs, signal });
    const url = urlOf(target, request);
    return new Promise<Upgraded | SpokeResponse>((resolve, reject) => {
      const webSocket = new WebSocket(url, {
        createConnection: () => socket,
        headers: { ...headers, 'x-loki-response-encoding-flags': 'categorize-labels' },
        followRedirects: false,
        perMessageDeflate: false,
        maxPayload: MAX_FRAME_BYTES,
      });
      webSocket.once('open', () => {
        // Frames may come in one packet with the upgrade, before anybody listens.
        webSocket.pause();
        resolve({ status: 101, socket: webSocket });
      });
      webSocket.once('unexpected-response', (_request, response: IncomingMessage) => {
        refusedBy(response, url.host).then((answer) => resolve(scrubbed(answer, target.auth)), reject);
        response.once('close', () => socket.destroy());
      });
      webSocket.on('error', () => {
        socket.destroy();
        reject(spokeError(`${SERVICE} does not speak WebSocket at its tail.`, { reason: 'TRUNCATED' }));
      });
    });
  }

  return async function tail(target: SpokeTarget, request: TailRequest): Promise<LokiTail> {
    request.signal?.throwIfAborted();
    const end = new AbortController();
    const signal = request.signal ? AbortSignal.any([end.signal, request.signal]) : end.signal;
    const cancelDeadline = clock.after(request.timeoutMs, () => end.abort(slow(request.timeoutMs)));
    try {
      const answer = await orAborted(
        renewingOn401(target, (to) => upgrade(to, request, signal)),
        signal,
      );
      if (!('socket' in answer)) throw lokiRefusal(answer, request.query);
      return { frames: framesOf(answer.socket, { end, signal, clock }) };
    } catch (thrown) {
      // The connection below was dialled with this signal and goes with it.
      end.abort(thrown);
      throw thrown;
    } finally {
      cancelDeadline();
    }
  };
}

/** Listens from here on, so that nothing is missed before the first frame is taken. */
function framesOf(
  socket: WebSocket,
  { end, signal, clock }: { readonly end: AbortController; readonly signal: AbortSignal; readonly clock: Clock },
): AsyncIterable<TailFrame> {
  const waiting: TailFrame[] = [];
  let failure: { readonly error: unknown } | undefined;
  let wake = () => {};
  const fail = (error: unknown) => {
    failure ??= { error };
    cancelSilence();
    end.abort(error);
    wake();
  };
  const awaitSign = () =>
    clock.after(SILENT_MS, () =>
      fail(spokeError(`${SERVICE} has been silent for ${SILENT_MS / 1000} s in a tail.`, { reason: 'SILENT' })),
    );
  let cancelSilence = awaitSign();
  const alive = () => {
    cancelSilence();
    if (!failure) cancelSilence = awaitSign();
  };
  socket.on('ping', alive);
  socket.on('message', (data) => {
    alive();
    try {
      waiting.push(frameOf(data));
    } catch (thrown) {
      fail(thrown);
    }
    if (waiting.length >= MAX_WAITING) {
      // Pings are not read either while it is paused, so silence means nothing then.
      socket.pause();
      cancelSilence();
    }
    wake();
  });
  socket.on('error', () => fail(cutOff()));
  socket.on('close', (code, reason) => fail(code === 1006 ? cutOff() : closed(code, reason.toString('utf8'))));
  signal.addEventListener('abort', () => fail(signal.reason), { once: true });
  if (signal.aborted) fail(signal.reason);
  socket.resume();

  return (async function* read(): AsyncGenerator<TailFrame> {
    try {
      for (;;) {
        const frame = waiting.shift();
        if (frame) {
          if (socket.isPaused && waiting.length < MAX_WAITING / 2) {
            socket.resume();
            alive();
          }
          yield frame;
        } else if (failure) throw failure.error;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    } finally {
      fail(new AppError('CANCELLED', 'The tail was left.'));
      socket.terminate();
    }
  })();
}

function frameOf(data: RawData): TailFrame {
  const bytes = Buffer.isBuffer(data) ? data : Buffer.concat(Array.isArray(data) ? data : [Buffer.from(data)]);
  try {
    const frame = Frame.parse(JSON.parse(bytes.toString('utf8')));
    return { entries: parseStreams(frame.streams), dropped: frame.dropped_entries?.length ?? 0 };
  } catch {
    throw spokeError(`${SERVICE} sent a frame in a tail that its API does not promise (${bytes.length} bytes).`, {
      reason: 'SHAPE',
    });
  }
}

function urlOf(target: SpokeTarget, { query, startNs, limit }: TailRequest): URL {
  const url = new URL(target.url);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.pathname = `${url.pathname.replace(/\/$/, '')}/loki/api/v1/tail`;
  url.searchParams.set('query', query);
  url.searchParams.set('start', String(startNs));
  url.searchParams.set('limit', String(limit));
  return url;
}

async function refusedBy(response: IncomingMessage, where: string): Promise<SpokeResponse> {
  const status = response.statusCode ?? 0;
  if (status >= 300 && status < 400)
    throw spokeError(
      `${where} answered with a redirect (${status}); redirects are never followed.`,
      { reason: 'REDIRECT', status },
      'The gateway of a LokiStack redirects to its login when the token is missing or not valid.',
    );
  const headers: Record<string, string> = {};
  for (const name of ['content-type', 'content-length', 'retry-after']) {
    const value = response.headers[name];
    if (typeof value === 'string') headers[name] = value;
  }
  return { status, headers, body: await readCapped(response, MAX_REFUSAL_BYTES, where, headers['content-length']) };
}

function closed(code: number, reason: string): AppError {
  return spokeError(`${SERVICE} ended the tail (${code}): ${quoteForeign(reason, 200)}.`, { reason: 'CLOSED', code });
}

function cutOff(): AppError {
  return spokeError(`The connection to ${SERVICE} was cut off in a tail.`, { reason: 'TRUNCATED', code: 1006 });
}

function slow(timeoutMs: number): AppError {
  return new AppError('QUERY_TIMEOUT', `${SERVICE} did not begin the tail within ${Math.round(timeoutMs) / 1000} s.`);
}
