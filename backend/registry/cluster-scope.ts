import { and, eq, inArray, isNotNull, not, type SQL, sql } from 'drizzle-orm';
import { ClusterState, ClusterType, Environment, Platform } from '../model/cluster.ts';
import type { Requirement } from '../model/selector.ts';
import { clusters } from '../platform/store/schema.ts';
import type { Database } from '../platform/store/store.ts';
import { NOT_DELETED } from './cluster-rows.ts';

const ENUMS = {
  environment: { column: clusters.environment, options: Environment.options },
  cluster_type: { column: clusters.cluster_type, options: ClusterType.options },
  platform: { column: clusters.platform, options: Platform.options },
  state: { column: clusters.state, options: ClusterState.options },
} as const;

/**
 * The requirements of a selector as SQL, for pages of fleets that are too large to be read whole. It lets exactly those through
 * that `matchesSelector` does: what upper case means is decided in JavaScript in both, because databases differ in it.
 */
export async function scopeSql(db: Database, requirements: readonly Requirement[]): Promise<SQL | undefined> {
  const conditions: SQL[] = [];
  for (const { key, negated, value } of requirements) {
    const same = await sameAs(db, key, value);
    conditions.push(negated ? not(same) : same);
  }
  return and(...conditions);
}

/** Never null, so that it can be negated. */
async function sameAs(db: Database, key: string, value: string): Promise<SQL> {
  if (isEnum(key)) {
    const { column, options } = ENUMS[key];
    return sql`${inArray(column, matching(options, value))}`;
  }
  // Names are lower-case ASCII.
  if (key === 'name') return eq(clusters.name, matching([value.toUpperCase().toLowerCase()], value)[0] ?? '');
  if (key === 'region') {
    const known = await db
      .selectDistinct({ region: clusters.region })
      .from(clusters)
      .where(and(NOT_DELETED, isNotNull(clusters.region)));
    const regions = matching(
      known.flatMap(({ region }) => region ?? []),
      value,
    );
    return sql`coalesce(${inArray(clusters.region, regions)}, false)`;
  }
  return sql`coalesce(${clusters.labels} ->> ${key} = ${value}, false)`;
}

function isEnum(key: string): key is keyof typeof ENUMS {
  return Object.hasOwn(ENUMS, key);
}

function matching<T extends string>(options: readonly T[], value: string): T[] {
  return options.filter((option) => option.toUpperCase() === value.toUpperCase());
}
