import { describe, expect, it } from 'vitest';
import type { Alert } from '../../backend/model/alert.ts';
import { listAlerts } from './list-alerts.ts';

const id = '00000000-0000-4000-8000-000000000000';
const outcome = { cluster_id: id, cluster_name: 'edge-1', status: 'SUCCESS', query_time_ms: 1, cached: false } as const;

const alert: Alert = {
  id: 'x',
  fingerprint: 'e415ab29abbfb632',
  cluster_id: id,
  cluster_name: 'edge-1',
  alertname: 'Down',
  severity: 'CRITICAL',
  state: 'FIRING',
  silenced: false,
  inhibited: false,
  labels: {},
  annotations: {},
  starts_at: '2026-03-01T10:00:00.000Z',
  sources: ['PROMETHEUS'],
};

describe('list_alerts', () => {
  it('summarizes counts by severity and names the most severe', () => {
    const text = listAlerts.summarize({
      alerts: [alert, { ...alert, silenced: true }],
      total: 2,
      by_severity: { CRITICAL: 2, WARNING: 0, INFO: 0 },
      clusters: [outcome],
      complete: true,
    });
    expect(text).toBe(
      '1 of 1 clusters answered. 2 alerts: 2 critical, 0 warning, 0 info. ' +
        'Down on edge-1 (CRITICAL, FIRING, since 2026-03-01T10:00:00.000Z); Down on edge-1 (CRITICAL, FIRING, silenced, since 2026-03-01T10:00:00.000Z).',
    );
  });

  it('never says that all is quiet when a cluster did not answer', () => {
    const failed = {
      ...outcome,
      cluster_name: 'edge-2',
      status: 'ERROR' as const,
      error: { code: 'CLUSTER_UNREACHABLE', message: 'refused.' },
    };
    const none = { alerts: [], total: 0, by_severity: { CRITICAL: 0, WARNING: 0, INFO: 0 } };
    expect(listAlerts.summarize({ ...none, clusters: [outcome], complete: true })).toBe(
      '1 of 1 clusters answered. No alert matches.',
    );
    expect(listAlerts.summarize({ ...none, clusters: [outcome, failed], complete: false })).toContain(
      'No alert matches among those that answered.',
    );
  });
});
