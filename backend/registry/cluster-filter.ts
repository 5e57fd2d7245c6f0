import { and, eq, ilike, inArray, type SQL, sql } from 'drizzle-orm';
import type { Cluster, ClusterState, ClusterType } from '../model/cluster.ts';
import { AppError } from '../model/errors.ts';
import { clusters } from '../platform/store/schema.ts';
import { isUuid } from '../platform/uuid.ts';

/** All given must hold. `name` is a part of the name; `label` is `key=value`; `named` are names or ids, `ids` ids only. */
export interface ClusterFilter {
  readonly name?: string | undefined;
  readonly cluster_type?: ClusterType | undefined;
  readonly environment?: Cluster['environment'] | undefined;
  readonly region?: string | undefined;
  readonly state?: ClusterState | undefined;
  readonly label?: string | undefined;
  /** True = discovery has seen GPU nodes; false = it has seen that there are none. A cluster of which it is not known is in neither. */
  readonly has_gpu?: boolean | undefined;
  /** The same for CNF workloads. */
  readonly has_cnf?: boolean | undefined;
  readonly named?: readonly string[] | undefined;
  readonly ids?: readonly string[] | undefined;
}

/** Undefined when the filter asks for nothing. Throws VALIDATION_FAILED for a label that is not `key=value`. */
export function filterSql(filter: ClusterFilter): SQL | undefined {
  const conditions: SQL[] = [];
  if (filter.name !== undefined) conditions.push(ilike(clusters.name, `%${filter.name.replace(/[\\%_]/g, '\\$&')}%`));
  if (filter.cluster_type !== undefined) conditions.push(eq(clusters.cluster_type, filter.cluster_type));
  if (filter.environment !== undefined) conditions.push(eq(clusters.environment, filter.environment));
  if (filter.region !== undefined) conditions.push(eq(clusters.region, filter.region));
  if (filter.state !== undefined) conditions.push(eq(clusters.state, filter.state));
  if (filter.label !== undefined) conditions.push(hasLabel(filter.label));
  if (filter.has_gpu !== undefined) conditions.push(hasCapability('has_gpu_nodes', filter.has_gpu));
  if (filter.has_cnf !== undefined) conditions.push(hasCapability('has_cnf_workloads', filter.has_cnf));
  if (filter.ids !== undefined) conditions.push(inArray(clusters.id, [...filter.ids]));
  if (filter.named !== undefined) conditions.push(isOneOf(filter.named));
  return and(...conditions);
}

function isOneOf(named: readonly string[]): SQL {
  const ids = named.filter(isUuid);
  return sql`(${inArray(clusters.name, [...named])} or ${inArray(clusters.id, ids)})`;
}

function hasLabel(text: string): SQL {
  const at = text.indexOf('=');
  if (at <= 0) {
    const message = 'must be key=value';
    throw new AppError('VALIDATION_FAILED', `label ${message}.`, {
      details: { issues: [{ field: 'label', message }] },
    });
  }
  return sql`${clusters.labels} ->> ${text.slice(0, at)} = ${text.slice(at + 1)}`;
}

function hasCapability(field: 'has_gpu_nodes' | 'has_cnf_workloads', wanted: boolean): SQL {
  return sql`(${clusters.capabilities} ->> ${field})::boolean = ${wanted}`;
}
