import { systemClock } from '../../backend/platform/clock.ts';
import { type Logger, createLogger } from '../../backend/platform/logger.ts';
import type { EffectiveConfig } from '../config.ts';
import { LOCAL_PRINCIPAL } from '../identity/identity.ts';
import { bridgeStdio } from '../mcp/bridge.ts';
import type { RunningServer } from '../serve.ts';
import { type FoundServer, findServer } from './find-server.ts';
import { untilStopped } from './until-stopped.ts';

/**
 * MCP over standard input and output. A server that holds the data folder is bridged to; otherwise this process becomes the
 * server, on a loopback port that only the lock file's token opens, so that further clients and commands can join it. Should
 * the server that is bridged to end, this process takes its place, or joins the one that was faster.
 */
export async function stdio(config: EffectiveConfig): Promise<void> {
  const logger = createLogger({ level: config.log_level });
  const streams = { stdin: process.stdin, stdout: process.stdout };
  const place = createPlace(config, logger);
  try {
    const found = await place.serverOrBecome();
    if (found === 'this process') {
      const { serveMcpStdio } = await import('../mcp/stdio.ts');
      const { mcp } = await place.become();
      const service = serveMcpStdio({ ...streams, factory: mcp, principal: LOCAL_PRINCIPAL, logger });
      await Promise.race([service.closed, untilStopped(logger)]);
      await service.close();
      return;
    }
    const bridge = bridgeStdio({
      ...streams,
      endpoint: async (gone) => {
        const server = await place.serverOrBecome(gone?.token);
        // What this process serves itself is reached as any other: through the lock file, by the session's usual way.
        const reached = server === 'this process' ? await findServer(config) : server;
        if (!reached) throw new Error('the server of this process has ended');
        return { url: `${reached.url}/mcp`, token: reached.token };
      },
      fetch,
      clock: systemClock,
      logger,
    });
    await Promise.race([bridge.closed, untilStopped(logger)]);
    await bridge.close();
  } finally {
    await place.leave();
  }
}

/** The place of the server on a data folder: held by another process, or taken by this one. */
function createPlace(config: EffectiveConfig, logger: Logger) {
  let own: Promise<RunningServer> | undefined;

  async function start(): Promise<RunningServer> {
    const { startServer } = await import('../serve.ts'); // a bridge needs neither database nor doors
    const { metrics_port: _ownListener, ...quiet } = config;
    const server = await startServer({ config: { ...quiet, host: '127.0.0.1', port: 0, auth_mode: 'token' }, logger });
    logger.info({ url: server.url }, 'this process is the server of the data folder now');
    return server;
  }

  function become(): Promise<RunningServer> {
    own ??= start().catch((error: unknown) => {
      own = undefined; // another may have been faster; when that one ends, there is another chance
      throw error;
    });
    return own;
  }

  /** `ending`: token of a server that takes no more connections. */
  async function serverOrBecome(ending?: string): Promise<FoundServer | 'this process'> {
    const found = own ? undefined : await findServer(config, ending);
    if (found) return found;
    try {
      await become();
      return 'this process';
    } catch (error) {
      const faster = await findServer(config, ending);
      if (faster) return faster;
      throw error;
    }
  }

  return {
    become,
    serverOrBecome,
    /** Ends the server of this process, if it is one. */
    leave: async () => {
      const server = await own?.catch(() => undefined); // a failed start was reported to whoever asked for it
      await server?.close();
    },
  };
}
