import { z } from 'zod';
import { ApiToken, Role } from '../../backend/model/access.ts';
import { AppError } from '../../backend/model/errors.ts';
import { parseSelector } from '../../backend/model/selector.ts';
import { resolveTime, isoTime } from '../../backend/model/time.ts';
import { defineTool } from '../define.ts';

const RANK = { viewer: 0, operator: 1, admin: 2 } as const;

export const createApiToken = defineTool({
  name: 'create_api_token',
  title: 'Create an API token',
  description:
    'Makes an API token for an MCP client, a script or a person. The secret is shown once and stored only as a hash. It sees no more, may do no more and lives no longer than its maker.',
  toolset: 'access',
  // Every signed-in user holds cluster:read; what a token may do is bounded by its maker below.
  permission: 'cluster:read',
  exposure: 'api',
  annotations: { readOnly: false, destructive: false, idempotent: false, openWorld: false },
  input: z.strictObject({
    name: z.string().min(1).max(128),
    role: Role.default('viewer'),
    clusters: z
      .string()
      .max(500)
      .default('')
      .describe('Label selector of the clusters it may see; empty = those of its maker'),
    expires: z.string().max(40).default('+90d').describe('ISO 8601 or relative such as +90d; never = no expiry'),
  }),
  output: z.strictObject({ token: ApiToken, secret: z.string() }),
  example: { name: 'claude-desktop', role: 'viewer' },
  revealsKeys: ['secret', 'token'],
  rest: [{ method: 'POST', path: '/tokens', status: 201 }],
  summarize: ({ token }) =>
    `Created token ${token.name} (${token.role}, ${token.expires_at === null ? 'no expiry' : `expires ${token.expires_at}`}). Its secret is shown only now.`,
  run: async ({ principal, clock, services }, input) => {
    if (RANK[input.role] > RANK[principal.role]) {
      throw new AppError(
        'PERMISSION_DENIED',
        `role: a ${principal.role} cannot make a token with the role ${input.role}.`,
        {
          details: { permission: 'users:write', role: principal.role },
          hint: `Choose ${principal.role} or lower.`,
        },
      );
    }
    parseSelector(input.clusters);
    const now = clock.now();
    const wanted = input.expires === 'never' ? null : resolveTime(input.expires, now, 'expires');
    const longest = principal.expires_at === undefined ? null : Date.parse(principal.expires_at) / 1000;
    const expires = longest === null ? wanted : Math.min(wanted ?? longest, longest);
    if (expires !== null && expires * 1000 <= now.getTime()) {
      const message = 'lies in the past; use a time to come such as +90d';
      throw new AppError('VALIDATION_FAILED', `expires: ${message}.`, {
        details: { issues: [{ field: 'expires', message }] },
      });
    }
    // Requirements of both selectors must hold, so a token never sees more than its maker.
    const selector = [principal.scope.selector, input.clusters].filter((part) => part !== '').join(',');
    if (selector.length > 500) {
      const message = `together with the scope of its maker it is ${selector.length} characters long; at most 500`;
      throw new AppError('VALIDATION_FAILED', `clusters: ${message}.`, {
        details: { issues: [{ field: 'clusters', message }] },
      });
    }
    return services.tokens.create({
      name: input.name,
      role: input.role,
      scope: { selector },
      expires_at: expires === null ? null : isoTime(expires),
      created_by: principal.id,
    });
  },
});
