import { describe, expect, it } from 'vitest';
import type { CnfFinding, PtpStatusAnswer, SriovStatusAnswer } from '../../backend/model/cnf.ts';
import type { Services } from '../../tools/services.ts';
import { analyst, outcome, uncitedNumbers } from './offline-analyst-fixture.ts';

function finding(code: CnfFinding['code'], message: string): CnfFinding {
  return {
    severity: 'CRITICAL',
    code,
    cluster: 'edge-1',
    object: { kind: 'Node', namespace: null, name: 'n1' },
    message,
    evidence: [],
    next_step: 'Look at the switch.',
  };
}
const found = (...findings: CnfFinding[]) => ({
  findings,
  total_findings: findings.length,
  by_severity: { CRITICAL: findings.length, WARNING: 0, INFO: 0 },
});

function cnfOf(...findings: CnfFinding[]) {
  const asked: string[] = [];
  const not = () => Promise.reject(new Error('not asked for in these tests'));
  const cnf: Services['cnf'] = {
    workloads: not,
    dpdk: not,
    summary: not,
    ptp: async ({ clusters }): Promise<PtpStatusAnswer> => {
      asked.push('ptp');
      return {
        nodes: [],
        total: 7,
        by_state: { LOCKED: 6, HOLDOVER: 0, FREERUN: 1, UNKNOWN: 0 },
        max_abs_offset_ns: null,
        ...found(...findings),
        sources: [],
        clusters: clusters.map((one) => outcome(one)),
        complete: true,
      };
    },
    sriov: async ({ clusters }): Promise<SriovStatusAnswer> => {
      asked.push('sriov');
      return {
        nodes: [],
        total: 2,
        by_sync_status: { Succeeded: 2 },
        vfs: { allocatable: 8, requested: null },
        policies: [],
        ...found(...findings),
        sources: [],
        clusters: clusters.map((one) => outcome(one)),
        complete: true,
      };
    },
  };
  return { asked, cnf };
}

describe('the offline analyst on clocks and virtual functions', () => {
  it.each(['PTP status', 'which nodes are out of sync?', 'is any clock in holdover?'])('%s', async (question) => {
    const { asked, cnf } = cnfOf(finding('PTP_OUT_OF_SYNC', 'The clock [x](http://evil.example) runs free.'));
    const { content } = await analyst({ cnf }).ask(question);
    expect(asked).toEqual(['ptp']);
    expect(content).toMatch(/7 \[E\d\] nodes with PTP in all clusters: 6 \[E\d\] locked/);
    expect(content).toMatch(/no offset is told/);
    expect(content).toMatch(
      /\*\*CRITICAL PTP_OUT_OF_SYNC\*\* Node `n1` on edge-1: `The clock .*` \[E\d\] → `Look at the switch/,
    );
    expect(content).not.toContain('I did not understand');
    expect(uncitedNumbers(content)).toEqual([]);
  });

  it.each(['are VFs exhausted?', 'SR-IOV status'])('%s', async (question) => {
    const { asked, cnf } = cnfOf();
    const { content } = await analyst({ cnf }).ask(question);
    expect(asked).toEqual(['sriov']);
    expect(content).toContain('what pods ask for could not be read');
    expect(content).toContain('The rules find nothing wrong in what could be read');
    expect(content).not.toContain('I did not understand');
    expect(uncitedNumbers(content)).toEqual([]);
  });
});
