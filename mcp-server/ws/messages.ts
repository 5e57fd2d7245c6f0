import { z } from 'zod';
import { EventType } from '../../backend/model/event.ts';

const Id = z.uuid();

/** What a client may send. `last_sequence` replays what came after it, so that nothing is missed across a reconnect. */
export const ClientMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('auth'), token: z.string().max(4096) }),
  z.strictObject({
    type: z.literal('subscribe'),
    event_types: z.array(EventType).max(50).optional(),
    cluster_filter: z.array(z.string().max(253)).max(1000).optional(),
    last_sequence: z.int().min(0).optional(),
  }),
  z.strictObject({ type: z.literal('unsubscribe'), subscription_id: Id.optional() }),
  z.strictObject({ type: z.literal('ping') }),
]);
export type ClientMessage = z.infer<typeof ClientMessage>;
