import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import type { Principal } from '../../backend/model/access.ts';
import type { Logger } from '../../backend/platform/logger.ts';
import { traceIdFrom } from './caller.ts';
import type { McpFactory } from './server.ts';

export interface StdioStreams {
  /** Where the client's messages come from, one JSON-RPC message a line. */
  readonly stdin: Readable;
  /** Protocol only; everything else goes to the log. */
  readonly stdout: Writable;
}

export interface StdioService {
  /** Resolves when the client has closed its end, or after `close`. Never rejects. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

/**
 * Serves MCP to one client on the other end of a pipe, in whichever protocol era it opens with. There is no credential on a
 * pipe: whoever may start the process is `principal`.
 */
export function serveMcpStdio(
  options: StdioStreams & { factory: McpFactory; principal: Principal; toolsets?: readonly string[]; logger: Logger },
): StdioService {
  const { factory, principal, toolsets, logger, stdin, stdout } = options;
  const caller = { principal, ...(toolsets === undefined ? {} : { toolsets }) };
  const handle = serveStdio(() => factory.create({ ...caller, traceId: traceIdFrom(undefined) }), {
    transport: new StdioServerTransport(stdin, stdout),
    onerror: (error) => logger.warn({ err: error }, 'MCP message refused'),
  });
  return { closed: endOf(stdin), close: () => handle.close() };
}

/** Resolves when a stream has ended, closed or failed; for a pipe all three mean that the other side is gone. */
export async function endOf(stream: Readable): Promise<void> {
  if (stream.readableEnded || stream.destroyed) return;
  const settled = new AbortController();
  const { signal } = settled;
  const ends = ['end', 'close', 'error'].map((event) => once(stream, event, { signal }));
  await Promise.race(ends).catch(() => undefined); // an error is an end too
  settled.abort();
  await Promise.allSettled(ends);
}
