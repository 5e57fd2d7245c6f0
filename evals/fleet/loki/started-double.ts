import { createIncident } from '../incident.ts';
import { application } from '../exporters/application.ts';
import { type Inventory, createInventory } from '../inventory.ts';
import { type Listener, listen } from '../listener.ts';
import type { Target } from '../metric-model.ts';
import { createRequests } from '../requests.ts';
import { DEMO_CLUSTERS } from '../specs.ts';
import { type LokiDouble, createLokiDouble } from './double.ts';
import { createLogLines } from './lines.ts';

export interface StartedLoki extends LokiDouble {
  readonly url: string;
  readonly server: Listener;
  readonly inventory: Inventory;
  /** The exporters that its lines agree with. */
  readonly targets: readonly Target[];
}

export interface StartedLokis {
  /** By cluster name: every cluster of the demo. */
  readonly lokis: ReadonlyMap<string, StartedLoki>;
  /** Unix seconds: the incident of prod-eu-1 begins. */
  readonly incidentStart: number;
  stop(): Promise<void>;
}

/**
 * The Lokis of the demo's clusters alone, in this process: no Prometheus, no history to write. `now` in Unix milliseconds; the
 * incident of prod-eu-1 has gone on for twenty minutes at its first value.
 */
export async function startLokis(now: () => number, seed = 'test'): Promise<StartedLokis> {
  const epoch = Math.floor(now() / 1000) - 3600;
  const incidentStart = epoch + 2400;
  const inventories = DEMO_CLUSTERS.map((spec) =>
    createInventory(seed, spec, epoch, spec.incident ? createIncident(incidentStart) : undefined),
  );
  const requests = createRequests(seed, inventories);
  const started = await Promise.all(
    inventories.map(async (inventory) => {
      const targets = inventory.pods.flatMap((pod) => application(inventory, pod) ?? []);
      const lines = createLogLines({ seed, inventory, targets, requests });
      const double = createLokiDouble({ lines, now, keptHours: 24 });
      const server = await listen(() => double.createServer());
      return [inventory.spec.name, { ...double, server, inventory, targets, url: `http://${server.address}` }] as const;
    }),
  );
  return {
    lokis: new Map(started),
    incidentStart,
    stop: async () => void (await Promise.all(started.map(([, { server }]) => server.close()))),
  };
}
