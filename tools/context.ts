import type { Principal } from '../backend/model/access.ts';
import type { ChatStreamEvent } from '../backend/model/chat.ts';
import type { Question } from '../backend/collectors/fanout/fanout.ts';
import type { Cluster } from '../backend/model/cluster.ts';
import type { Clock } from '../backend/platform/clock.ts';
import type { Logger } from '../backend/platform/logger.ts';
import type { Services } from './services.ts';

export type Door = 'mcp' | 'rest' | 'cli' | 'agent';

/** What a tool gets. Everything that identifies the caller has been decided before; a tool only does its work. */
export interface CallContext {
  readonly principal: Principal;
  readonly door: Door;
  readonly traceId: string;
  /** Aborts at the deadline or when the caller goes away. */
  readonly signal: AbortSignal;
  /** Milliseconds left for spokes; the answer itself needs a little time after them. */
  readonly budgetMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly services: Services;
  /**
   * The clusters a `clusters` argument means, within the caller's scope, ordered by name: names or ids, or one label
   * selector; left out = all. Throws CLUSTER_NOT_FOUND naming every unknown one and near names.
   */
  resolveClusters(clusters: readonly string[] | string | undefined): Promise<Cluster[]>;
  /** The question to the clusters that a `clusters` argument means, with this call's time and signal: what collectors are asked with. */
  question(clusters: readonly string[] | string | undefined): Promise<Question>;
  /** One cluster by name or id, within the caller's scope. */
  resolveCluster(nameOrId: string): Promise<Cluster>;
  /** Streams intermediate events to a caller that listens; dropped when none does. */
  emit(event: ChatStreamEvent): void;
}
