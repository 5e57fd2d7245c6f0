import type { AlertDetail, AlertEpisode } from '../../backend/model/alert.ts';
import type { Silence } from '../../backend/model/silence.ts';
import { alert, type cluster, uuid } from '../test-support.ts';

/** Builders of tests; nothing here is part of the product. */

export function detail(of: ReturnType<typeof cluster>, rest: Partial<AlertDetail> = {}): AlertDetail {
  return {
    alert: alert(of, 'Down', { labels: { alertname: 'Down', namespace: 'shop', pod: 'cart-1' } }),
    active: true,
    history: {
      episodes: 2,
      first_seen_at: '2026-03-01T09:00:00.000Z',
      mean_seconds: 60,
      max_seconds: 120,
      flapping: false,
      last: [{ state: 'FIRING', starts_at: '2026-03-01T09:59:00.000Z', announced: true }],
    },
    rule: { query: 'up == 0', group: 'g', for_seconds: 60, health: 'ok' },
    runbook_url: 'https://evil.example/runbook',
    silences: [],
    inhibited_by: [],
    other_clusters: [],
    clusters: [],
    complete: true,
    ...rest,
  };
}

export function episode(of: ReturnType<typeof cluster>, n: number, rest: Partial<AlertEpisode> = {}): AlertEpisode {
  return {
    ...alert(of, `Alert${n}`),
    episode_id: uuid(n),
    first_seen_at: '2026-03-01T09:59:00.000Z',
    last_seen_at: '2026-03-01T10:00:00.000Z',
    flapping: false,
    announced: true,
    ...rest,
  };
}

export function silence(of: ReturnType<typeof cluster>, rest: Partial<Silence> = {}): Silence {
  return {
    id: uuid(9),
    cluster_id: of.id,
    cluster_name: of.name,
    state: 'ACTIVE',
    matchers: ['alertname="Down"'],
    starts_at: '2026-03-01T09:00:00.000Z',
    ends_at: '2026-03-01T12:00:00.000Z',
    created_by: 'ann (AIOps)',
    comment: 'Fans are being replaced',
    ...rest,
  };
}
