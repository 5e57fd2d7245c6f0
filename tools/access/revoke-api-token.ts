import { z } from 'zod';
import { permissionsOf } from '../../backend/access/policy.ts';
import { defineTool } from '../define.ts';

export const revokeApiToken = defineTool({
  name: 'revoke_api_token',
  title: 'Revoke an API token',
  description: 'Makes an API token useless at once. Its maker or an administrator may do so.',
  toolset: 'access',
  permission: 'cluster:read',
  exposure: 'api',
  annotations: { readOnly: false, destructive: true, idempotent: false, openWorld: false },
  input: z.strictObject({ id: z.uuid() }),
  output: z.strictObject({ id: z.uuid() }),
  example: { id: '00000000-0000-4000-8000-000000000000' },
  rest: [{ method: 'DELETE', path: '/tokens/{id}', status: 204 }],
  summarize: ({ id }) => `Revoked token ${id}.`,
  run: async ({ principal, services }, { id }) => {
    const all = permissionsOf(principal.role).has('users:write');
    await services.tokens.revoke(id, all ? undefined : principal.id);
    return { id };
  },
});
