import { describe, expect, it } from 'vitest';
import { AlertsAnswer } from '../../../backend/model/alert.ts';
import { listAlerts } from '../../../tools/alerts/list-alerts.ts';
import { fitAnswer } from '../../../tools/fit-answer.ts';
import { readAnswer } from './read-answer.ts';

const id = '00000000-0000-4000-8000-000000000000';

describe('an answer that is too long for the agent', () => {
  it('is still read, shortened', async () => {
    const alerts = Array.from({ length: 500 }, (_, i) => ({
      id: `x-${i}`,
      fingerprint: 'e415ab29abbfb632',
      cluster_id: id,
      cluster_name: 'c-1',
      alertname: 'Down',
      severity: 'CRITICAL',
      state: 'FIRING',
      silenced: false,
      inhibited: false,
      labels: { pod: 'p'.repeat(200) },
      annotations: {},
      starts_at: '2026-03-01T10:00:00.000Z',
      sources: ['PROMETHEUS'],
    }));
    const by_severity = { CRITICAL: 500, WARNING: 0, INFO: 0 };
    const whole = { alerts, total: 500, by_severity, clusters: [], complete: true };
    const evidence = { put: async () => ({ id: 'x', uri: 'aiops://evidence/x', bytes: 1 }) };
    const { output, shortened } = await fitAnswer(listAlerts, whole, { door: 'agent', owner: 'o' }, evidence);
    expect([shortened, output['shortened'] !== undefined]).toEqual([true, true]);
    const reading = { tool: 'list_alerts', input: {}, output, shortened, evidence: 'E1' };
    const answer = readAnswer(reading, AlertsAnswer, 'list_alerts');
    expect(answer).toMatchObject({ ok: true, value: { total: 500 }, reading: { shortened: true } });
  });
});
