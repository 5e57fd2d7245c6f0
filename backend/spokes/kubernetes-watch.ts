import { z } from 'zod';
import { type Clock, sleep } from '../platform/clock.ts';
import type { KubernetesClient, WatchEvent, WatchRequest } from './kubernetes-api.ts';
import { SERVICE, hasReason, refusal, shaped } from './kubernetes-error.ts';
import { checkNames } from './kubernetes-objects.ts';
import { spokeError } from './spoke-error.ts';
import type { SpokeTarget, Transport } from './transport.ts';

export interface WatchOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly list: KubernetesClient['list'];
}

/** The server ends each stream after so many seconds, so that a dead connection is noticed and clusters share their load. */
const STREAM_SECONDS = 290;
const IDLE_MS = (STREAM_SECONDS + 30) * 1000;
/** Two starts lie at least so far apart, whatever the server does. */
const MIN_TURN_MS = 1000;
/** Longest event in bytes: an object may have 1.5 MiB in etcd, and more as JSON. */
const MAX_LINE_BYTES = 10 * 1024 * 1024;

const Event = z.object({ type: z.string(), object: z.unknown() });
const Versioned = z.object({ metadata: z.object({ resourceVersion: z.string() }) });
const Failure = z.object({ code: z.int().optional(), message: z.string().default('no reason given') });

/** Where to go on, or EXPIRED when the server has forgotten the place. */
type Turn = { readonly resourceVersion: string } | 'EXPIRED';

export function createWatch({ transport, clock, list }: WatchOptions): KubernetesClient['watch'] {
  async function* watch<T>(target: SpokeTarget, request: WatchRequest<T>): AsyncGenerator<WatchEvent<T>> {
    checkNames(request);
    for (;;) {
      const { items, resourceVersion } = await list(target, request);
      yield { type: 'SYNC', items };
      let turn: Turn = { resourceVersion };
      while (turn !== 'EXPIRED') {
        const startedMs = clock.monotonicMs();
        turn = yield* stream(target, request, turn.resourceVersion);
        const early = MIN_TURN_MS - (clock.monotonicMs() - startedMs);
        if (early > 0) await sleep(clock, early, request.signal);
      }
    }
  }

  async function* stream<T>(
    target: SpokeTarget,
    request: WatchRequest<T>,
    from: string,
  ): AsyncGenerator<WatchEvent<T>, Turn> {
    const answer = await transport.stream(target, {
      path: pathOf(request),
      query: new URLSearchParams({
        watch: '1',
        resourceVersion: from,
        allowWatchBookmarks: 'true',
        timeoutSeconds: String(STREAM_SECONDS),
        ...(request.labelSelector === undefined ? {} : { labelSelector: request.labelSelector }),
        ...(request.fieldSelector === undefined ? {} : { fieldSelector: request.fieldSelector }),
      }),
      timeoutMs: request.timeoutMs,
      idleMs: IDLE_MS,
      ...(request.signal ? { signal: request.signal } : {}),
    });
    if (!('chunks' in answer)) {
      if (answer.status === 410) return 'EXPIRED';
      throw refusal(answer);
    }
    let resourceVersion = from;
    try {
      for await (const line of lines(answer.chunks)) {
        const { type, object } = shaped(Event, parse(line));
        if (type === 'ERROR') {
          const failure = shaped(Failure, object);
          if (failure.code === 410) return 'EXPIRED';
          throw failed(failure);
        }
        resourceVersion = shaped(Versioned, object, 'object').metadata.resourceVersion;
        if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED')
          yield { type, item: shaped(request.item, object, 'object') };
      }
    } catch (thrown) {
      // A stream that broke off or went dead is no more than a short one: the next goes on where it was.
      if (!hasReason(thrown, 'TRUNCATED') && !hasReason(thrown, 'SILENT')) throw thrown;
    }
    return { resourceVersion };
  }

  return watch;
}

function pathOf({ group, version, namespace, resource }: WatchRequest<unknown>): string {
  const base = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  return `${base}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${resource}`;
}

/** Lines without their end; what follows the last one is of an event that was cut off, and comes again. */
async function* lines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      const line = Buffer.concat([...pending, chunk.subarray(start, end)]).toString('utf8');
      [pending, pendingBytes, start] = [[], 0, end + 1];
      if (line.trim() !== '') yield line;
    }
    const rest = chunk.subarray(start);
    pending.push(rest);
    pendingBytes += rest.length;
    if (pendingBytes > MAX_LINE_BYTES)
      throw spokeError(`${SERVICE} sent an event of more than ${MAX_LINE_BYTES / 1024 / 1024} MiB.`, {
        reason: 'TOO_LARGE',
        limit_bytes: MAX_LINE_BYTES,
      });
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw spokeError(`${SERVICE} sent what is not JSON in a watch (${line.length} characters).`, {
      reason: 'INVALID_JSON',
    });
  }
}

function failed({ code, message }: z.infer<typeof Failure>) {
  const body = Buffer.from(JSON.stringify({ kind: 'Status', message }));
  return refusal({ status: code ?? 500, headers: { 'content-type': 'application/json' }, body });
}
