import { z } from 'zod';
import { ClusterState } from './cluster.ts';

export const EventType = z.enum([
  'CLUSTER_REGISTERED',
  'CLUSTER_UPDATED',
  'CLUSTER_DELETED',
  'CLUSTER_STATUS_CHANGED',
  'CLUSTER_CREDENTIALS_UPDATED',
  'CLUSTER_CAPABILITIES_CHANGED',
  'ALERT_FIRED',
  'ALERT_RESOLVED',
  'TRACE_RECEIVED',
  'GPU_UPDATE',
  'CHAT_MESSAGE',
]);
export type EventType = z.infer<typeof EventType>;

/** Payload of CLUSTER_STATUS_CHANGED. */
export const StatusChange = z.strictObject({
  old_state: ClusterState,
  new_state: ClusterState,
  health_score: z.int().nullable(),
  reason: z.string(),
});

/**
 * Something that happened. Delivered at least once, in `sequence` order for one cluster. `sequence` is a database-wide
 * ascending integer by which a client resumes; gaps are normal.
 */
export const DomainEvent = z.strictObject({
  event_id: z.uuid(),
  sequence: z.int(),
  event_type: EventType,
  source: z.string(),
  cluster_id: z.uuid().optional(),
  cluster_name: z.string().optional(),
  timestamp: z.iso.datetime(),
  payload: z.record(z.string(), z.unknown()),
});
export type DomainEvent = z.infer<typeof DomainEvent>;

/** What a change says when it writes its event to the outbox; id, sequence and time are given there. */
export type NewEvent = Pick<DomainEvent, 'event_type' | 'source' | 'payload'> & {
  cluster_id?: string;
  cluster_name?: string;
};
