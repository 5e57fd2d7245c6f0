import { type ReadonlySignal, signal } from '@preact/signals';
import type { Alert, AlertEventPayload, AlertsAnswer } from '../../backend/model/alert.ts';
import type { DomainEvent } from '../../backend/model/event.ts';
import type { ApiClient } from '../api/client.ts';
import { asFailure } from '../api/failure.ts';
import type { UiClock } from '../clock.ts';
import { createFetchLoop } from '../fleet/fetch-loop.ts';
import { LOADING, type Loadable, ready, refreshFailed } from '../loadable.ts';

const PAGE = 1000;
/** Alerts kept at most; what is left out is said. */
export const MOST_ALERTS = 20_000;
/** Events of this long are drawn together. */
const DRAW_EVERY_MS = 300;
/** Rest after a fetch: so many times what it took. */
const REST = 4;
const LONGEST_REST_MS = 60_000;

/** What is on the page: rows keep their place while the person is among them, and what came meanwhile waits. */
export interface ShownAlerts {
  readonly alerts: readonly Alert[];
  /** Alerts that are known of and not yet shown. */
  readonly waiting: number;
  /** Of the whole fleet, also those that are not kept here. */
  readonly total: number;
  readonly clusters: AlertsAnswer['clusters'];
  readonly complete: boolean;
}

/** What fires or is pending in the fleet, live: events change the list at once, the fetch that follows makes it exact. */
export interface AlertsStore {
  readonly shown: ReadonlySignal<Loadable<ShownAlerts>>;
  /** Pages of how many alerts have come of the first fetch. */
  readonly loaded: ReadonlySignal<number>;
  refresh(): Promise<void>;
  /** Refreshes unless it was done a moment ago. */
  whenRested(): void;
  onEvent(event: DomainEvent): void;
  /** Shows what waits. */
  showWaiting(): void;
}

