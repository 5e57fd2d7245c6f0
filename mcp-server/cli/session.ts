import { AppError, ERROR_CODES, type ErrorCode } from '../../backend/model/errors.ts';
import { systemClock } from '../../backend/platform/clock.ts';
import type { Logger } from '../../backend/platform/logger.ts';
import { createMetrics } from '../../backend/platform/metrics.ts';
import { acquireDataFolder } from '../../backend/platform/store/data-folder-lock.ts';
import { catalog } from '../../tools/catalog.ts';
import type { EffectiveConfig } from '../config.ts';
import { newTraceId } from '../http/trace.ts';
import { LOCAL_PRINCIPAL } from '../identity/identity.ts';
import { findServer } from './find-server.ts';

export interface CliAnswer {
  readonly output: Record<string, unknown>;
  readonly text: string;
}

/** One command's way to the tools: through the server that holds the data folder, or by opening the folder itself. */
export interface CliSession {
  /** URL of the server it goes through; undefined when it opened the folder itself. */
  readonly via: string | undefined;
  call(tool: string, input: unknown): Promise<CliAnswer>;
  close(): Promise<void>;
}

export async function openSession(config: EffectiveConfig, logger: Logger): Promise<CliSession> {
  const server = await findServer(config);
  if (server) return remoteSession(server.url, server.token);
  const lock = config.database_url === undefined ? await acquireDataFolder(config.data_dir) : undefined;
  try {
    const { openRuntime } = await import('../runtime.ts'); // the database and all; a command that joins a server needs none of it
    const runtime = await openRuntime({
      config,
      clock: systemClock,
      logger,
      metrics: createMetrics(),
      lock,
      background: false,
    });
    return {
      via: undefined,
      call: (tool, input) =>
        runtime.dispatcher.call({
          tool,
          input,
          principal: LOCAL_PRINCIPAL,
          door: 'cli',
          traceId: newTraceId(),
          confirmed: true,
        }),
      close: async () => {
        await runtime.close();
        await lock?.release();
      },
    };
  } catch (error) {
    await lock?.release();
    throw error;
  }
}

function remoteSession(url: string, token: string): CliSession {
  return {
    via: url,
    close: async () => {},
    call: async (tool, input) => {
      const response = await fetch(`${url}/api/v1/tools/${encodeURIComponent(tool)}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
        body: JSON.stringify(input ?? {}),
        redirect: 'error',
      }).catch((cause: unknown) => {
        throw new AppError('CLUSTER_UNREACHABLE', `The server at ${url} holds the data folder but does not answer.`, {
          cause,
          hint: 'Wait for it to start, or stop it.',
        });
      });
      const body: unknown = response.status === 204 ? {} : await response.json();
      if (!response.ok) throw errorFrom(body, response.status);
      const output = body as Record<string, unknown>; // proof: the server validated it against the tool's output schema
      const definition = catalog.find((candidate) => candidate.name === tool);
      return { output, text: definition ? definition.summarize(output) : '' };
    },
  };
}

function errorFrom(body: unknown, status: number): AppError {
  if (
    body !== null &&
    typeof body === 'object' &&
    'error' in body &&
    body.error !== null &&
    typeof body.error === 'object'
  ) {
    const { code, message, details, trace_id } = body.error as Record<string, unknown>; // proof: an object; fields are checked below
    if (typeof code === 'string' && Object.hasOwn(ERROR_CODES, code) && typeof message === 'string') {
      const facts = details !== null && typeof details === 'object' ? (details as Record<string, unknown>) : {}; // proof: checked
      return new AppError(code as ErrorCode, message, { details: { ...facts, trace_id } }); // proof: hasOwn
    }
  }
  return new AppError('INTERNAL_ERROR', `The server answered ${status} without a readable error.`);
}
