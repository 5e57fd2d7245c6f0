import { type ReadonlySignal, signal } from '@preact/signals';
import type { Cluster, HealthHistory } from '../../backend/model/cluster.ts';
import type { DomainEvent } from '../../backend/model/event.ts';
import { fetchCluster, fetchHealthHistory } from '../api/cluster-endpoints.ts';
import type { ApiClient } from '../api/client.ts';
import { asFailure } from '../api/failure.ts';
import { every, type UiClock } from '../clock.ts';
import { LOADING, type Loadable, ready, refreshFailed, valueOf } from '../loadable.ts';

/** As often as a HUB is checked (product.md §1). */
const POLL_MS = 15_000;
/** Roll-ups of health are of five minutes; nothing is missed by asking for them a little later. */
const HISTORY_AGE_MS = 60_000;
/** Events that come in a burst lead to one fetch at its end. */
const SETTLE_MS = 300;

/** One cluster with its history, kept current while somebody looks at it. */
export interface ClusterStore {
  readonly cluster: ReadonlySignal<Loadable<Cluster>>;
  readonly history: ReadonlySignal<Loadable<HealthHistory>>;
  /** Hours back from now that {@link ClusterStore.history} covers. */
  setHistoryHours(hours: number): void;
  /** True once the cluster is known to have been removed. */
  readonly removed: ReadonlySignal<boolean>;
  /** Fetches the cluster, and its history when that is old; never rejects. */
  refresh(): Promise<void>;
  /** Takes what the server answered to a change, without asking again. */
  take(cluster: Cluster): void;
  onEvent(event: DomainEvent): void;
  /** Fetches now and then every {@link POLL_MS} while `visible()`, until the returned function is called. */
  poll(visible: () => boolean): () => void;
}

export function createClusterStore(api: ApiClient, clock: UiClock, name: string): ClusterStore {
  const cluster = signal<Loadable<Cluster>>(LOADING);
  const history = signal<Loadable<HealthHistory>>(LOADING);
  const removed = signal(false);
  let running: Promise<void> | undefined;
  let cancelSettle: (() => void) | undefined;
  let historyDue = 0;
  let historyHours = 24;

  async function load(): Promise<void> {
    try {
      const found = await fetchCluster(api, name);
      // An answer that was on its way while a change of ours was made must not undo it on the page.
      const shown = valueOf(cluster.value);
      if (shown === undefined || found.id !== shown.id || found.resource_version >= shown.resource_version) {
        cluster.value = ready(found, api.serverNow());
      }
      if (clock.now() >= historyDue) await loadHistory(found.id);
    } catch (thrown) {
      const failure = asFailure(thrown);
      if (failure.code === 'CLUSTER_NOT_FOUND' && cluster.value.status === 'ready') removed.value = true;
      else cluster.value = refreshFailed(cluster.value, failure);
    }
  }

  async function loadHistory(id: string): Promise<void> {
    historyDue = clock.now() + HISTORY_AGE_MS;
    const hours = historyHours;
    try {
      const found = await fetchHealthHistory(api, id, hours);
      if (hours === historyHours) history.value = ready(found, api.serverNow());
    } catch (thrown) {
      historyDue = 0;
      if (hours === historyHours) history.value = refreshFailed(history.value, asFailure(thrown));
    }
  }

  function refresh(): Promise<void> {
    running ??= load().finally(() => (running = undefined));
    return running;
  }

  return {
    cluster,
    history,
    removed,
    setHistoryHours: (hours) => {
      if (hours === historyHours) return;
      historyHours = hours;
      history.value = LOADING;
      historyDue = 0;
      const shown = valueOf(cluster.value);
      if (shown) void loadHistory(shown.id);
    },
    refresh,
    take: (changed) => (cluster.value = ready(changed, api.serverNow())),
    onEvent: (event) => {
      const shown = valueOf(cluster.value);
      if (event.cluster_name !== name && (shown === undefined || event.cluster_id !== shown.id)) return;
      if (event.event_type === 'CLUSTER_DELETED') {
        removed.value = true;
        return;
      }
      if (event.event_type === 'CLUSTER_STATUS_CHANGED') historyDue = 0;
      cancelSettle ??= clock.after(SETTLE_MS, () => {
        cancelSettle = undefined;
        void refresh();
      });
    },
    poll: (visible) => {
      void refresh();
      const stop = every(clock, POLL_MS, () => {
        if (visible() && !removed.value) void refresh();
      });
      return () => {
        stop();
        cancelSettle?.();
      };
    },
  };
}
