import { z } from 'zod';
import { PermissionCheck } from '../../backend/registry/permissions/check.ts';
import { ClusterArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';

export const checkClusterPermissions = defineTool({
  name: 'check_cluster_permissions',
  title: 'Check permissions on a cluster',
  description:
    'Asks the API server of a cluster what the stored credentials allow, verb by verb, of all that the platform needs there, and counts what is missing.',
  toolset: 'clusters',
  permission: 'cluster:write',
  exposure: 'api',
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: true },
  input: z.strictObject({ cluster: ClusterArg }),
  output: z.strictObject({
    cluster_id: z.uuid(),
    cluster_name: z.string(),
    ...PermissionCheck.shape,
    /** How many are not allowed, and how many the API server said nothing about. */
    missing: z.int(),
    undecided: z.int(),
  }),
  example: { cluster: 'hub-1' },
  rest: [{ method: 'GET', path: '/clusters/{id}/permissions', rename: { id: 'cluster' } }],
  deadlineMs: () => 20_000,
  summarize: ({ cluster_name, identity, permissions, missing, undecided }) =>
    `${identity === null ? 'The credentials' : JSON.stringify(identity)} on ${cluster_name}: ${permissions.length} permissions checked, ${missing} missing${undecided === 0 ? '' : `, ${undecided} undecided`}.`,
  run: async ({ services, resolveCluster, signal }, input) => {
    const cluster = await resolveCluster(input.cluster);
    const check = await services.permissions.check(cluster, signal);
    const count = (allowed: boolean | null) => check.permissions.filter((one) => one.allowed === allowed).length;
    return {
      cluster_id: cluster.id,
      cluster_name: cluster.name,
      ...check,
      missing: count(false),
      undecided: count(null),
    };
  },
});
