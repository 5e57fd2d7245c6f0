import { application } from './exporters/application.ts';
import { cadvisor } from './exporters/cadvisor.ts';
import { dcgmExporter } from './exporters/dcgm.ts';
import { kubeStateMetrics } from './exporters/kube-state.ts';
import { linuxptp } from './exporters/ptp.ts';
import { nodeExporter } from './exporters/node.ts';
import { sriovExporter } from './exporters/sriov.ts';
import { serviceGraph } from './exporters/service-graph.ts';
import { createIncident } from './incident.ts';
import { createInventory } from './inventory.ts';
import type { Inventory } from './inventory.ts';
import type { Target } from './metric-model.ts';
import { createRequests } from './requests.ts';
import type { RequestStream } from './requests.ts';
import type { ClusterSpec } from './specs.ts';

export interface World {
  readonly inventory: Inventory;
  /** Every exporter of the cluster; paths are unique. */
  readonly targets: readonly Target[];
  /** What logs and traces tell; those of its peers that reach into this cluster are among them. */
  readonly requests: RequestStream;
}

export interface WorldOptions {
  readonly seed: string;
  /** Start of the fleet, Unix seconds: boots lie before it, the incident after it. */
  readonly epoch: number;
  /** From `epoch` to the start of the leak; may be negative, then the incident is in the history too. */
  readonly incidentDelaySeconds: number;
  /** The clusters of the fleet, this one among them; left out = it is alone. */
  readonly peers?: readonly ClusterSpec[];
}

/** One simulated cluster: every value is a function of seed, epoch, cluster, series and time, and of nothing else. */
export function createWorld(spec: ClusterSpec, options: WorldOptions): World {
  const { seed, epoch, incidentDelaySeconds, peers = [spec] } = options;
  const incidentOf = (one: ClusterSpec) => (one.incident ? createIncident(epoch + incidentDelaySeconds) : undefined);
  const inventory = createInventory(seed, spec, epoch, incidentOf(spec));
  const others = peers.filter(({ name }) => name !== spec.name);
  const targets = [
    ...inventory.nodes.map((node) => nodeExporter(seed, inventory, node)),
    ...inventory.nodes.map((node) => cadvisor(inventory, node)),
    kubeStateMetrics(inventory),
    ...inventory.pods.map((pod) => application(inventory, pod)),
    ...inventory.nodes.map((node) => dcgmExporter(seed, inventory, node, epoch + incidentDelaySeconds)),
    ...inventory.nodes.map((node) => linuxptp(seed, inventory, node, epoch + incidentDelaySeconds)),
    ...inventory.nodes.map((node) => sriovExporter(seed, inventory, node)),
    serviceGraph(inventory),
  ].filter((target) => target !== undefined);
  const inventories = [inventory, ...others.map((one) => createInventory(seed, one, epoch, incidentOf(one)))];
  const byName = inventories.toSorted((a, b) => (a.spec.name < b.spec.name ? -1 : 1));
  return { inventory, targets, requests: createRequests(seed, byName) };
}