/** `isHeld` tells whether the person is among the rows, so that none may move. */
export function createAlertsStore(options: { api: ApiClient; clock: UiClock; isHeld: () => boolean }): AlertsStore {
  const { api, clock, isHeld } = options;
  const shown = signal<Loadable<ShownAlerts>>(LOADING);
  const loaded = signal(0);
  /** As it is now, in the server's order. */
  let latest: readonly Alert[] = [];
  let events: DomainEvent[] = [];
  /** What has happened since the fetch that runs began, and may not be in its answer. */
  let sinceFetch: DomainEvent[] = [];

  async function fetchAll(): Promise<AlertsAnswer> {
    const alerts = new Map<string, Alert>();
    let cursor: string | undefined;
    for (;;) {
      const page = await api.get<AlertsAnswer>(
        `/alerts?limit=${PAGE}${cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      // Alerts may come and go between two pages: each is listed once.
      for (const alert of page.alerts) alerts.set(keyOf(alert), alert);
      loaded.value = alerts.size;
      cursor = page.next_cursor;
      if (cursor === undefined || alerts.size >= MOST_ALERTS) return { ...page, alerts: [...alerts.values()] };
    }
  }

  const loop = createFetchLoop({
    clock,
    fetchOnce: async () => {
      sinceFetch = [];
      try {
        const answer = await fetchAll();
        latest = applyEvents(answer.alerts, sinceFetch);
        show(answer);
      } catch (thrown) {
        shown.value = refreshFailed(shown.value, asFailure(thrown));
      }
    },
    restAfter: (tookMs) => Math.min(LONGEST_REST_MS, REST * tookMs),
  });

  function show(answer: Pick<ShownAlerts, 'clusters' | 'complete' | 'total'>, everything = false): void {
    const before = shown.value.status === 'ready' ? shown.value.value.alerts : undefined;
    const alerts = before === undefined || everything || !isHeld() ? latest : heldList(before, latest);
    shown.value = ready(
      {
        alerts,
        waiting: alerts === latest ? 0 : countNew(alerts, latest),
        total: Math.max(answer.total, latest.length),
        clusters: answer.clusters,
        complete: answer.complete,
      },
      api.serverNow(),
    );
  }

  function drawEvents(): void {
    const now = events;
    events = [];
    const state = shown.value;
    if (state.status !== 'ready') return;
    latest = applyEvents(latest, now);
    const { failure, at } = state;
    show(state.value);
    // Events do not make an old list new.
    if (shown.value.status === 'ready') shown.value = { ...shown.value, failure, at };
  }

  return {
    shown,
    loaded,
    refresh: () => loop.now(),
    whenRested: loop.whenRested,
    onEvent: (event) => {
      if (event.event_type !== 'ALERT_FIRED' && event.event_type !== 'ALERT_RESOLVED') return;
      if (events.length === 0) clock.after(DRAW_EVERY_MS, drawEvents);
      events.push(event);
      sinceFetch.push(event);
      loop.soon();
    },
    showWaiting: () => {
      if (shown.value.status !== 'ready') return;
      const { failure, at, value } = shown.value;
      show(value, true);
      if (shown.value.status === 'ready') shown.value = { ...shown.value, failure, at };
    },
  };
}

export function keyOf(alert: Pick<Alert, 'cluster_id' | 'fingerprint'>): string {
  return `${alert.cluster_id}/${alert.fingerprint}`;
}

/** The rows that are shown, in their places: as they are now, and RESOLVED where they are no more. */
export function heldList(shown: readonly Alert[], latest: readonly Alert[]): readonly Alert[] {
  const now = new Map(latest.map((alert) => [keyOf(alert), alert]));
  return shown.map((alert) => {
    const current = now.get(keyOf(alert));
    if (current) return current;
    return alert.state === 'RESOLVED' ? alert : { ...alert, state: 'RESOLVED' };
  });
}

function countNew(shown: readonly Alert[], latest: readonly Alert[]): number {
  const known = new Set(shown.map(keyOf));
  return latest.reduce((count, alert) => (known.has(keyOf(alert)) ? count : count + 1), 0);
}

/** The list after events, as far as they alone tell; labels and annotations come with the next fetch. */
export function applyEvents(alerts: readonly Alert[], events: readonly DomainEvent[]): readonly Alert[] {
  if (events.length === 0) return alerts;
  const changed = new Map(alerts.map((alert) => [keyOf(alert), alert]));
  const fired: Alert[] = [];
  for (const event of events) {
    const { cluster_id, cluster_name } = event;
    if (cluster_id === undefined || cluster_name === undefined) continue;
    // proof: the server builds the payload of these two events from the schema this type is inferred from
    const payload = event.payload as unknown as AlertEventPayload;
    const key = `${cluster_id}/${payload.fingerprint}`;
    if (event.event_type === 'ALERT_RESOLVED') {
      changed.delete(key);
      const at = fired.findIndex((alert) => keyOf(alert) === key);
      if (at >= 0) fired.splice(at, 1);
    } else if (!changed.has(key) && !fired.some((alert) => keyOf(alert) === key)) {
      fired.push(firedAlert(cluster_id, cluster_name, payload));
    }
  }
  return [...fired.toReversed(), ...alerts.filter((alert) => changed.has(keyOf(alert)))];
}

function firedAlert(cluster_id: string, cluster_name: string, payload: AlertEventPayload): Alert {
  const { fingerprint, alertname, severity, namespace, summary, starts_at, silenced, inhibited, sources } = payload;
  return {
    id: `${cluster_name}/${fingerprint}/${starts_at}`,
    fingerprint,
    cluster_id,
    cluster_name,
    alertname,
    severity,
    state: 'FIRING',
    silenced,
    inhibited,
    labels: { alertname, ...(namespace === undefined ? {} : { namespace }) },
    annotations: summary === undefined ? {} : { summary },
    starts_at,
    sources,
  };
}
