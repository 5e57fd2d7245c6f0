import type { KubernetesEvent } from '../../model/workload.ts';
import type { Analyzer, Snapshot } from './analyzer.ts';
import { analyze } from './analyze.ts';
import { KINDS, type KindName } from './kinds.ts';

/** Test support: objects as an API server sends them, and what an analyzer makes of them. */

export const NOW = Date.parse('2026-03-01T10:00:00Z');
/** ISO time so many seconds before {@link NOW}. */
export const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();

export const meta = (name: string, more: Record<string, unknown> = {}) => ({
  name,
  namespace: 'shop',
  creationTimestamp: ago(86_400),
  ...more,
});

type Raw = { readonly [K in KindName]?: readonly unknown[] };

/** Parsed by the schemas of the product; kinds left out are there and empty. */
export function snapshot(raw: Raw, more: Partial<Snapshot> = {}): Snapshot {
  const objects = Object.fromEntries(
    Object.entries(KINDS).map(([name, { item }]) => [
      name,
      (raw[name as KindName] ?? []).map((object) => item.parse(object)), // proof: names are those of KINDS
    ]),
  );
  return { nowMs: NOW, objects, events: [], truncated: new Set(), ...more };
}

/** `REASON Kind/name` of everything found, sorted. */
export function found(analyzer: Analyzer, raw: Raw, more: Partial<Snapshot> = {}): string[] {
  return findings(analyzer, raw, more)
    .map(({ reason, object }) => `${reason} ${object.kind}/${object.name}`)
    .sort((a, b) => (a < b ? -1 : 1));
}

export function findings(analyzer: Analyzer, raw: Raw, more: Partial<Snapshot> = {}) {
  return analyze(snapshot(raw, more), 'edge-1', [analyzer]).findings;
}

/** A pod that runs as it should, its container called `app`. */
export function pod(over: { metadata?: object; spec?: object; status?: object; container?: object } = {}) {
  return {
    metadata: meta('web-1', { labels: { app: 'web' }, ...over.metadata }),
    spec: {
      nodeName: 'n1',
      containers: [{ name: 'app', image: 'registry.local/web:1', resources: { limits: { memory: '512Mi' } } }],
      ...over.spec,
    },
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [
        {
          name: 'app',
          ready: true,
          restartCount: 0,
          state: { running: { startedAt: ago(80_000) } },
          lastState: {},
          ...over.container,
        },
      ],
      ...over.status,
    },
  };
}

export const service = (name: string, spec: object = {}) => ({
  metadata: meta(name),
  spec: { type: 'ClusterIP', selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }], ...spec },
});

export const slice = (of: string, ...ready: readonly (boolean | undefined)[]) => ({
  metadata: meta(`${of}-abc`, { labels: { 'kubernetes.io/service-name': of } }),
  endpoints: ready.map((one) => ({ addresses: ['10.0.0.1'], conditions: one === undefined ? {} : { ready: one } })),
});

export const event = (over: Partial<KubernetesEvent>): KubernetesEvent => ({
  cluster: 'edge-1',
  type: 'WARNING',
  reason: 'Unhealthy',
  message: 'Readiness probe failed: HTTP probe failed with statuscode: 503',
  object: { kind: 'Pod', namespace: 'shop', name: 'web-1' },
  count: 3,
  first_at: ago(600),
  last_at: ago(60),
  source: 'kubelet',
  ...over,
});
