import type { AnyComponent } from 'preact';
import { lazy } from 'preact-iso';
import type { IconName } from './components/Icon.tsx';
import { FleetPage } from './pages/Fleet.tsx';

export interface PageRoute {
  readonly path: string;
  readonly title: string;
  readonly icon: IconName;
  /** Letter after `g`. */
  readonly key: string;
  readonly component: AnyComponent;
}

/** Every page there is; navigation and shortcuts follow from it. */
export const ROUTES: readonly PageRoute[] = [
  { path: '/', title: 'Fleet', icon: 'fleet', key: 'f', component: FleetPage },
  {
    path: '/chat',
    title: 'Chat',
    icon: 'chat',
    key: 'c',
    component: lazy(() => import('./pages/Chat.tsx').then((m) => m.ChatPage)),
  },
];
