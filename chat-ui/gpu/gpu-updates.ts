import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { DomainEvent } from '../../backend/model/event.ts';
import type { GPU, GPUNode, GpuUpdate } from '../../backend/model/gpu.ts';
import { useServices } from '../services.ts';

/** Events of this long are shown at once: four times a second is as often as anybody can follow. */
const BATCH_MS = 250;

/** What an event may change of a card; the rest comes with the next fetch. */
const LIVE = [
  'utilization_gpu_percent',
  'utilization_memory_percent',
  'memory_used_mb',
  'memory_free_mb',
  'temperature_celsius',
  'memory_temperature_celsius',
  'power_draw_watts',
  'sm_clock_mhz',
  'memory_clock_mhz',
  'fan_speed_percent',
] as const satisfies readonly (keyof GPU)[];

type CardUpdate = Pick<GpuUpdate, 'sampled_at'> & Pick<GpuUpdate['gpus'][number], 'values'>;

/** The newest update of each card, by cluster, node and UUID. */
export type Updates = ReadonlyMap<string, CardUpdate>;

const keyOf = (cluster: string, node: string, uuid: string) => `${cluster} ${node} ${uuid}`;

/** Nodes with what events told since they were fetched; a node without news is the same object. */
export function withUpdates(nodes: readonly GPUNode[], updates: Updates): readonly GPUNode[] {
  if (updates.size === 0) return nodes;
  return nodes.map((node) => {
    let newest = node.last_updated;
    const gpus = node.gpus.map((gpu) => {
      const update = gpu.uuid === null ? undefined : updates.get(keyOf(node.cluster_id, node.node_name, gpu.uuid));
      if (update === undefined || Date.parse(update.sampled_at) <= Date.parse(node.last_updated)) return gpu;
      if (Date.parse(update.sampled_at) > Date.parse(newest)) newest = update.sampled_at;
      const changed = LIVE.flatMap((key) => (key in update.values ? [[key, update.values[key] ?? null] as const] : []));
      return { ...gpu, ...Object.fromEntries(changed) };
    });
    if (newest === node.last_updated) return node;
    const younger = (Date.parse(newest) - Date.parse(node.last_updated)) / 1000;
    return { ...node, gpus, last_updated: newest, age_seconds: Math.max(0, node.age_seconds - younger) };
  });
}

/** What GPU_UPDATE events told since the page was opened, at most four changes a second. */
export function useGpuUpdates(): Updates {
  const { events, clock } = useServices();
  const all = useMemo(() => new Map<string, CardUpdate>(), []);
  const [shown, setShown] = useState<Updates>(all);
  const waiting = useRef<(() => void) | undefined>(undefined);
  useEffect(() => {
    const stop = events.subscribe((event) => {
      const update = updateOf(event);
      if (!update) return;
      for (const { uuid, values } of update.gpus) {
        if (uuid === null) continue;
        const key = keyOf(event.cluster_id ?? '', update.node_name, uuid);
        all.set(key, { sampled_at: update.sampled_at, values: { ...all.get(key)?.values, ...values } });
      }
      waiting.current ??= clock.after(BATCH_MS, () => {
        waiting.current = undefined;
        setShown(new Map(all));
      });
    });
    return () => {
      stop();
      waiting.current?.();
    };
  }, [events, clock, all]);
  return shown;
}

function updateOf({ event_type, payload }: DomainEvent): GpuUpdate | undefined {
  // proof: the server builds the payload of this type from the schema that GpuUpdate is inferred from
  return event_type === 'GPU_UPDATE' ? (payload as unknown as GpuUpdate) : undefined;
}
