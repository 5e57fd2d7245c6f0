import { z } from 'zod';
import type { RequestedCall } from './provider.ts';

/** One fragment of a tool call. Servers differ in what they leave out: index, id, or the name after the first fragment. */
export const CallFragment = z.looseObject({
  index: z.int().nullish(),
  id: z.string().nullish(),
  function: z
    .looseObject({
      name: z.string().nullish(),
      /** Text by the protocol; some local servers send the object itself. */
      arguments: z.union([z.string(), z.record(z.string(), z.unknown())]).nullish(),
    })
    .nullish(),
});
export type CallFragment = z.infer<typeof CallFragment>;

interface Slot {
  index: number | undefined;
  id: string;
  name: string;
  text: string;
}

/** Puts streamed tool-call fragments together: fragmented, interleaved, without index or without id. */
export function createCallAssembler(): { add(fragment: CallFragment): void; calls(): RequestedCall[] } {
  const slots: Slot[] = [];

  function slotFor(fragment: CallFragment): Slot {
    const { index, id, function: fn } = fragment;
    const byId = id ? slots.find((slot) => slot.id === id) : undefined;
    if (byId) return byId;
    const byIndex = typeof index === 'number' ? slots.findLast((slot) => slot.index === index) : undefined;
    // A new id on a used index is a new call: there are servers that number every call 0.
    if (byIndex && !(id && byIndex.id !== '')) return byIndex;
    const last = slots.at(-1);
    const continues = typeof index !== 'number' && !id && !(fn?.name && last?.name);
    if (last && continues) return last;
    const slot: Slot = { index: index ?? undefined, id: '', name: '', text: '' };
    slots.push(slot);
    return slot;
  }

  return {
    add(fragment) {
      const slot = slotFor(fragment);
      if (fragment.id) slot.id = fragment.id;
      const { name, arguments: args } = fragment.function ?? {};
      // Names are sent whole; a server that repeats the name in every fragment must not double it.
      if (name && slot.name === '') slot.name = name;
      if (typeof args === 'string') slot.text += args;
      else if (args) slot.text = JSON.stringify(args);
    },
    calls: () =>
      slots.map((slot, i) => ({
        id: slot.id === '' ? `call_${i + 1}` : slot.id,
        name: slot.name,
        arguments: slot.text,
      })),
  };
}
