import { z } from 'zod';
import { requirePermission, scopeFilter } from '../../backend/access/policy.ts';
import type { Principal } from '../../backend/model/access.ts';
import { Cluster, ClusterUpdate } from '../../backend/model/cluster.ts';
import { AppError } from '../../backend/model/errors.ts';
import { ClusterArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';

export const updateCluster = defineTool({
  name: 'update_cluster',
  title: 'Update a cluster',
  description:
    'Changes what is registered of a cluster: only the fields given; labels, endpoints, tls and endpoint_options are replaced whole, null clears. maintenance_until starts maintenance (no announcements), null ends it. The name stays.',
  toolset: 'clusters',
  permission: 'cluster:write',
  exposure: 'model',
  annotations: { readOnly: false, destructive: true, idempotent: true, openWorld: true },
  input: ClusterUpdate.extend({
    cluster: ClusterArg,
    if_version: z.int().min(1).optional().describe('Refuse unless this is still its resource_version'),
  }),
  output: Cluster,
  example: { cluster: 'hub-1', labels: { tier: 'gold' } },
  rest: [
    {
      method: 'PUT',
      path: '/clusters/{id}',
      rename: { id: 'cluster' },
      bodyLimit: 128 * 1024,
      ifMatch: 'if_version',
      etag: 'resource_version',
    },
  ],
  confirm: ({ cluster, if_version: _version, ...patch }) =>
    `Change cluster ${cluster}: ${Object.entries(patch)
      .map(([field, value]) => `${field} = ${shortly(value)}`)
      .join(', ')}?`,
  summarize: (cluster) => `${cluster.name} is at version ${cluster.resource_version}.`,
  run: async ({ principal, services, resolveCluster }, { cluster: nameOrId, if_version, ...patch }) => {
    if (Object.keys(patch).length === 0) {
      const message = 'give at least one field to change';
      throw new AppError('VALIDATION_FAILED', `Nothing to change: ${message}.`, {
        details: { issues: [{ field: '', message }] },
      });
    }
    const { id } = await resolveCluster(nameOrId);
    return services.registry.update(id, patch, {
      ifVersion: if_version,
      allow: (before, after) => {
        requireInScope(principal, after);
        requireCredentialsStay(principal, before, after);
      },
    });
  },
});

function requireInScope(principal: Principal, after: Cluster): void {
  if (scopeFilter(principal.scope)(after)) return;
  throw new AppError(
    'PERMISSION_DENIED',
    `After this change ${after.name} would lie outside your scope (${principal.scope.selector}).`,
    {
      details: { scope: principal.scope.selector },
      hint: 'Keep the labels, environment and type that your scope asks for, or ask an administrator.',
    },
  );
}

/**
 * Stored credentials can be used by nobody but us; whoever changes where they are sent, or who may pose as the cluster, could read
 * them. So that takes more than the permission to change clusters, as long as there are credentials.
 */
function requireCredentialsStay(principal: Principal, before: Cluster, after: Cluster): void {
  if (!before.has_credentials || destinations(after).every((place) => destinations(before).includes(place))) return;
  try {
    requirePermission(principal, 'settings:write');
  } catch (error) {
    throw new AppError(
      'PERMISSION_DENIED',
      `This change would send the stored credentials of ${before.name} to another place.`,
      {
        details: { permission: 'settings:write', role: principal.role },
        hint: 'Remove its credentials first and set them again after, or ask an administrator.',
        cause: error,
      },
    );
  }
}

/** Everywhere that credentials go, each with the rules by which that place proves who it is. */
function destinations(cluster: Cluster): string[] {
  const options: Record<string, { tls?: unknown } | undefined> = cluster.endpoint_options;
  const endpoints = Object.entries(cluster.endpoints).flatMap(([key, url]) =>
    url === undefined ? [] : [placeOf(url, options[key.replace(/_url$/, '')]?.tls ?? cluster.tls)],
  );
  const hub = cluster.global_metrics;
  return [
    placeOf(cluster.api_server_url, cluster.tls),
    ...endpoints,
    ...(hub ? [placeOf(hub.url, cluster.endpoint_options.global_metrics?.tls ?? {})] : []),
  ];
}

function placeOf(url: string, tls: unknown): string {
  return `${new URL(url).origin} ${JSON.stringify(tls)}`;
}

function shortly(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}
