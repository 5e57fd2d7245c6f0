import { isDeepStrictEqual } from 'node:util';
import type { Cluster, ClusterUpdate } from '../model/cluster.ts';
import { AppError } from '../model/errors.ts';
import type { ClusterRow } from './cluster-rows.ts';

/** What decides where and how often a cluster is asked. */
const ASKED_BY: ReadonlySet<string> = new Set([
  'api_server_url',
  'cluster_type',
  'endpoints',
  'global_metrics',
  'tls',
  'endpoint_options',
  'maintenance_until',
] satisfies (keyof ClusterUpdate)[]);

/** Names of the fields that the patch gives another value, in alphabetical order. */
export function changedFields(before: Cluster, patch: ClusterUpdate): string[] {
  const values: Record<string, unknown> = { ...before };
  return Object.entries(patch)
    .filter(([field, value]) => value !== undefined && !isDeepStrictEqual(comparable(field, value), values[field]))
    .map(([field]) => field)
    .sort();
}

/** A cluster writes times with milliseconds; a caller may leave them out. */
function comparable(field: string, value: unknown): unknown {
  return field === 'maintenance_until' && typeof value === 'string' ? new Date(value).toISOString() : value;
}

/** The row after the patch, one version on. */
export function changedRow(row: ClusterRow, patch: ClusterUpdate, now: Date): ClusterRow {
  const { maintenance_until, region, ...rest } = patch;
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return {
    ...row,
    ...given,
    ...(region === undefined ? {} : { region }),
    ...(maintenance_until === undefined
      ? {}
      : { maintenance_until: maintenance_until === null ? null : new Date(maintenance_until) }),
    resource_version: row.resource_version + 1,
    updated_at: now,
  };
}

/** True when health and discovery are to look again at once. */
export function needsCheck(fields: readonly string[]): boolean {
  return fields.some((field) => ASKED_BY.has(field));
}

export function staleVersion(current: Cluster, wanted: number): AppError {
  return new AppError(
    'STALE_VERSION',
    `Cluster ${current.name} is at version ${current.resource_version}, not ${wanted}.`,
    {
      details: { resource_version: current.resource_version },
      hint: 'Read it again, look at what has changed, and repeat the change with that version.',
    },
  );
}
