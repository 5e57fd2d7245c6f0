import { absoluteRange } from './time-range.ts';
import { type SharedView, TABS, tabUrl } from './view-url.ts';

/** Labels of a series and attributes of a span that logs are found by, and what Loki calls them. */
const LOKI_LABEL: Readonly<Record<string, string>> = {
  namespace: 'namespace',
  pod: 'pod',
  container: 'container',
  exported_namespace: 'namespace',
  exported_pod: 'pod',
  exported_container: 'container',
  'k8s.namespace.name': 'namespace',
  'k8s.pod.name': 'pod',
  'k8s.container.name': 'container',
};

/** Logs from this long before to this long after a point. */
const AROUND_MS = 300_000;

/**
 * Where the logs of one cluster around a time are shown, narrowed by what `labels` say of namespace, pod and container. Undefined
 * where there is no page of logs, or nothing that logs could be found by.
 */
export function logsUrl(
  shared: SharedView,
  point: { cluster: string; labels: Readonly<Record<string, string>>; fromMs: number; toMs: number },
  tabs: readonly { readonly name: string }[] = TABS,
): string | undefined {
  if (!tabs.some(({ name }) => name === 'logs')) return undefined;
  const selector = new Map<string, string>();
  for (const [key, value] of Object.entries(point.labels)) {
    const label = Object.hasOwn(LOKI_LABEL, key) ? LOKI_LABEL[key] : undefined;
    // `exported_…` is the workload, and the plain label beside it only the exporter that told of it.
    if (label !== undefined && (key.startsWith('exported_') || !selector.has(label))) selector.set(label, value);
  }
  if (selector.size === 0) return undefined;
  const matchers = [...selector].map(([key, value]) => `${key}=${JSON.stringify(value)}`).sort();
  const range = absoluteRange(point.fromMs - AROUND_MS, point.toMs + AROUND_MS);
  return tabUrl('logs', { ...shared, range, clusters: point.cluster }, { q: `{${matchers.join(', ')}}` });
}
