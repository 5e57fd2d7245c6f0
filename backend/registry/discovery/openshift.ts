import type { OpenShiftStatus } from '../../model/cluster.ts';
import { quoteForeign } from '../../model/errors.ts';
import { type Lookup, isKnown } from './lookup.ts';
import type { ClusterOperator, ClusterVersion, Condition, MachineConfigPool } from './objects.ts';

/** OpenShift's objects, as far as they could be read. */
export interface OpenShiftObjects {
  /** Undefined inside: there is none. */
  readonly version: Lookup<ClusterVersion | undefined>;
  readonly operators: Lookup<readonly ClusterOperator[]>;
  readonly pools: Lookup<readonly MachineConfigPool[]>;
}

type Unhealthy = NonNullable<OpenShiftStatus['unhealthy_operators']>;

/** `observedAt` is ISO 8601 UTC. Names are in the API server's order, which is alphabetical. */
export function openShiftStatusOf(objects: OpenShiftObjects, observedAt: string): OpenShiftStatus {
  const version = isKnown(objects.version) ? objects.version.known : undefined;
  const history = version?.status?.history ?? [];
  const newest = history[0];
  return {
    version: history.find(({ state }) => state === 'Completed')?.version || null,
    channel: version?.spec?.channel?.slice(0, 100) || null,
    updating_to: newest?.state === 'Partial' ? newest.version || version?.status?.desired?.version || null : null,
    available_updates: version ? availableUpdates(version) : null,
    unhealthy_operators: isKnown(objects.operators) ? unhealthyOperators(objects.operators.known) : null,
    unhealthy_pools: isKnown(objects.pools) ? unhealthyPools(objects.pools.known) : null,
    observed_at: observedAt,
  };
}

/** The list is null both when there are no updates and when they could not be retrieved; the condition tells which. */
function availableUpdates({ status }: ClusterVersion): string[] | null {
  const updates = status?.availableUpdates;
  if (updates) return updates.map(({ version }) => version);
  return conditionOf(status?.conditions, 'RetrievedUpdates')?.status === 'True' ? [] : null;
}

function unhealthyOperators(operators: readonly ClusterOperator[]): Unhealthy {
  return operators.flatMap(({ metadata: { name }, status }) => {
    const available = conditionOf(status?.conditions, 'Available');
    const degraded = conditionOf(status?.conditions, 'Degraded');
    if (degraded?.status === 'True') return [{ name, reason: explain('degraded', degraded) }];
    if (available?.status !== 'True') return [{ name, reason: explain('not available', available) }];
    return [];
  });
}

function unhealthyPools(pools: readonly MachineConfigPool[]): Unhealthy {
  return pools.flatMap(({ metadata: { name }, status }) => {
    const degraded = conditionOf(status?.conditions, 'Degraded');
    if (degraded?.status === 'True' || (status?.degradedMachineCount ?? 0) > 0)
      return [{ name, reason: explain(`degraded, ${status?.degradedMachineCount ?? 0} machines`, degraded) }];
    const updating = conditionOf(status?.conditions, 'Updating');
    if (updating?.status !== 'True') return [];
    return [
      {
        name,
        reason: `updating, ${status?.updatedMachineCount ?? 0} of ${status?.machineCount ?? 0} machines are done`,
      },
    ];
  });
}

function conditionOf(conditions: readonly Condition[] | null | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

function explain(what: string, condition: Condition | undefined): string {
  const said = [condition?.reason, condition?.message].filter((part) => part !== undefined && part !== '').join(': ');
  return said === '' ? what : `${what}: ${quoteForeign(said, 300)}`;
}
