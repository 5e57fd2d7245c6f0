import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { CnfWorkloadsAnswer, DpdkStatsAnswer } from '../../backend/model/cnf.ts';
import {
  clock,
  cnfFinding,
  cnfSummary,
  cnfWorkload,
  OUTCOME,
  ptpAnswer,
  ptpNode,
  source,
  sriovAnswer,
  sriovNode,
} from '../cnf/test-cnf.ts';
import { openApp } from '../test-app.tsx';
import { alertsAnswer, cluster, errorResponse, json, page, type SentRequest } from '../test-support.ts';

// There is no canvas here; what it draws is looked at in test/browser/.
vi.mock('../components/chart/plot.ts', () => ({
  drawPlot: () => ({ point: () => undefined, destroy: () => undefined }),
}));

const ALPHA = cluster(1, 'alpha');
const W1 = ptpNode('w1');
const W2 = ptpNode('w2', {
  state: 'FREERUN',
  in_sync: false,
  clock_class: null,
  clocks: [
    clock({ fault: true, state: null, offset_ns: null, within_threshold: null }),
    clock({
      process: 'phc2sys',
      iface: 'CLOCK_REALTIME',
      state: 'FREERUN',
      state_seconds: 90,
      offset_ns: 4200,
      within_threshold: false,
    }),
  ],
});
const W3 = ptpNode('w3', { state: 'HOLDOVER', stale: true, clocks: [] });
const SERIES = {
  results: [
    {
      ...OUTCOME,
      result_type: 'MATRIX',
      data: [{ metric: { cluster: 'alpha', node: 'w1' }, values: [[1_772_355_600, '0.000000003']] }],
    },
  ],
  range: { start: 1_772_355_600, end: 1_772_359_200, step: 60 },
  complete: true,
  notes: [],
};
const WORKLOADS: CnfWorkloadsAnswer = {
  workloads: [
    cnfWorkload('du', { status: 'DOWN', ready_pods: 0 }),
    cnfWorkload('upf', { type: 'UPF', namespace: 'upf-1' }),
  ],
  total: 2,
  by_status: { READY: 1, DEGRADED: 0, DOWN: 1 },
  by_type: {},
  sources: [source('OK', { source: 'Pods' })],
  clusters: [OUTCOME],
  complete: true,
};
const PORTS: DpdkStatsAnswer = {
  cluster: 'alpha',
  namespace: 'du-1',
  pod: 'du-0',
  source: 'EXEC',
  at: '2026-03-01T10:00:00.000Z',
  version: 'DPDK 23.11',
  container: 'c',
  ports: [
    {
      port: '0',
      link: { up: true, speed_mbps: 25_000, duplex: 'full' },
      stats: { ipackets: '18446744073709551615', imissed: '7' },
      xstats: { rx_crc: '1' },
      xstats_total: 1,
    },
    { port: '1', link: null, stats: {}, xstats: {}, xstats_total: 0 },
  ],
  findings: [],
  total_findings: 0,
  by_severity: { CRITICAL: 0, WARNING: 0, INFO: 0 },
  notes: ['<i>note</i>'],
};

/** Answers of the routes of network functions, by how their paths begin. */
function server(answers: Readonly<Record<string, () => Response>>) {
  const all: Readonly<Record<string, () => Response>> = {
    '/cnf/summary': () => json(cnfSummary()),
    '/cnf/ptp': () => json(ptpAnswer([W2, W3, W1])),
    '/metrics': () => json(SERIES),
    '/alerts': () => json(alertsAnswer([ALPHA], [])),
    ...answers,
  };
  return ({ path }: SentRequest) =>
    Object.entries(all).find(([start]) => path.startsWith(start))?.[1]() ?? page([ALPHA]);
}

let app: Awaited<ReturnType<typeof openApp>> | undefined;
// Loaded ahead, so that the lazy route is there as soon as it is asked for.
beforeAll(() => import('./Cnf.tsx'));
afterEach(() => app?.close());

const rows = () =>
  app?.all('.grid-body [role=row]').map((row) => [...row.children].map((cell) => cell.textContent)) ?? [];
const number = (label: string) =>
  app?.all('.number').find((cell) => cell.querySelector('.number-label')?.textContent === label);

