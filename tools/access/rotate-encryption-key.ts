import { z } from 'zod';
import { defineTool } from '../define.ts';

export const rotateEncryptionKey = defineTool({
  name: 'rotate_encryption_key',
  title: 'Rotate the encryption key',
  description:
    'Adds a new master key to the key file and re-wraps all stored cluster credentials with it, without decrypting them. May be repeated after an interruption.',
  toolset: 'access',
  permission: 'settings:write',
  exposure: 'api',
  annotations: { readOnly: false, destructive: false, idempotent: false, openWorld: false },
  input: z.strictObject({
    new_key: z.boolean().default(true).describe('false: use the newest key that is in the file already'),
    drop_unused: z
      .boolean()
      .default(false)
      .describe('take keys that wrap nothing any more out of the file; backups made before need them'),
  }),
  output: z.strictObject({
    key_version: z.int(),
    rewrapped: z.int(),
    failed: z.array(z.strictObject({ cluster_name: z.string(), reason: z.string() })),
    dropped: z.array(z.int()),
  }),
  example: { new_key: false },
  // All credentials of a large fleet, each maybe a Secret of its own.
  deadlineMs: () => 600_000,
  summarize: (out) => {
    const failed = out.failed.map(({ cluster_name, reason }) => `${cluster_name}: ${reason}`);
    const dropped = out.dropped.length === 0 ? '' : ` Dropped version ${out.dropped.join(', ')}.`;
    return `Key version ${out.key_version} is in use; re-wrapped ${out.rewrapped}.${dropped}${failed.length === 0 ? '' : ` Not re-wrapped: ${failed.join(' ')}`}`;
  },
  run: async (context, { new_key, drop_unused }) => {
    const { failed, dropped, ...rest } = await context.services.rotateMasterKey({
      newKey: new_key,
      dropUnused: drop_unused,
    });
    return { ...rest, failed: [...failed], dropped: [...dropped] };
  },
});
