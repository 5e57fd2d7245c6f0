import { existsSync } from 'node:fs';
import path from 'node:path';
import { AppError, ERROR_CODES, type ErrorCode, asAppError } from '../../backend/model/errors.ts';
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
  /** `aiops://evidence/{id}` of the whole answer, when `output` had to be cut for its size. */
  readonly evidence?: string;
}

/** One command's way to the tools: through the server that holds the data folder, or by opening the folder itself. */
export interface CliSession {
  /** Opens the way at the first call. Throws AppError only, with `details.trace_id` once a tool has been asked. */
  call(tool: string, input: unknown): Promise<CliAnswer>;
  /** URL of the server that calls go through; undefined before the first, and when this process opened the database itself. */
  readonly via: string | undefined;
  close(): Promise<void>;
}

/** A way that stands. */
interface Way extends Pick<CliSession, 'call' | 'close'> {
  readonly via: string | undefined;
}

/** Nothing is opened before the first call, which also says whether a data folder may be made: only for what adds something. */
export function createSession(config: EffectiveConfig, logger: Logger): CliSession {
  let opened: Promise<Way> | undefined;
  let via: string | undefined;
  return {
    get via() {
      return via;
    },
    call: async (tool, input) => {
      const way = await (opened ??= open(config, logger, addsSomething(tool)));
      via = way.via;
      return way.call(tool, input);
    },
    close: async () => {
      const way = await opened?.catch(() => undefined); // a failure to open was the answer to the call
      await way?.close();
    },
  };
}

function addsSomething(tool: string): boolean {
  const annotations = catalog.find((candidate) => candidate.name === tool)?.annotations;
  return annotations !== undefined && !annotations.readOnly && !annotations.destructive;
}

async function open(config: EffectiveConfig, logger: Logger, mayCreate: boolean): Promise<Way> {
  const server = await findServer(config);
  if (server) return remoteWay(server.url, server.token);
  if (config.database_url === undefined && !mayCreate) requireDataFolder(config.data_dir);
  return localWay(config, logger);
}

/** A command that only looks must not leave a new, empty database behind where a path was mistyped. */
export function requireDataFolder(dataDir: string): void {
  if (existsSync(path.join(dataDir, 'pglite'))) return;
  const folder = path.resolve(dataDir);
  const what = existsSync(folder) ? `no database in the data folder ${folder}` : `no data folder at ${folder}`;
  throw new AppError('STORE_UNAVAILABLE', `There is ${what}; start the server there once, or set AIOPS_DATA_DIR.`);
}

async function localWay(config: EffectiveConfig, logger: Logger): Promise<Way> {
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
      call: async (tool, input) => {
        const traceId = newTraceId();
        try {
          const { output, text, evidence } = await runtime.dispatcher.call({
            tool,
            input,
            principal: LOCAL_PRINCIPAL,
            door: 'cli',
            traceId,
            confirmed: true,
          });
          return { output, text, ...(evidence === undefined ? {} : { evidence: evidence.uri }) };
        } catch (thrown) {
          const { code, message, details, hint, cause } = asAppError(thrown);
          throw new AppError(code, message, {
            details: { ...details, trace_id: traceId },
            cause,
            ...(hint === undefined ? {} : { hint }),
          });
        }
      },
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

function remoteWay(url: string, token: string): Way {
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
      const body = response.status === 204 ? {} : await jsonOf(response);
      if (!response.ok || body === undefined) throw errorFrom(body, response.status);
      const output = body as Record<string, unknown>; // proof: the server validated it against the tool's output schema
      const definition = catalog.find((candidate) => candidate.name === tool);
      const evidence = fullAnswer(response.headers.get('link'));
      return {
        output,
        text: definition ? definition.summarize(output) : '',
        ...(evidence === undefined ? {} : { evidence }),
      };
    },
  };
}

async function jsonOf(response: Response): Promise<unknown> {
  try {
    const body: unknown = await response.json();
    return body;
  } catch {
    return undefined; // told as an answer that cannot be read
  }
}

/** The target of `Link: <…>; rel="full"`. */
function fullAnswer(link: string | null): string | undefined {
  return /<([^>]+)>\s*;\s*rel="?full"?/.exec(link ?? '')?.[1];
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
  return new AppError('INTERNAL_ERROR', `The server answered ${status} without a readable body.`);
}
