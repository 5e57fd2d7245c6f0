import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { GpuHistoryAnswer, GpuNodesAnswer } from '../../backend/model/gpu-answers.ts';
import { gpu, gpuFinding, gpuNode, nodesAnswer } from '../gpu/test-gpus.ts';
import { openApp } from '../test-app.tsx';
import { alertsAnswer, cluster, errorResponse, json, page, type SentRequest, uuid } from '../test-support.ts';

// There is no canvas here; what it draws is looked at in test/browser/.
vi.mock('../components/chart/plot.ts', () => ({
  drawPlot: () => ({ point: () => undefined, destroy: () => undefined }),
}));

const ALPHA = cluster(1, 'alpha');
const OUTCOME = { cluster_id: uuid(1), cluster_name: 'alpha', query_time_ms: 3, cached: false };
const POD = { namespace: 'ml', pod: 'train-0', container: 'main' };

const W1 = gpuNode('w1', {
  gpus: [
    gpu(0, { utilization_gpu_percent: 0, temperature_celsius: 30, pods: [POD] }),
    gpu(1, { utilization_gpu_percent: 97, pods: null }),
    gpu(2, { utilization_gpu_percent: null, power_limit_watts: null }),
    gpu(3, { name: 'NVIDIA L4' }),
  ],
  findings: [gpuFinding('w1', 1), gpuFinding('w1', 0, { code: 'ALLOCATED_IDLE', severity: 'WARNING' })],
});
const W2 = gpuNode('w2', {
  source: 'ALLOCATABLE',
  gpu_count: 8,
  not_used: [{ source: 'DCGM', why: 'No DCGM exporter reports this node.' }],
});
const W3 = gpuNode('w3', { stale: true, age_seconds: 900, gpus: [gpu(0)] });
const COVERAGE = [
  { ...state('beta', 'UNKNOWN'), why: 'It timed out.' },
  { ...state('gamma', 'NO_GPUS'), why: null },
];

function state(cluster_name: string, value: 'UNKNOWN' | 'NO_GPUS') {
  return { cluster_id: uuid(7), cluster_name, state: value, nodes: 0, gpus: 0, sources: [] };
}

function server(gpus: (request: SentRequest) => Response | Promise<Response>) {
  return (request: SentRequest) => {
    if (request.path.startsWith('/alerts')) return json(alertsAnswer([ALPHA], []));
    return request.path.startsWith('/gpu') ? gpus(request) : page([ALPHA]);
  };
}
const answering = (answer: GpuNodesAnswer) => server(() => json(answer));

let app: Awaited<ReturnType<typeof openApp>> | undefined;
// Loaded ahead, so that the lazy routes are there as soon as they are asked for.
beforeAll(() => Promise.all([import('./Gpu.tsx'), import('./GpuNode.tsx')]));
afterEach(() => app?.close());

const cells = (line: number) =>
  [...(app?.all('.heat-grid .grid-body [role=row]')[line]?.querySelectorAll('[role=gridcell]') ?? [])].map(
    (cell) => cell.textContent,
  );
const asked = () => app?.sent.filter(({ path }) => path.startsWith('/gpu/nodes')) ?? [];
/** A number of the strip by its label. */
const number = (label: string) =>
  app?.all('.number').find((cell) => cell.querySelector('.number-label')?.textContent === label);

