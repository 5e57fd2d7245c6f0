import { signal } from '@preact/signals';
import { render } from 'preact';
import { act } from 'preact/test-utils';
import { App } from './App.tsx';
import { createApiClient } from './api/client.ts';
import { createCredential } from './api/credential.ts';
import { createEventFeed } from './api/event-feed.ts';
import { createLive, type OpenSocket, type SocketHandlers } from './api/live.ts';
import { createChatStore } from './chat/chat-store.ts';
import { createFleetStore } from './fleet/fleet-store.ts';
import { createQueryHistory } from './observability/query-history.ts';
import { createThemeChoice } from './shell/theme.ts';
import { fakeFetch, manualClock, type SentRequest, settled } from './test-support.ts';

/** The whole UI in a document without layout, on a server that is a function. */
export async function openApp(url: string, answer: (request: SentRequest) => Response | Promise<Response>) {
  history.replaceState(null, '', url);
  document.body.innerHTML = '<div id="app"></div>';
  const clock = manualClock();
  const { fetch, sent } = fakeFetch(answer);
  const credential = createCredential(undefined);
  const api = createApiClient({ fetch, credential, clock });
  const fleet = createFleetStore(api, clock);
  const events = createEventFeed();
  events.subscribe(fleet.onEvent);
  const sockets: { path: string; protocols: string[]; handlers: SocketHandlers }[] = [];
  const openSocket =
    (path: string): OpenSocket =>
    (protocols, handlers) => {
      sockets.push({ path, protocols, handlers });
      return { send: () => undefined, close: () => undefined };
    };
  const live = createLive({
    open: openSocket('/ws'),
    token: () => credential.token.value,
    eventTypes: [],
    clock,
    random: () => 0,
    onEvent: events.publish,
    onLive: () => void fleet.refresh(),
  });
  const root = document.getElementById('app');
  if (!root) throw new Error('no root');
  const services = {
    api,
    credential,
    live,
    openSocket,
    events,
    fleet,
    clock,
    chat: createChatStore(api),
    history: createQueryHistory(undefined),
    theme: createThemeChoice(document.documentElement, undefined),
    now: signal(clock.now()),
  };
  await act(async () => {
    render(<App services={services} />, root);
    await settled();
  });
  await wait();

  async function wait(): Promise<void> {
    for (let n = 0; n < 4; n += 1) await act(settled);
  }
  return {
    ...services,
    sent,
    sockets,
    wait,
    text: () => root.textContent?.replace(/\s+/g, ' ') ?? '',
    state: () => root.querySelector('[data-state]')?.getAttribute('data-state'),
    all: (selector: string) => [...root.querySelectorAll<HTMLElement>(selector)],
    one: (selector: string) => {
      const found = root.querySelector<HTMLElement>(selector);
      if (!found) throw new Error(`nothing matches ${selector}`);
      return found;
    },
    click: async (selector: string) => {
      const found = root.querySelector<HTMLElement>(selector);
      if (!found) throw new Error(`nothing matches ${selector}`);
      await act(async () => {
        found.click();
        await settled();
      });
      await wait();
    },
    type: async (selector: string, value: string) => {
      const field = root.querySelector<HTMLInputElement>(selector);
      if (!field) throw new Error(`nothing matches ${selector}`);
      await act(() => {
        field.value = value;
        field.dispatchEvent(new Event('input', { bubbles: true }));
      });
      await wait();
    },
    /** Writes into the field with this label, or chooses in it. */
    fill: async (label: string, value: string) => {
      const named = [...root.querySelectorAll('label')].find((l) => l.textContent?.trim().startsWith(label));
      const field = named?.htmlFor
        ? root.querySelector<HTMLInputElement>(`[id="${named.htmlFor}"]`)
        : named?.querySelector<HTMLInputElement>('input, select');
      if (!field) throw new Error(`no field ${label}`);
      await act(() => {
        field.value = value;
        field.dispatchEvent(new Event(field.tagName === 'SELECT' ? 'change' : 'input', { bubbles: true }));
      });
      await wait();
    },
    /** Presses the button or follows the link with these words. */
    press: async (words: string) => {
      const found = [...root.querySelectorAll<HTMLElement>('button, a')].find((e) =>
        e.textContent?.trim().startsWith(words),
      );
      if (!found) throw new Error(`no button ${words}`);
      await act(async () => {
        found.click();
        await settled();
      });
      await wait();
    },
    /** Time goes by. */
    pass: async (ms: number) => {
      await act(async () => {
        clock.advance(ms);
        await settled();
      });
      await wait();
    },
    key: async (key: string, options: KeyboardEventInit = {}) => {
      const target = document.activeElement ?? document.body;
      await act(() => {
        target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...options }));
      });
      await wait();
    },
    /** What the socket says. */
    hear: async (message: Record<string, unknown>) => {
      await act(async () => {
        sockets.at(-1)?.handlers.onText(JSON.stringify(message));
        await settled();
      });
      await wait();
    },
    close: () => act(() => render(null, root)),
  };
}
