import type { Command } from 'commander';
import type { ApiToken } from '../../backend/model/access.ts';
import type { WithSession } from './cluster-commands.ts';
import { table } from './table.ts';

/** `aiops token create|list|revoke`. `complain` writes to standard error, so that the secret alone is on standard output. */
export function tokenCommands(program: Command, withSession: WithSession, complain: (line: string) => void): void {
  const token = program.command('token').description('API tokens for MCP clients and scripts');
  token
    .command('create <name>')
    .description('make a token and print its secret, once')
    .option('--role <role>', 'admin, operator or viewer', 'viewer')
    .option('--clusters <selector>', 'label selector of the clusters it may see', '')
    .option('--expires <time>', 'ISO 8601, relative such as +90d, or never', '+90d')
    .action((name: string, options: { role: string; clusters: string; expires: string }) =>
      withSession(async (session, print) => {
        const { output, text } = await session.call('create_api_token', { name, ...options });
        complain(text);
        print(String(output['secret']));
      }),
    );
  token
    .command('list')
    .description('list the tokens, newest first')
    .action(() =>
      withSession(async (session, print) => {
        const { output, text } = await session.call('list_api_tokens', {});
        const items = output['items'] as ApiToken[]; // proof: output schema of list_api_tokens
        if (items.length === 0) print(text);
        else
          print(
            table(
              ['ID', 'NAME', 'ROLE', 'CLUSTERS', 'EXPIRES', 'LAST USED'],
              items.map((t) => [
                t.id,
                t.name,
                t.role,
                t.scope.selector || 'all',
                t.expires_at ?? 'never',
                t.last_used_at ?? 'never',
              ]),
            ),
          );
      }),
    );
  token
    .command('revoke <id>')
    .description('make a token useless at once')
    .action((id: string) =>
      withSession(async (session, print) => {
        print((await session.call('revoke_api_token', { id })).text);
      }),
    );
}
