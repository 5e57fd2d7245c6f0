import { z } from 'zod';
import { permissionsOf } from '../../backend/access/policy.ts';
import { ApiToken } from '../../backend/model/access.ts';
import { defineTool } from '../define.ts';

export const listApiTokens = defineTool({
  name: 'list_api_tokens',
  title: 'List API tokens',
  description:
    'API tokens that the caller made, newest first; an administrator sees those of everyone. Secrets are never shown.',
  toolset: 'access',
  permission: 'cluster:read',
  exposure: 'api',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: false },
  input: z.strictObject({}),
  output: z.strictObject({ items: z.array(ApiToken) }),
  example: {},
  rest: [{ method: 'GET', path: '/tokens' }],
  summarize: ({ items }) => `${items.length} API tokens.`,
  run: async ({ principal, services }) => {
    const all = permissionsOf(principal.role).has('users:read');
    return { items: await services.tokens.list(all ? undefined : principal.id) };
  },
});
