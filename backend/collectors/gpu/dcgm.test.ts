import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keepLabel } from '../hub/keep-label.ts';
import { parsePromql } from '../metrics/promql.ts';
import { CHANGE_QUERY, IDENTITY_QUERY, LAST_SEEN_QUERY, VALUE_QUERIES } from './dcgm-queries.ts';
import { dcgmValue, percent, percentOfRatio } from './dcgm-value.ts';
import { dcgmReading } from './dcgm.ts';
import { cardLabels, change, identity, value } from './test-dcgm.ts';

describe('the PromQL for DCGM', () => {
  it.each([IDENTITY_QUERY, LAST_SEEN_QUERY, CHANGE_QUERY, ...VALUE_QUERIES])(
    'parses, and can be put to a hub for many clusters at once: %s',
    (query) => {
      expect(() => parsePromql(query)).not.toThrow();
      expect(keepLabel(query, 'cluster', 'cluster=~"a|b"').kind).toBe('split');
    },
  );
});

describe("a value of DCGM's", () => {
  it.each([
    '9223372036854775794',
    '9223372036854775792',
    '9.223372036854775807e18',
    '2147483632',
    '2147483635',
    '140737488355328',
    '140737488355330',
    'NaN',
    '+Inf',
    '-1',
    '',
    'x',
  ])('is unknown where it is the sentinel %s', (text) => {
    expect(dcgmValue(text)).toBeNull();
  });

  it('is itself below the sentinels, and unknown at and above 2^63 − 32', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 2e9, noNaN: true }), (number) => {
        expect(dcgmValue(String(number))).toBe(number);
      }),
    );
    fc.assert(
      fc.property(fc.bigInt({ min: 2n ** 63n - 32n, max: 2n ** 64n }), (sentinel) => {
        expect(dcgmValue(String(sentinel))).toBeNull();
      }),
    );
  });

  it('is a percentage whether it came as a share of 0 to 1 or of 100, and never more than 100', () => {
    expect([percentOfRatio(0), percentOfRatio(0.5), percentOfRatio(1.004), percentOfRatio(97)]).toEqual([
      0,
      50,
      100,
      null,
    ]);
    expect([percent(0), percent(97), percent(100.4), percent(4096), percent(null)]).toEqual([0, 97, 100, null, null]);
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (ratio) => {
        const read = percentOfRatio(ratio) ?? Number.NaN;
        expect(Math.abs(read - 100 * ratio)).toBeLessThanOrEqual(0.051);
      }),
    );
  });
});