describe('GPU page', () => {
  it('shows each GPU in its row; zero, not told, no exporter, not known and none are told apart', async () => {
    app = await openApp('/gpu', answering(nodesAnswer([W1, W2, W3], { coverage: COVERAGE })));
    expect(app.state()).toBe('ready');
    expect(cells(0)).toEqual(['0', '97', '?', '50', '']);
    expect(cells(1)).toEqual(['No exporter: 8 GPUs, not measured. No DCGM exporter reports this node.']);
    expect(app.text()).toContain('alpha · 15 min old');
    expect(cells(3)).toEqual(['Not known whether it has GPUs. It timed out.']);
    expect(cells(4)).toEqual(['No GPUs']);
    const failing = app.all('.mark-critical');
    expect(failing.map((cell) => cell.getAttribute('aria-label'))).toEqual(['GPU 1 of w1: utilisation 97 %, XID 79']);
  });

  it('counts what its links then list', async () => {
    app = await openApp('/gpu?show=table', answering(nodesAnswer([W1, W2, W3])));
    const counts = [
      ['GPUs', 13],
      ['Allocated', 1],
      ['Allocated and idle', 1],
      ['Failing', 1],
      ['Not measured', 8],
      ['Old numbers', 1],
    ] as const;
    for (const [label, count] of counts) {
      expect([label, number(label)?.querySelector('.number-value')?.textContent]).toEqual([label, String(count)]);
      const link = number(label)?.querySelector<HTMLElement>('a');
      link?.click();
      await app.wait();
      expect([label, app.one('[role=grid]').getAttribute('aria-rowcount')]).toEqual([label, String(count + 1)]);
    }
    expect(number('Average utilisation')?.textContent).toContain('49 %of 4 that tell it');
  });

  it('is coloured by what the URL says, and has everything as a table', async () => {
    app = await openApp('/gpu?measure=power', answering(nodesAnswer([W1])));
    expect(cells(0)).toEqual(['350', '350', '?', '350', '']);
    await app.press('Temperature');
    expect(location.search).toBe('?measure=temperature');
    expect(cells(0)[0]).toBe('30');
    expect(app.one('.heat-grid [aria-label^="GPU 0"]').className).toContain('heat-1');
    await app.press('Table');
    expect(app.all('.gpu-grid .grid-body [role=row]').map((row) => row.textContent)).toEqual([
      'GPU 0 w1Allocated idlealphaNVIDIA H2000 %50 %30 °C350 Wml/train-0',
      'GPU 1 w1XID 79alphaNVIDIA H20097 %50 %60 °C350 W—',
      'GPU 2 w1Nothing foundalphaNVIDIA H200—50 %60 °C350 WNobody',
      'GPU 3 w1Nothing foundalphaNVIDIA L450 %50 %60 °C350 WNobody',
    ]);
    await app.press('Utilisation');
    expect(app.one('.gpu-grid .grid-body a').textContent).toBe('GPU 1 w1');
  });

  it('lists what rules found, with what says so and the next step', async () => {
    app = await openApp('/gpu?show=findings', answering(nodesAnswer([W1, W2])));
    expect(app.all('.findings .panel b').map((e) => e.textContent)).toEqual(['w1 GPU 1', 'w1 GPU 0']);
    expect(app.text()).toContain('DCGM_FI_DEV_XID_ERRORS = 79');
    expect(app.text()).toContain('Drain the node and reset it.');
  });

  it('changes with events at most four times a second, and asks nobody for it', async () => {
    app = await openApp('/gpu', answering(nodesAnswer([W1])));
    const before = asked().length;
    const update = (sequence: number, value: number) => ({
      type: 'event',
      event: {
        event_id: uuid(sequence),
        sequence,
        event_type: 'GPU_UPDATE',
        source: 'gpu',
        cluster_id: uuid(1),
        cluster_name: 'alpha',
        timestamp: '2026-03-01T10:00:05.000Z',
        payload: {
          node_name: 'w1',
          source: 'DCGM',
          sampled_at: '2026-03-01T10:00:05.000Z',
          gpus: [{ gpu: 0, uuid: 'GPU-0', values: { utilization_gpu_percent: value }, throttling: [], xids: [] }],
        },
      },
    });
    await app.hear(update(1, 40));
    await app.hear(update(2, 80));
    expect(cells(0)[0]).toBe('0');
    await app.pass(250);
    expect(cells(0)[0]).toBe('80');
    expect(cells(0)[1]).toBe('97');
    expect(asked()).toHaveLength(before);
  });

  it('keeps what it had when a refresh fails, and says how old it is', async () => {
    let fails = false;
    app = await openApp(
      '/gpu',
      server(() => (fails ? errorResponse(503, 'CLUSTER_UNREACHABLE') : json(nodesAnswer([W1])))),
    );
    fails = true;
    await app.pass(15_000);
    expect([app.state(), cells(0)[1]]).toEqual(['stale', '97']);
    expect(app.text()).toContain('GPUs as of');
  });

  it.each([
    ['empty', () => json(nodesAnswer([], { clusters_without_gpus: 4 })), '4 clusters were looked at'],
    [
      'partial',
      () => json(nodesAnswer([W1], { complete: false, clusters: [{ ...OUTCOME, status: 'TIMEOUT' }] }), 206),
      '0 of 1 clusters answered',
    ],
    ['denied', () => errorResponse(403, 'PERMISSION_DENIED', { permission: 'metrics:read' }), 'metrics:read'],
    ['error', () => errorResponse(500, 'INTERNAL_ERROR'), 'Could not load the GPUs'],
  ] as const)('is in the state %s', async (wanted, respond, words) => {
    app = await openApp('/gpu', server(respond));
    expect(app.state()).toBe(wanted);
    expect(app.text()).toContain(words);
    const counted = number('GPUs')?.querySelector('.number-value')?.textContent;
    expect(counted).toBe({ empty: '0', partial: '≥ 4', denied: '—', error: '—' }[wanted]);
  });

  it('says when the filters leave nothing, and leads out of it', async () => {
    app = await openApp('/gpu?q=nowhere', answering(nodesAnswer([W1])));
    expect([app.state(), app.text().includes('None of the 4 GPUs matches')]).toEqual(['filtered-empty', true]);
    await app.press('Clear the filters');
    expect([app.state(), location.search]).toEqual(['ready', '']);
  });

  it('shows processes with their pods, and of which nodes they cannot be seen', async () => {
    const row = {
      cluster: 'alpha',
      node: 'w1',
      gpu: 0,
      uuid: 'GPU-0',
      mig_profile: '1g.10gb',
      pod: POD,
      process: { pid: 42, process_name: '<b>python</b>', used_memory_mb: 20_480, type: 'COMPUTE' },
      used_memory_mb: 20_480,
      utilization_gpu_percent: null,
      source: 'NVIDIA_SMI',
    };
    app = await openApp(
      '/gpu?show=processes',
      server(({ path }) =>
        path.startsWith('/gpu/processes')
          ? json({
              ...nodesAnswer([]),
              processes: [row],
              total: 1,
              not_seen: [{ cluster: 'alpha', node: 'w2', why: 'No exec.' }],
            })
          : json(nodesAnswer([W1])),
      ),
    );
    expect(app.one('.process-grid .grid-body [role=row]').textContent).toBe(
      'ml/train-0<b>python</b> (42)20 GiB—0 (1g.10gb)w1alpha',
    );
    expect(app.text()).toContain('Processes of 1 nodes cannot be seen');
  });
});

