import { z } from 'zod';

export const Permission = z.enum([
  'cluster:read',
  'cluster:write',
  'cluster:delete',
  'metrics:read',
  'logs:read',
  'traces:read',
  'alerts:read',
  'alerts:write',
  'chat:read',
  'chat:write',
  'anomaly:read',
  'reports:read',
  'reports:write',
  'settings:read',
  'settings:write',
  'users:read',
  'users:write',
]);
export type Permission = z.infer<typeof Permission>;

export const Role = z.enum(['admin', 'operator', 'viewer']);
export type Role = z.infer<typeof Role>;

/**
 * Which clusters a principal may see. `selector` is a label selector as in {@link parseSelector}; an empty string is the
 * whole fleet. Kept as text so that it can be stored with a token and put in a cache key.
 */
export const ClusterScope = z.strictObject({ selector: z.string().max(500) });
export type ClusterScope = z.infer<typeof ClusterScope>;

export const WHOLE_FLEET: ClusterScope = { selector: '' };

/** Who is asking. Made at the edge from a credential; nothing below the edge ever sees the credential itself. */
export const Principal = z.strictObject({
  /** Stable id used for ownership and audit, such as `local` or `token:<uuid>`. */
  id: z.string(),
  display_name: z.string(),
  role: Role,
  scope: ClusterScope,
  /** When the credential ends; what it makes ends no later. Left out, it has no end of its own. */
  expires_at: z.iso.datetime().optional(),
});
export type Principal = z.infer<typeof Principal>;

/** What is stored of an API token. The secret is shown once at creation and kept only as a hash. */
export const ApiToken = z.strictObject({
  id: z.uuid(),
  name: z.string(),
  role: Role,
  scope: ClusterScope,
  created_by: z.string(),
  created_at: z.iso.datetime(),
  expires_at: z.iso.datetime().nullable(),
  last_used_at: z.iso.datetime().nullable(),
});
export type ApiToken = z.infer<typeof ApiToken>;
