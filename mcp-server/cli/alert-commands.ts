import type { Command } from 'commander';
import type { WithSession } from './cluster-commands.ts';

/** `aiops alert webhook-secret`. `complain` writes to standard error, so that the secret alone is on standard output. */
export function alertCommands(program: Command, withSession: WithSession, complain: (line: string) => void): void {
  program
    .command('alert')
    .description('alerts of the clusters')
    .command('webhook-secret <cluster>')
    .description("make the secret that a cluster's Alertmanager sends notifications with, and print it, once")
    .option('--overlap-hours <hours>', 'how long the one before stays good; 0 = not at all', '24')
    .option('--remove', 'take the secret away instead')
    .action((cluster: string, options: { overlapHours: string; remove?: boolean }) =>
      withSession(async (session, print) => {
        if (options.remove === true) {
          print((await session.call('remove_webhook_secret', { cluster })).text);
          return;
        }
        const input = { cluster, overlap_hours: Number(options.overlapHours) };
        const { output, text } = await session.call('rotate_webhook_secret', input);
        complain(text);
        print(String(output['secret']));
      }),
    );
}
