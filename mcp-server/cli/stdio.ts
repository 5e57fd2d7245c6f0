import { AppError } from '../../backend/model/errors.ts';
import { systemClock } from '../../backend/platform/clock.ts';
import { createLogger } from '../../backend/platform/logger.ts';
import type { EffectiveConfig } from '../config.ts';
import { LOCAL_PRINCIPAL } from '../identity/identity.ts';
import { bridgeStdio } from '../mcp/bridge.ts';
import { findServer } from './find-server.ts';
import { untilStopped } from './until-stopped.ts';

/**
 * MCP over standard input and output. A server that holds the data folder is bridged to; otherwise this process becomes the
 * server, on a loopback port that only the lock file's token opens, so that further clients and commands can join it.
 */
export async function stdio(config: EffectiveConfig): Promise<void> {
  const logger = createLogger({ level: config.log_level });
  const streams = { stdin: process.stdin, stdout: process.stdout };
  const found = await findServer(config);
  if (found) {
    const bridge = bridgeStdio({
      ...streams,
      endpoint: async () => {
        const server = await findServer(config);
        if (!server)
          throw new AppError('STORE_UNAVAILABLE', 'The server that held the data folder has ended.', {
            hint: 'Start it again, or restart this client.',
          });
        return { url: `${server.url}/mcp`, token: server.token };
      },
      fetch,
      clock: systemClock,
      logger,
    });
    await Promise.race([bridge.closed, untilStopped(logger)]);
    await bridge.close();
    return;
  }
  const { startServer } = await import('../serve.ts'); // a bridge needs neither database nor doors
  const { serveMcpStdio } = await import('../mcp/stdio.ts');
  const { metrics_port: _ownListener, ...quiet } = config;
  const server = await startServer({ config: { ...quiet, host: '127.0.0.1', port: 0, auth_mode: 'token' }, logger });
  const service = serveMcpStdio({ ...streams, factory: server.mcp, principal: LOCAL_PRINCIPAL, logger });
  await Promise.race([service.closed, untilStopped(logger)]);
  await service.close();
  await server.close();
}
