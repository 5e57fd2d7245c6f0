import type { Duplex } from 'node:stream';
import type { Dispatcher } from 'undici';
import { asAppError } from '../model/errors.ts';
import { orAborted } from '../platform/abort.ts';
import type { Clock } from '../platform/clock.ts';
import { hostOf } from './address-policy.ts';
import { readCapped } from './read-body.ts';
import { spokeError } from './spoke-error.ts';
import {
  beforeAnswer,
  firstValues,
  headersOf,
  redirected,
  renewingOn401,
  resolveUrl,
  scrubbed,
  timedOut,
} from './spoke-request.ts';
import type { LaneUse, SpokeResponse, SpokeStream, SpokeTarget, StreamRequest, Transport } from './transport.ts';

export interface LongLivedOptions {
  /** Checks the target's URL and gives its connections. */
  readonly acquire: (target: SpokeTarget) => LaneUse;
  readonly clock: Clock;
  readonly version: string;
  /** Metrics and log of how it began; `outcome` is SUCCESS, ABORTED or an error code. */
  readonly observe: (target: SpokeTarget, path: string, outcome: string, startedMs: number) => void;
}

/** Cap on the body of an answer that is not a stream after all. */
const MAX_REFUSAL_BYTES = 1024 * 1024;

/** The ways of the transport whose connections do not end with an answer. */
export function createLongLived(options: LongLivedOptions): Pick<Transport, 'stream' | 'dial'> {
  const { acquire, clock, version } = options;

  /** Runs the start of something long under deadline, caller's signal and the lane's own end, and reports how it went. */
  async function started<T>(
    target: SpokeTarget,
    path: string,
    limits: { readonly timeoutMs: number; readonly signal?: AbortSignal },
    start: (lane: LaneUse, end: AbortController, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    limits.signal?.throwIfAborted();
    const startedMs = clock.monotonicMs();
    const end = new AbortController();
    let outcome = 'SUCCESS';
    let lane: LaneUse | undefined;
    const cancelDeadline = clock.after(limits.timeoutMs, () => end.abort(timedOut(target, limits.timeoutMs)));
    try {
      lane = acquire(target);
      const signal = AbortSignal.any([end.signal, lane.retired, ...(limits.signal ? [limits.signal] : [])]);
      try {
        return await orAborted(start(lane, end, signal), signal);
      } catch (thrown) {
        throw signal.aborted ? signal.reason : thrown;
      }
    } catch (thrown) {
      lane?.release();
      if (limits.signal?.aborted) {
        outcome = 'ABORTED';
        throw limits.signal.reason;
      }
      const error = asAppError(thrown);
      outcome = error.code;
      throw error;
    } finally {
      cancelDeadline();
      options.observe(target, path, outcome, startedMs);
    }
  }

  function open(target: SpokeTarget, wanted: StreamRequest): Promise<SpokeStream | SpokeResponse> {
    return started(target, wanted.path, wanted, async (lane, end, signal) => {
      const { url, where } = resolveUrl(target, wanted);
      const done = await target.turn?.(signal);
      const answer = await lane.agent
        .request({
          origin: url.origin,
          path: url.pathname + url.search,
          method: 'GET',
          // A compressed stream would be held back until the compressor has a block full.
          headers: headersOf(target, { headers: { 'accept-encoding': 'identity' } }, version),
          signal,
        })
        .catch((thrown: unknown) => {
          throw beforeAnswer(thrown, where);
        })
        .finally(() => done?.());
      const { statusCode: status, body } = answer;
      body.on('error', () => undefined); // whoever reads it hears of it; nobody may be reading when it ends
      const headers = firstValues(answer.headers);
      try {
        if (status >= 300 && status < 400) throw redirected(where, status, headers['location']);
        const encoding = headers['content-encoding'] ?? 'identity';
        if (encoding !== 'identity')
          throw spokeError(`${where} compresses its stream, which was not asked for.`, { reason: 'ENCODING' });
        if (status >= 200 && status < 300) {
          body.once('close', lane.release);
          return { status, chunks: chunksOf(body, { where, wanted, end, signal }) };
        }
        const text = await readCapped(body, MAX_REFUSAL_BYTES, where, headers['content-length']);
        lane.release();
        return scrubbed({ status, headers, body: text }, target.auth);
      } catch (thrown) {
        body.destroy();
        throw thrown;
      }
    });
  }

  function chunksOf(
    body: Dispatcher.ResponseData['body'],
    about: {
      readonly where: string;
      readonly wanted: StreamRequest;
      readonly end: AbortController;
      readonly signal: AbortSignal;
    },
  ): AsyncIterable<Buffer> {
    const { where, wanted, end, signal } = about;
    const awaitMore = () =>
      clock.after(wanted.idleMs, () => {
        end.abort(spokeError(`${where} has been silent for ${wanted.idleMs / 1000} s.`, { reason: 'SILENT' }));
      });
    // Runs from here, so that a stream that nobody reads ends too.
    let cancelWait = awaitMore();
    return (async function* read(): AsyncGenerator<Buffer> {
      try {
        for await (const chunk of body) {
          cancelWait();
          if (!Buffer.isBuffer(chunk)) throw new TypeError('undici bodies are made of buffers');
          yield chunk;
          cancelWait = awaitMore();
        }
      } catch (thrown) {
        if (signal.aborted) throw signal.reason;
        if (thrown instanceof TypeError) throw thrown;
        throw spokeError(`${where} broke off in the middle of its answer.`, { reason: 'TRUNCATED' });
      } finally {
        cancelWait();
        body.destroy();
      }
    })();
  }

  return {
    stream: (target, request) => renewingOn401(target, (to) => open(to, request)),
    dial: (target, limits) =>
      started(target, '(socket)', limits, async (lane, end, signal) => {
        const { where } = resolveUrl(target, { path: '' });
        const done = await target.turn?.(signal);
        const socket = await connect(lane, new URL(target.url), signal)
          .catch((thrown: unknown) => {
            throw beforeAnswer(thrown, where);
          })
          .finally(() => done?.());
        socket.once('close', lane.release).on('error', () => undefined); // whoever takes it over listens too
        const hangUp = () => socket.destroy();
        signal.addEventListener('abort', hangUp, { once: true });
        socket.once('close', () => signal.removeEventListener('abort', hangUp));
        return { socket, headers: headersOf(target, {}, version) };
      }),
  };
}

/** A connection that comes about after the wait for it has ended is closed at once. */
function connect(lane: LaneUse, url: URL, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const at = { hostname: hostOf(url), host: url.host, protocol: url.protocol, port: url.port };
    lane.connector.connect(at, (error, socket) => {
      if (error) reject(error);
      else if (signal.aborted) socket?.destroy();
      else if (socket) resolve(socket);
    });
  });
}
