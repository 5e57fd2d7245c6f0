import { createIncident } from '../incident.ts';
import { createInventory } from '../inventory.ts';
import { listen } from '../listener.ts';
import type { Listener } from '../listener.ts';
import { createRequests } from '../requests.ts';
import type { RequestStream } from '../requests.ts';
import { DEMO_CLUSTERS } from '../specs.ts';
import { type TempoDouble, createTempoDouble } from './double.ts';

export interface StartedTempos {
  readonly requests: RequestStream;
  /** By cluster name: every cluster of the demo that has a shop. */
  readonly tempos: ReadonlyMap<string, TempoDouble & { readonly url: string; readonly server: Listener }>;
  stop(): Promise<void>;
}

/**
 * The Tempos of the demo's clusters alone, in this process: no Prometheus, no history to write. `now` in Unix milliseconds; the
 * incident of prod-eu-1 has gone on for twenty minutes.
 */
export async function startTempos(now: () => number, seed = 'test'): Promise<StartedTempos> {
  const epoch = Math.floor(now() / 1000) - 3600;
  const inventories = DEMO_CLUSTERS.map((spec) =>
    createInventory(seed, spec, epoch, spec.incident ? createIncident(epoch + 2400) : undefined),
  );
  const requests = createRequests(seed, inventories);
  const shops = DEMO_CLUSTERS.filter(({ workloads }) => workloads.includes('SHOP'));
  const started = await Promise.all(
    shops.map(async ({ name }) => {
      const double = createTempoDouble({ cluster: name, requests, now, keptHours: 24 });
      const server = await listen(() => double.createServer());
      return [name, { ...double, server, url: `http://${server.address}` }] as const;
    }),
  );
  return {
    requests,
    tempos: new Map(started),
    stop: async () => void (await Promise.all(started.map(([, { server }]) => server.close()))),
  };
}