describe('a reading of DCGM', () => {
  it('is a card with what is there, and null where there is nothing', () => {
    const card = cardLabels('n1', 0, { exported_pod: 'llm-0', exported_namespace: 'ml', exported_container: 'vllm' });
    const { nodes, mapsPods } = dcgmReading(
      [identity(card)],
      [
        value(card, 'DEV_GPU_UTIL', 97),
        value(card, 'DEV_FB_USED', 100),
        value(card, 'DEV_FB_FREE', 40),
        value(card, 'DEV_FB_RESERVED', 3),
        value(card, 'DEV_GPU_TEMP', '9223372036854775794'),
        value(card, 'DEV_XID_ERRORS', 0),
      ],
      [],
    );
    expect(mapsPods).toBe(true);
    expect(nodes).toHaveLength(1);
    const [gpu] = nodes[0]?.gpus ?? [];
    expect(gpu).toMatchObject({
      index: 0,
      name: 'NVIDIA H200',
      driver_version: '580.159.03',
      utilization_gpu_percent: 97,
      memory_total_mb: 143,
      temperature_celsius: null,
      power_draw_watts: null,
      throttling: null,
      xids: [],
      pods: [{ namespace: 'ml', pod: 'llm-0', container: 'vllm' }],
      processes: null,
    });
  });

  it('takes every spelling: hostname, uuid, pods under their own name, shares for utilization', () => {
    const { UUID, Hostname, ...rest } = cardLabels('n1', 3, { pod: 'train-1', namespace: 'ml', container: 'main' });
    const card = { ...rest, uuid: UUID ?? '', hostname: Hostname ?? '' };
    const { nodes } = dcgmReading([identity(card)], [value(card, 'PROF_GR_ENGINE_ACTIVE', 0.25)], []);
    expect(nodes[0]).toMatchObject({ node: 'n1' });
    expect(nodes[0]?.gpus[0]).toMatchObject({
      uuid: UUID,
      index: 3,
      utilization_gpu_percent: 25,
      pods: [{ namespace: 'ml', pod: 'train-1' }],
      xids: null,
    });
  });

  it('takes the pod of the exporter for no workload', () => {
    const { nodes, mapsPods } = dcgmReading([identity(cardLabels('n1', 0))], [], []);
    expect([nodes[0]?.gpus[0]?.pods, mapsPods]).toEqual([[], false]);
  });

  it('puts MIG instances under their card, with the load of their engines', () => {
    const instance = (id: string, pod: string) =>
      cardLabels('n1', 1, { GPU_I_ID: id, GPU_I_PROFILE: '1g.10gb', exported_pod: pod, exported_namespace: 'ml' });
    const [first, second] = [instance('7', 'a'), instance('11', 'b')];
    const { nodes } = dcgmReading(
      [identity(second), identity(first)],
      [
        value(first, 'PROF_GR_ENGINE_ACTIVE', 0.5),
        value(first, 'DEV_FB_USED', 10),
        value(first, 'DEV_GPU_TEMP', 50),
        value(second, 'DEV_FB_USED', 20),
        value(second, 'DEV_GPU_TEMP', 50),
      ],
      [],
    );
    const gpus = nodes[0]?.gpus ?? [];
    expect(gpus).toHaveLength(1);
    expect(gpus[0]).toMatchObject({
      mig_enabled: true,
      utilization_gpu_percent: null,
      memory_used_mb: 30,
      temperature_celsius: 50,
      mig_instances: [
        { id: '7', profile: '1g.10gb', utilization_gpu_percent: 50, memory_used_mb: 10 },
        { id: '11', utilization_gpu_percent: null, memory_used_mb: 20 },
      ],
    });
    expect(gpus[0]?.pods?.map(({ pod }) => pod).sort()).toEqual(['a', 'b']);
  });

  it('reads XIDs from their own series, and time in throttling from nanoseconds a second', () => {
    const card = cardLabels('n1', 0);
    const { nodes } = dcgmReading(
      [identity(card)],
      [
        value(card, 'DEV_XID_ERRORS', 79),
        value(card, 'DEV_THERMAL_VIOLATION', 5e12),
        value(card, 'DEV_POWER_VIOLATION', 0),
        value(card, 'DEV_NVLINK_REPLAY_ERROR_COUNT_TOTAL', 4),
      ],
      [
        change(card, 'XID', 79, { err_code: '79', err_msg: 'GPU has fallen off the bus' }),
        change(card, 'XID', 13, { err_code: '13' }),
        change(card, 'XID_COUNT', 2, { xid: '79' }),
        change(card, 'THERMAL', 4.2e8),
      ],
    );
    expect(nodes[0]?.gpus[0]).toMatchObject({
      xids: [
        { xid: 79, severity: 'CRITICAL', meaning: 'GPU has fallen off the bus', count: 2 },
        { xid: 13, severity: 'INFO', count: null },
      ],
      throttling: [{ reason: 'THERMAL', percent: 42 }],
      nvlink_errors_1h: { crc: null, replay: 0, recovery: null },
    });
  });

  it('is as old as the oldest of its cards, and knows the newest labels of one that changed hands', () => {
    const [a, b] = [cardLabels('n1', 0), cardLabels('n1', 1)];
    const moved = { ...a, exported_pod: 'new', exported_namespace: 'ml' };
    const { nodes } = dcgmReading([identity(a, 100), identity(moved, 130), identity(b, 120)], [], []);
    expect(nodes[0]?.sampledAt).toBe(120);
    expect(nodes[0]?.gpus[0]?.pods).toMatchObject([{ pod: 'new' }]);
  });
});
