import { describe, expect, it } from 'vitest';
import type { DiagnosisAnswer, EventsAnswer, Finding } from '../../backend/model/workload.ts';
import { diagnoseWorkloads } from './diagnose-workloads.ts';
import { listEvents } from './list-events.ts';

const outcome = {
  cluster_id: '00000000-0000-4000-8000-000000000000',
  cluster_name: 'edge-1',
  status: 'SUCCESS',
  query_time_ms: 1,
  cached: false,
} as const;
const finding: Finding = {
  severity: 'CRITICAL',
  analyzer: 'containers',
  reason: 'OOM_KILLED',
  cluster: 'edge-1',
  object: { kind: 'Pod', namespace: 'shop', name: 'web-1' },
  message: 'm',
  evidence: [],
  next_step: 'n',
};
const diagnosis: DiagnosisAnswer = {
  findings: [finding],
  total: 1,
  by_severity: { CRITICAL: 1, WARNING: 0, INFO: 0 },
  looked_at: { pods: 7, nodes: 3 },
  checks: 40,
  not_checked: [],
  clusters: [outcome],
  complete: true,
};
const events: EventsAnswer = {
  events: [],
  total: 0,
  by_reason: [],
  next_cursor: null,
  clusters: [outcome],
  complete: true,
};

describe('diagnose_workloads', () => {
  it('says what was looked at, how much was found, and the worst', () => {
    expect(diagnoseWorkloads.summarize(diagnosis)).toBe(
      '1 of 1 clusters answered. 40 checks over 10 objects. 1 findings: 1 critical, 0 warnings, 0 for information. Worst: OOM_KILLED Pod shop/web-1 on edge-1.',
    );
  });

  it('calls nothing healthy that it could not look at', () => {
    const not_checked = [
      { check: 'missing-secret', why: 'may not list secrets', clusters: ['edge-1'], cluster_count: 1 },
    ];
    const none = { ...diagnosis, findings: [], total: 0, not_checked, complete: false };
    expect(diagnoseWorkloads.summarize(none)).toContain(
      'Nothing found in what could be read. 1 checks could not be made',
    );
    expect(diagnoseWorkloads.summarize({ ...none, clusters: [] })).toContain('No cluster is in scope');
  });

  it('refuses an analyzer that there is not', () => {
    expect(diagnoseWorkloads.input.safeParse({ analyzers: ['container'] }).success).toBe(false);
    expect(diagnoseWorkloads.input.safeParse({ namespace: '../x' }).success).toBe(false);
  });

  it('counts clusters for a model instead of listing them', () => {
    const view = diagnoseWorkloads.forModel?.view(diagnosis);
    expect(diagnoseWorkloads.forModel?.output.parse(view?.output)).toMatchObject({
      clusters: { asked: 1, answered: 1 },
    });
  });
});

describe('list_events', () => {
  it('says that clusters forget when there is none', () => {
    expect(listEvents.summarize(events)).toContain('No event matches. Clusters forget events');
  });

  it('gives the most frequent reasons and how to go on', () => {
    const some = {
      ...events,
      total: 9,
      by_reason: [{ reason: 'BackOff', type: 'WARNING' as const, count: 12 }],
      next_cursor: 'abc',
    };
    expect(listEvents.summarize({ ...some, complete: false })).toBe(
      '1 of 1 clusters answered. At least 9 events, newest first; how often: BackOff 12. 0 shown; more with cursor.',
    );
    const view = listEvents.forModel?.view(some);
    expect(listEvents.forModel?.output.safeParse(view?.output).error).toBeUndefined();
  });
});
