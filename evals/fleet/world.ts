import { application } from './exporters/application.ts';
import { cadvisor } from './exporters/cadvisor.ts';
import { dcgmExporter } from './exporters/dcgm.ts';
import { kubeStateMetrics } from './exporters/kube-state.ts';
import { nodeExporter } from './exporters/node.ts';
import { createIncident } from './incident.ts';
import { createInventory } from './inventory.ts';
import type { Inventory } from './inventory.ts';
import type { Target } from './metric-model.ts';
import type { ClusterSpec } from './specs.ts';

export interface World {
  readonly inventory: Inventory;
  /** Every exporter of the cluster; paths are unique. */
  readonly targets: readonly Target[];
}

export interface WorldOptions {
  readonly seed: string;
  /** Start of the fleet, Unix seconds: boots lie before it, the incident after it. */
  readonly epoch: number;
  /** From `epoch` to the start of the leak; may be negative, then the incident is in the history too. */
  readonly incidentDelaySeconds: number;
}

/** One simulated cluster: every value is a function of seed, epoch, cluster, series and time, and of nothing else. */
export function createWorld(spec: ClusterSpec, { seed, epoch, incidentDelaySeconds }: WorldOptions): World {
  const incident = spec.incident ? createIncident(epoch + incidentDelaySeconds) : undefined;
  const inventory = createInventory(seed, spec, epoch, incident);
  const targets = [
    ...inventory.nodes.map((node) => nodeExporter(seed, inventory, node)),
    ...inventory.nodes.map((node) => cadvisor(inventory, node)),
    kubeStateMetrics(inventory),
    ...inventory.pods.map((pod) => application(inventory, pod)),
    ...inventory.nodes.map((node) => dcgmExporter(seed, inventory, node)),
  ].filter((target) => target !== undefined);
  return { inventory, targets };
}
