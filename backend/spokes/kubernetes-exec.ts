import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { AppError, quoteForeign } from '../model/errors.ts';
import { orAborted } from '../platform/abort.ts';
import type { Clock } from '../platform/clock.ts';
import type { ExecRequest, ExecResult, KubernetesClient } from './kubernetes-api.ts';
import { SERVICE, refusal } from './kubernetes-error.ts';
import { callOf, checkNames } from './kubernetes-objects.ts';
import { readCapped } from './read-body.ts';
import { spokeError } from './spoke-error.ts';
import { scrubbed } from './spoke-request.ts';
import { type SpokeResponse, type SpokeTarget, type Transport, renewingOn401 } from './transport.ts';

/*
 * Exec by the remote command protocol over WebSocket, versions 5 and 4 (wire.md §5.2). The library's own handler is not used: it
 * throws out of its event listeners, which ends the process, on an empty frame, an unknown channel and a status that is not JSON,
 * and closes this process's standard output when a server closes channel 1. A spoke must not be able to do either.
 */

const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
const STDOUT = 1;
const STDERR = 2;
const STATUS = 3;
/** Version 5: the other side has closed the channel that follows. */
const CLOSE = 255;

const DEFAULT_MAX_BYTES = 1024 * 1024;
const MAX_STATUS_BYTES = 65_536;
const MAX_REFUSAL_BYTES = 65_536;

const Status = z.object({
  status: z.string(),
  message: z.string().default(''),
  reason: z.string().default(''),
  details: z
    .object({
      causes: z.array(z.object({ reason: z.string().default(''), message: z.string().default('') })).nullish(),
    })
    .nullish(),
});

interface Upgraded {
  readonly status: 101;
  readonly socket: WebSocket;
}

export function createExec({
  transport,
  clock,
}: {
  readonly transport: Transport;
  readonly clock: Clock;
}): KubernetesClient['exec'] {
  async function upgrade(target: SpokeTarget, request: ExecRequest, timeoutMs: number, signal: AbortSignal) {
    const { socket, headers } = await transport.dial(target, { timeoutMs, signal });
    const url = urlOf(target, request);
    return new Promise<Upgraded | SpokeResponse>((resolve, reject) => {
      const webSocket = new WebSocket(url, PROTOCOLS, {
        createConnection: () => socket,
        headers,
        followRedirects: false,
        perMessageDeflate: false,
        maxPayload: (request.maxBytes ?? DEFAULT_MAX_BYTES) + MAX_STATUS_BYTES,
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
        reject(unknown('it does not speak the remote command protocol'));
      });
    });
  }

  return async (target, request) => {
    checkNames({ namespace: request.namespace, name: request.pod });
    request.signal?.throwIfAborted();
    const { remainingMs } = callOf(target, request, clock);
    const end = new AbortController();
    const cancelDeadline = clock.after(request.timeoutMs, () => end.abort(timedOut(request.timeoutMs)));
    const signal = request.signal ? AbortSignal.any([end.signal, request.signal]) : end.signal;
    try {
      const answer = await orAborted(
        renewingOn401(target, (to) => upgrade(to, request, remainingMs(), signal)),
        signal,
      );
      if (!('socket' in answer)) throw refusal(answer);
      return await orAborted(result(answer.socket, request), signal);
    } finally {
      cancelDeadline();
      // The socket below belongs to this exec alone: dialled with this signal, it goes with it.
      end.abort();
    }
  };
}

/** The outcome, which is known only once the status has come. */
function result(socket: WebSocket, request: ExecRequest): Promise<ExecResult> {
  const maxBytes = request.maxBytes ?? DEFAULT_MAX_BYTES;
  const output: Record<typeof STDOUT | typeof STDERR, Buffer[]> = { [STDOUT]: [], [STDERR]: [] };
  let bytes = 0;
  return new Promise((resolve, reject) => {
    socket.on('message', (data) => {
      const frame = Buffer.isBuffer(data) ? data : Buffer.concat(Array.isArray(data) ? data : [Buffer.from(data)]);
      const channel = frame[0];
      const payload = frame.subarray(1);
      if (channel === STDOUT || channel === STDERR) {
        bytes += payload.length;
        if (bytes > maxBytes) reject(tooLarge(maxBytes));
        else output[channel].push(payload);
      } else if (channel === STATUS) {
        const exitCode = exitCodeOf(payload);
        if (exitCode instanceof AppError) reject(exitCode);
        else resolve({ exitCode, stdout: Buffer.concat(output[STDOUT]), stderr: Buffer.concat(output[STDERR]) });
      } else if (channel !== CLOSE && channel !== undefined) {
        reject(unknown(`it used channel ${channel}, which the protocol does not have`));
      }
    });
    socket.once('error', () => reject(unknown('it broke the remote command protocol')));
    socket.once('close', () => reject(unknown('the connection ended before the status of the command came')));
    socket.resume();
  });
}

function exitCodeOf(payload: Buffer): number | AppError {
  const status = Status.safeParse(jsonOf(payload));
  if (!status.success) return unknown('the status of the command is not one');
  if (status.data.status === 'Success') return 0;
  const cause = status.data.details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message;
  const said = quoteForeign(status.data.message || status.data.reason, 200);
  if (status.data.reason !== 'NonZeroExitCode' || cause === undefined || !/^\d{1,3}$/.test(cause)) {
    return spokeError(`${SERVICE} could not run the command: ${said}.`, { reason: 'EXEC' });
  }
  return Number(cause);
}

function jsonOf(payload: Buffer): unknown {
  if (payload.length > MAX_STATUS_BYTES) return undefined;
  try {
    return JSON.parse(payload.toString('utf8'));
  } catch {
    return undefined;
  }
}

async function refusedBy(response: IncomingMessage, where: string): Promise<SpokeResponse> {
  const status = response.statusCode ?? 0;
  if (status >= 300 && status < 400) {
    throw spokeError(`${where} answered with a redirect (${status}); redirects are never followed.`, {
      reason: 'REDIRECT',
      status,
    });
  }
  const headers = Object.fromEntries(
    Object.entries(response.headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? (value[0] ?? '') : value]],
    ),
  );
  const body = await readCapped(response, MAX_REFUSAL_BYTES, where, headers['content-length']);
  return { status, headers, body };
}

function urlOf(target: SpokeTarget, { namespace, pod, container, command }: ExecRequest): URL {
  const url = new URL(target.url);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.pathname = `${url.pathname.replace(/\/$/, '')}/api/v1/namespaces/${namespace}/pods/${pod}/exec`;
  for (const part of command) url.searchParams.append('command', part);
  if (container !== undefined) url.searchParams.set('container', container);
  for (const [name, value] of Object.entries({ stdin: false, stdout: true, stderr: true, tty: false }))
    url.searchParams.set(name, String(value));
  return url;
}

function unknown(why: string): AppError {
  return spokeError(`Whether the command ran is unknown: ${why}.`, { reason: 'EXEC' });
}

function tooLarge(maxBytes: number): AppError {
  return spokeError(
    `The command printed more than ${Math.round(maxBytes / 1024)} KiB, which is the cap; nothing of it was used.`,
    { reason: 'TOO_LARGE', limit_bytes: maxBytes },
  );
}

function timedOut(timeoutMs: number): AppError {
  return new AppError('QUERY_TIMEOUT', `The command did not end within ${Math.round(timeoutMs) / 1000} s.`, {
    details: { timeout_ms: timeoutMs },
  });
}
