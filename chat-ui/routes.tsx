import type { AnyComponent } from 'preact';
import { lazy } from 'preact-iso';
import type { IconName } from './components/Icon.tsx';
import { FleetPage } from './pages/Fleet.tsx';

export interface PageRoute {
  /** `:name` stands for one part of the path. */
  readonly path: string;
  readonly title: string;
  readonly component: AnyComponent;
}

/** A page that the navigation leads to. */
export interface MainPage extends PageRoute {
  /** Of a page that leads a group: what the group is called, and what its addresses begin with. */
  readonly section?: { readonly path: string; readonly title: string };
  readonly icon: IconName;
  /** Letter after `g`. */
  readonly key: string;
}

/** Navigation and shortcuts follow from it. */
export const MAIN_PAGES: readonly MainPage[] = [
  { path: '/', title: 'Fleet', icon: 'fleet', key: 'f', component: FleetPage },
  {
    path: '/clusters',
    title: 'Clusters',
    icon: 'clusters',
    key: 'l',
    component: lazy(() => import('./pages/Clusters.tsx').then((m) => m.ClustersPage)),
  },
  {
    path: '/gpu',
    title: 'GPUs',
    icon: 'gpu',
    key: 'g',
    component: lazy(() => import('./pages/Gpu.tsx').then((m) => m.GpuPage)),
  },
  {
    path: '/cnf',
    title: 'Network functions',
    icon: 'cnf',
    key: 'n',
    component: lazy(() => import('./pages/Cnf.tsx').then((m) => m.CnfPage)),
  },
  {
    path: '/observability/metrics',
    section: { path: '/observability', title: 'Observability' },
    title: 'Metrics',
    icon: 'observability',
    key: 'o',
    component: lazy(() => import('./pages/Metrics.tsx').then((m) => m.MetricsPage)),
  },
  {
    path: '/alerts',
    title: 'Alerts',
    icon: 'alerts',
    key: 'a',
    component: lazy(() => import('./pages/Alerts.tsx').then((m) => m.AlertsPage)),
  },
  {
    path: '/chat',
    title: 'Chat',
    icon: 'chat',
    key: 'c',
    component: lazy(() => import('./pages/Chat.tsx').then((m) => m.ChatPage)),
  },
];

/** Every page there is; the first whose path matches is shown. `_add` cannot be the name of a cluster. */
export const ROUTES: readonly PageRoute[] = [
  ...MAIN_PAGES,
  {
    path: '/observability/traces',
    title: 'Traces',
    component: lazy(() => import('./pages/Traces.tsx').then((m) => m.TracesPage)),
  },
  {
    path: '/observability/traces/:id',
    title: 'Trace :id',
    component: lazy(() => import('./pages/Trace.tsx').then((m) => m.TracePage)),
  },
  {
    path: '/observability/logs',
    title: 'Logs',
    component: lazy(() => import('./pages/Logs.tsx').then((m) => m.LogsPage)),
  },
  {
    path: '/gpu/:cluster/:node',
    title: 'GPUs of :node',
    component: lazy(() => import('./pages/GpuNode.tsx').then((m) => m.GpuNodePage)),
  },
  {
    path: '/alerts/history',
    title: 'History of alerts',
    component: lazy(() => import('./pages/AlertHistory.tsx').then((m) => m.AlertHistoryPage)),
  },
  {
    path: '/alerts/silences',
    title: 'Silences',
    component: lazy(() => import('./pages/Silences.tsx').then((m) => m.SilencesPage)),
  },
  {
    path: '/alerts/:fingerprint',
    title: 'Alert :fingerprint',
    component: lazy(() => import('./pages/Alert.tsx').then((m) => m.AlertPage)),
  },
  {
    path: '/clusters/_add',
    title: 'Add a cluster',
    component: lazy(() => import('./pages/ClusterForms.tsx').then((m) => m.AddClusterPage)),
  },
  {
    path: '/clusters/:name',
    title: ':name',
    component: lazy(() => import('./pages/Cluster.tsx').then((m) => m.ClusterPage)),
  },
  {
    path: '/clusters/:name/edit',
    title: 'Edit :name',
    component: lazy(() => import('./pages/ClusterForms.tsx').then((m) => m.EditClusterPage)),
  },
  {
    path: '/clusters/:name/credentials',
    title: 'Credentials of :name',
    component: lazy(() => import('./pages/ClusterForms.tsx').then((m) => m.ClusterCredentialsPage)),
  },
];

/** The title of the page at `path`, or undefined where there is none. */
export function titleAt(path: string): string | undefined {
  const parts = path.split('/');
  for (const route of ROUTES) {
    const wanted = route.path.split('/');
    const fits = wanted.length === parts.length && wanted.every((part, i) => part.startsWith(':') || part === parts[i]);
    if (fits) return route.title.replace(/:\w+/, (name) => decode(parts[wanted.indexOf(name)] ?? ''));
  }
  return undefined;
}

/** Somebody may type any address; what is no encoding is shown as it is. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