const HISTORY: GpuHistoryAnswer = {
  cluster_name: 'alpha',
  node_name: 'w1',
  start: 1_772_355_600,
  end: 1_772_359_200,
  step: 60,
  complete: true,
  series: [
    { gpu: 0, uuid: 'GPU-0', mig_instance: null, measure: 'utilization_gpu_percent', values: [[1_772_355_600, 40]] },
  ],
  clusters: nodesAnswer([]).clusters,
};

describe('page of one node', () => {
  const one = (node = W1, history: () => Response = () => json(HISTORY)) =>
    server(({ path }) =>
      path.includes('/history') ? history() : json({ node, clusters: nodesAnswer([]).clusters, complete: true }),
    );

  it('tells everything of each card, and a dash where nothing is told', async () => {
    const mig = {
      id: '7',
      profile: '1g.10gb',
      memory_total_mb: 10_240,
      memory_used_mb: 1024,
      memory_free_mb: 9216,
      utilization_gpu_percent: 12,
      utilization_memory_percent: null,
      pods: [POD],
    };
    const xids = [{ xid: 79, severity: 'CRITICAL', meaning: 'Fallen off the bus', count: null } as const];
    const node = gpuNode('w1', {
      gpus: [
        gpu(0, {
          utilization_gpu_percent: null,
          mig_enabled: true,
          mig_instances: [mig],
          pods: null,
          throttling: null,
        }),
        gpu(1, { xids, throttling: [{ reason: 'THERMAL', percent: 40 }] }),
      ],
      findings: [gpuFinding('w1', 1)],
    });
    app = await openApp('/gpu/alpha/w1', one(node));
    expect([app.state(), app.one('h1').textContent, document.title]).toEqual([
      'ready',
      'w1',
      'GPUs of w1 · AIOps NextGen',
    ]);
    expect(app.text()).toContain('Utilisation12 %, its busiest instance');
    expect(app.text()).toContain('Held down by— not measured');
    expect(app.text()).toContain('Held down byThermal 40 % of 5 min');
    expect(app.text()).toContain('XID 79 Fallen off the bus');
    expect(app.text()).toContain('Read fromDCGM metrics');
    expect(app.all('.findings .panel')).toHaveLength(1);
    expect(app.one('[role=slider]').getAttribute('aria-valuetext')).toContain('GPU 0');
    await app.press('Temperature');
    expect(app.sent.at(-1)?.path).toContain('measures=temperature_celsius&window=1h');
  });

  it('says that a node has no GPUs, and that there is no history', async () => {
    app = await openApp(
      '/gpu/alpha/w9',
      server(() => errorResponse(404, 'NO_GPU_NODES')),
    );
    expect([app.state(), app.text().includes('This node has no GPUs.')]).toEqual(['empty', true]);
    await app.close();
    app = await openApp(
      '/gpu/alpha/w1',
      one(W1, () => json({ ...HISTORY, series: [] })),
    );
    expect(app.text()).toContain('There is no history of this');
  });
});
