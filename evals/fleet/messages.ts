import { z } from 'zod';
import { KubeCommand } from './kube-api/control.ts';
import { ClusterSpec } from './specs.ts';

/** What a fleet and the process of one of its clusters say to each other over their channel. */
export const ServerKind = z.enum(['prometheus', 'alertmanager', 'api', 'tempo', 'loki']);
export type ServerKind = z.infer<typeof ServerKind>;

export const Setup = z.strictObject({
  spec: ClusterSpec,
  seed: z.string(),
  /** Unix seconds. */
  epoch: z.number(),
  incidentDelaySeconds: z.number(),
  /** Every cluster of the fleet: requests may reach from one into another. */
  peers: z.array(ClusterSpec),
  historyHours: z.number().min(0),
  /** The cluster's own folder; exists. */
  folder: z.string(),
  token: z.string(),
  certificatePem: z.string(),
  privateKeyPem: z.string(),
  /** Of the same authority, ended yesterday. */
  expiredCertificate: z.strictObject({ certificatePem: z.string(), privateKeyPem: z.string() }),
  binaries: z.strictObject({ prometheus: z.string(), promtool: z.string(), alertmanager: z.string() }),
});
export type Setup = z.infer<typeof Setup>;

export const Request = z.discriminatedUnion('verb', [
  z.strictObject({ id: z.int(), verb: z.literal('SET_UP'), setup: Setup }),
  z.strictObject({ id: z.int(), verb: z.literal('KILL'), kind: ServerKind }),
  z.strictObject({ id: z.int(), verb: z.literal('START'), kind: ServerKind }),
  z.strictObject({ id: z.int(), verb: z.literal('KUBE'), command: KubeCommand }),
  z.strictObject({ id: z.int(), verb: z.literal('STOP') }),
]);
export type Request = z.infer<typeof Request>;

/** Addresses are host:port on loopback. A server that is down keeps its address and has no pid. */
export const ClusterState = z.strictObject({
  api: z.string(),
  prometheus: z.string(),
  alertmanager: z.string(),
  /** Where there is a shop. */
  tempo: z.string().optional(),
  /** Where it is no edge. */
  loki: z.string().optional(),
  pids: z.strictObject({
    cluster: z.int(),
    prometheus: z.int().optional(),
    alertmanager: z.int().optional(),
  }),
});
export type ClusterState = z.infer<typeof ClusterState>;

export const Reply = z.discriminatedUnion('outcome', [
  z.strictObject({ id: z.int(), outcome: z.literal('DONE'), state: ClusterState }),
  z.strictObject({ id: z.int(), outcome: z.literal('FAILED'), message: z.string() }),
]);
export type Reply = z.infer<typeof Reply>;
