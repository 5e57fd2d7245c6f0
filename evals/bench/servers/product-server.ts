/** The product's server as `aiops serve` starts it, configured by its environment, with a viewer's API token in mode `token`. */
import { createLogger } from '../../../backend/platform/logger.ts';
import { loadConfig } from '../../../mcp-server/config.ts';
import { startServer } from '../../../mcp-server/serve.ts';
import { announce } from './announce.ts';

const config = loadConfig(process.env);
const server = await startServer({ config, logger: createLogger({ level: config.log_level }) });
const token =
  config.auth_mode === 'none'
    ? undefined
    : await server.runtime.services.tokens.create({
        name: 'benchmark',
        role: 'viewer',
        scope: { selector: '' },
        expires_at: null,
        created_by: 'benchmark',
      });
announce({ url: `${server.url}/mcp`, ...(token === undefined ? {} : { token: token.secret }) }, () => server.close());
