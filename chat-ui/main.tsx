import { signal } from '@preact/signals';
import { render } from 'preact';
import { App } from './App.tsx';
import { createApiClient } from './api/client.ts';
import { createCredential } from './api/credential.ts';
import { createEventFeed } from './api/event-feed.ts';
import { createLive, openBrowserSocket } from './api/live.ts';
import { createChatStore } from './chat/chat-store.ts';
import { browserClock, every } from './clock.ts';
import { createFleetStore } from './fleet/fleet-store.ts';
import { createQueryHistory } from './observability/query-history.ts';
import type { UiServices } from './services.ts';
import { createThemeChoice } from './shell/theme.ts';

/** Ages on the page move this often. */
const TICK_MS = 5000;

const theme = createThemeChoice(
  document.documentElement,
  storageOf(() => localStorage),
);
const credential = createCredential(storageOf(() => sessionStorage));
const api = createApiClient({ fetch: (input, init) => fetch(input, init), credential, clock: browserClock });
const fleet = createFleetStore(api, browserClock);
const chat = createChatStore(api);
const history = createQueryHistory(storageOf(() => localStorage));
const events = createEventFeed();
events.subscribe(fleet.onEvent);
const live = createLive({
  open: openBrowserSocket(location),
  token: () => credential.token.value,
  eventTypes: [
    'CLUSTER_REGISTERED',
    'CLUSTER_UPDATED',
    'CLUSTER_DELETED',
    'CLUSTER_STATUS_CHANGED',
    'CLUSTER_CREDENTIALS_UPDATED',
    'CLUSTER_CAPABILITIES_CHANGED',
    'ALERT_FIRED',
    'ALERT_RESOLVED',
    'GPU_UPDATE',
  ],
  clock: browserClock,
  random: Math.random,
  onEvent: events.publish,
  onLive: () => void fleet.refresh(),
});
const now = signal(api.serverNow());
every(browserClock, TICK_MS, () => (now.value = api.serverNow()));
fleet.clusters.subscribe(() => (now.value = api.serverNow()));

addEventListener('online', live.retryNow);
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState !== 'visible') return;
  live.retryNow();
  void fleet.refresh();
});

const openSocket = (path: string) => openBrowserSocket(location, path);
const services: UiServices = {
  api,
  credential,
  live,
  openSocket,
  events,
  clock: browserClock,
  fleet,
  chat,
  history,
  theme,
  now,
};
const root = document.getElementById('app');
if (!root) throw new Error('index.html has no #app');
render(<App services={services} />, root);

/** Touching the property of a forbidden storage throws by itself. */
function storageOf(get: () => Storage): Storage | undefined {
  try {
    return get();
  } catch {
    return undefined;
  }
}
