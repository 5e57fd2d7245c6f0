import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { ReadonlySignal } from '@preact/signals';
import type { ApiClient } from './api/client.ts';
import type { Credential } from './api/credential.ts';
import type { EventFeed } from './api/event-feed.ts';
import type { Live, OpenSocket } from './api/live.ts';
import type { ChatStore } from './chat/chat-store.ts';
import type { UiClock } from './clock.ts';
import type { FleetStore } from './fleet/fleet-store.ts';
import type { QueryHistory } from './observability/query-history.ts';
import type { ThemeChoice } from './shell/theme.ts';

/** What the pages stand on; made once in `main.tsx`. */
export interface UiServices {
  readonly api: ApiClient;
  readonly credential: Credential;
  readonly live: Live;
  /** Opens a WebSocket of this server at a path. */
  readonly openSocket: (path: string) => OpenSocket;
  readonly events: EventFeed;
  readonly clock: UiClock;
  readonly fleet: FleetStore;
  readonly chat: ChatStore;
  readonly history: QueryHistory;
  readonly theme: ThemeChoice;
  /** Server time in ms since the epoch, moving every few seconds; for ages. */
  readonly now: ReadonlySignal<number>;
}

const Context = createContext<UiServices | undefined>(undefined);

export const ServicesProvider = Context.Provider;

export function useServices(): UiServices {
  const services = useContext(Context);
  if (!services) throw new Error('useServices outside of ServicesProvider');
  return services;
}