describe('CNF page', () => {
  it('tells each clock with its state in words and shape, its offset against what is allowed, and for how long', async () => {
    app = await openApp('/cnf', server({}));
    expect(app.state()).toBe('ready');
    expect(rows().map((cells) => cells.slice(0, 7))).toEqual([
      ['w2', 'Faulty port', 'fault value faulty port', 'ptp4l', 'ens1fx', '—', '—'],
      ['w2', 'Freerun', '4.2 µs outside -100 ns to 100 ns', 'phc2sys', 'CLOCK_REALTIME', '—', '≥ 1 min'],
      ['w3', 'Old, was Unknown', '—', '—', '—', '6', '—'],
      ['w1', 'Locked', '-3 ns ', 'ptp4l', 'ens1fx', '6', '—'],
    ]);
    expect(app.all('.cell-state .badge').every((badge) => badge.querySelector('.shape') !== null)).toBe(true);
    expect(app.one('[role=slider]').getAttribute('aria-valuetext')).toContain('alpha no sample');
  });

  it('counts what its links then list', async () => {
    app = await openApp('/cnf', server({ '/cnf/workloads': () => json(WORKLOADS) }));
    expect(number('Virtual functions taken')?.textContent).toContain('6 of 8');
    expect(number('Largest offset')?.textContent).toContain('4.2 µs');
    number('Freerun nodes')?.querySelector('a')?.click();
    await app.wait();
    expect([location.search, new Set(rows().map(([node]) => node)).size]).toEqual(['?is=FREERUN', 1]);
    number('Down workloads')?.querySelector('a')?.click();
    await app.wait();
    expect([location.search, rows().map(([name]) => name)]).toEqual(['?show=workloads&is=DOWN', ['du-1/du']]);
    number('Critical findings')?.querySelector('a')?.click();
    await app.wait();
    expect(app.all('.findings .panel')).toHaveLength(1);
    expect(app.text()).toContain('Look at the link to the grandmaster.');
    await app.press('w2');
    expect(location.search).toBe('?node=alpha%2Fw2');
    expect(app.one('#clock-node').textContent).toBe('w2');
  });

  it('opens a node: where its time comes from, its thresholds, each clock, and offsets that have signs', async () => {
    app = await openApp('/cnf?node=alpha/w1', server({}));
    expect(app.text()).toContain('Time comes fromGNSS → gm-1 → w1');
    expect(app.text()).toContain('-100 ns to 100 ns, holdover 5 s; from PtpConfig');
    expect(app.text()).toContain('ptp4l up, 2 restarts');
    const body = app.sent.find(({ path }) => path === '/metrics/query_range')?.body;
    expect(body).toMatchObject({ clusters: ['alpha'], start: '-1h', end: 'now' });
    expect(JSON.stringify(body)).toContain('node=');
    expect(app.all('.ts-key').map((key) => key.textContent)).toHaveLength(3);
  });

  it('tells what of the virtual functions is taken, what could not be set up, and who uses each', async () => {
    const failed = sriovNode('w2', {
      sync_status: 'Failed',
      last_sync_error: 'no such device',
      resources: [{ name: 'r', allocatable: 4, requested: null, free: null }],
      vfs: [],
    });
    app = await openApp(
      '/cnf?show=functions&node=alpha/w1',
      server({ '/cnf/sriov': () => json(sriovAnswer([failed, sriovNode('w1')])) }),
    );
    expect(rows().map((cells) => cells.slice(0, 7))).toEqual([
      ['w2', 'Failed', 'r', '— of 4', '—', '8 of 64', '—'],
      ['w1', 'Succeeded', 'openshift.io/mlxnics', '6 of 8', '2', '8 of 64', '3/s'],
    ]);
    expect(app.text()).toContain('ens1f0 00000:18:02.0du-1/du-0100');
    await app.press('Failed');
    expect(rows()).toHaveLength(1);
    await app.press('du-1/du-0');
    expect(location.search).toBe('?show=ports&cluster=alpha&namespace=du-1&pod=du-0');
  });

  it('reads the ports of one pod, counters exact and foreign text inert', async () => {
    app = await openApp('/cnf?show=ports', server({ '/cnf/dpdk': () => json(PORTS) }));
    expect([app.state(), app.text().includes('Which pod?')]).toEqual(['idle', true]);
    await app.press('Read its ports');
    expect(app.text()).toContain('Needed to name one pod.');
    for (const [label, value] of [
      ['Cluster', 'alpha'],
      ['Namespace', 'du-1'],
      ['Pod', 'du-0'],
    ] as const)
      await app.fill(label, value);
    await app.press('Read its ports');
    expect(app.sent.some(({ path }) => path === '/cnf/dpdk/stats/alpha/du-1/du-0')).toBe(true);
    expect(app.text()).toContain('18446744073709551615');
    expect(app.all('.panel-head .badge').map((badge) => badge.textContent)).toEqual(['Up 25 Gb/s', 'Link not told']);
    expect(app.text()).toContain('<i>note</i>');
  });

  it.each([
    ['empty', () => json(ptpAnswer([], { sources: [source('ABSENT')] })), 'No cluster keeps time by PTP.'],
    ['empty', () => json(ptpAnswer([], { sources: [source('UNREADABLE')] })), 'No clock is told of.'],
    [
      'partial',
      () => json(ptpAnswer([W1], { complete: false, clusters: [{ ...OUTCOME, status: 'TIMEOUT' }] })),
      '≥ 1 nodes',
    ],
    ['denied', () => errorResponse(403, 'PERMISSION_DENIED', { permission: 'metrics:read' }), 'metrics:read'],
    ['error', () => errorResponse(500, 'INTERNAL_ERROR'), 'Could not load the clocks'],
  ] as const)('is in the state %s', async (wanted, respond, words) => {
    app = await openApp(
      '/cnf',
      server({ '/cnf/ptp': respond, '/cnf/summary': () => errorResponse(500, 'INTERNAL_ERROR') }),
    );
    expect(app.state()).toBe(wanted);
    expect(app.text()).toContain(words);
    expect(number('Freerun nodes')?.querySelector('.number-value')?.textContent).toBe('—');
  });

  it('says that no rule found anything, which is not that nothing matches', async () => {
    app = await openApp(
      '/cnf?show=findings',
      server({ '/cnf/summary': () => json(cnfSummary({ findings: [cnfFinding()] })) }),
    );
    await app.press('Warning');
    expect(app.text()).toContain('None of the 1 findings matches these filters.');
    await app.close();
    app = await openApp(
      '/cnf?show=findings',
      server({ '/cnf/summary': () => json(cnfSummary({ findings: [], total_findings: 0 })) }),
    );
    expect([app.state(), app.text().includes('No rule found anything wrong')]).toEqual(['empty', true]);
  });
});
