import { type ReadonlySignal, signal } from '@preact/signals';
import type { AlertsAnswer } from '../../backend/model/alert.ts';
import type { ListedCluster } from '../../backend/model/cluster.ts';
import type { DomainEvent } from '../../backend/model/event.ts';
import type { ApiClient } from '../api/client.ts';
import { fetchClusters, fetchFiringAlerts } from '../api/endpoints.ts';
import { asFailure } from '../api/failure.ts';
import { every, type UiClock } from '../clock.ts';
import { LOADING, type Loadable, ready, refreshFailed, valueOf } from '../loadable.ts';
import { createFetchLoop } from './fetch-loop.ts';

/** Health is measured at most this often (HUB, product.md §1), so asking more often shows nothing new. */
export const POLL_MS = 15_000;
/** A fleet of more clusters than this takes several pages, and rests after each fetch. */
const SMALL_FLEET = 100;
/** Rest after a fetch: so many times what it took, so that large fleets are asked for less often. */
const REST = 4;
const LONGEST_REST_MS = 60_000;

/** The clusters in scope and what fires on them. Live: events patch at once, a fetch that follows makes it exact. */
export interface FleetStore {
  readonly clusters: ReadonlySignal<Loadable<ListedCluster[]>>;
  readonly alerts: ReadonlySignal<Loadable<AlertsAnswer>>;
  /** How far the fetch has come that runs now. */
  readonly progress: ReadonlySignal<{ readonly loaded: number; readonly total: number } | undefined>;
  /** Last change of a state in words, for a screen reader. */
  readonly announcement: ReadonlySignal<string>;
  /** Fetches both; never rejects. Calls during a fetch lead to exactly one more after it. */
  refresh(): Promise<void>;
  onEvent(event: DomainEvent): void;
  /** Fetches now and then every {@link POLL_MS} while `visible()`, until the returned function is called. */
  poll(visible: () => boolean): () => void;
}

export function createFleetStore(api: ApiClient, clock: UiClock): FleetStore {
  const clusters = signal<Loadable<ListedCluster[]>>(LOADING);
  const alerts = signal<Loadable<AlertsAnswer>>(LOADING);
  const announcement = signal('');
  const progress = signal<{ loaded: number; total: number } | undefined>(undefined);

  async function load<T>(into: { value: Loadable<T> }, fetchIt: () => Promise<T>): Promise<void> {
    try {
      into.value = ready(await fetchIt(), api.serverNow());
    } catch (thrown) {
      into.value = refreshFailed(into.value, asFailure(thrown));
    }
  }

  const rest = (tookMs: number) => Math.min(LONGEST_REST_MS, REST * tookMs);
  // Apart, because alerts take as long as the slowest cluster does and the list must not wait for them.
  const clusterLoop = createFetchLoop({
    clock,
    fetchOnce: async () => {
      await load(clusters, () => fetchClusters(api, (loaded, total) => (progress.value = { loaded, total })));
      progress.value = undefined;
    },
    restAfter: (tookMs) => ((valueOf(clusters.value)?.length ?? 0) > SMALL_FLEET ? rest(tookMs) : 0),
  });
  const alertLoop = createFetchLoop({
    clock,
    fetchOnce: () => load(alerts, () => fetchFiringAlerts(api)),
    restAfter: rest,
  });

  async function refresh(): Promise<void> {
    await Promise.all([clusterLoop.now(), alertLoop.now()]);
  }

  return {
    clusters,
    alerts,
    announcement,
    progress,
    refresh,
    onEvent: (event) => {
      if (!event.event_type.startsWith('CLUSTER_')) return;
      if (clusters.value.status === 'ready') {
        clusters.value = { ...clusters.value, value: applyEvent(clusters.value.value, event) };
      }
      announcement.value = describeEvent(event);
      clusterLoop.soon();
      alertLoop.soon();
    },
    poll: (visible) => {
      void refresh();
      return every(clock, POLL_MS, () => {
        if (!visible()) return;
        clusterLoop.whenRested();
        alertLoop.whenRested();
      });
    },
  };
}

/** The list after an event, as far as the event alone tells; what it does not tell comes with the next fetch. */
export function applyEvent(clusters: readonly ListedCluster[], event: DomainEvent): ListedCluster[] {
  if (event.event_type === 'CLUSTER_DELETED') return clusters.filter((c) => c.id !== event.cluster_id);
  if (event.event_type !== 'CLUSTER_STATUS_CHANGED') return [...clusters];
  const { new_state: state, health_score: score, reason } = event.payload;
  return clusters.map((cluster) => {
    if (cluster.id !== event.cluster_id || !isState(state)) return cluster;
    const health_score = typeof score === 'number' ? score : null;
    const last_error = state !== 'ONLINE' && typeof reason === 'string' ? reason : null;
    return { ...cluster, status: { ...cluster.status, state, health_score, last_error, checked_at: event.timestamp } };
  });
}

function isState(value: unknown): value is ListedCluster['status']['state'] {
  return typeof value === 'string' && ['ONLINE', 'OFFLINE', 'DEGRADED', 'UNKNOWN', 'PROVISIONING'].includes(value);
}

function describeEvent({ event_type, cluster_name = 'A cluster', payload }: DomainEvent): string {
  if (event_type === 'CLUSTER_REGISTERED') return `${cluster_name} was added.`;
  if (event_type === 'CLUSTER_DELETED') return `${cluster_name} was removed.`;
  if (event_type === 'CLUSTER_STATUS_CHANGED' && isState(payload.new_state)) {
    return `${cluster_name} is now ${payload.new_state.toLowerCase()}.`;
  }
  if (event_type === 'CLUSTER_UPDATED') return `${cluster_name} was changed.`;
  return '';
}
