import type { Command } from 'commander';
import type { WithSession } from './cluster-commands.ts';

/** `aiops keys rotate`. */
export function keyCommands(program: Command, withSession: WithSession): void {
  program
    .command('keys')
    .description('the keys that stored credentials are sealed with')
    .command('rotate')
    .description(
      'add a key to the key file and re-wrap all credentials with it; after an interruption, say it again with --no-new-key',
    )
    .option('--no-new-key', 're-wrap with the newest key that is in the file already')
    .option('--drop-unused', 'take keys that wrap nothing any more out of the file; older backups need them')
    .action((options: { newKey: boolean; dropUnused?: boolean }) =>
      withSession(async (session, print) => {
        const input = { new_key: options.newKey, drop_unused: options.dropUnused === true };
        const { output, text } = await session.call('rotate_encryption_key', input);
        print(text);
        if (Array.isArray(output['failed']) && output['failed'].length > 0) process.exitCode = 1;
      }),
    );
}
