import { describe, expect, it } from 'vitest';
import type { GPU, ThrottleReason } from '../../../model/gpu.ts';
import { blankGpu } from '../blank-gpu.ts';
import { xidOf } from '../xid-catalogue.ts';
import type { UnjudgedNode } from './rule.ts';
import { RULES, findingsOf } from './rules.ts';

const POD = { namespace: 'ml', pod: 'llm-0', container: null };
const NODE: UnjudgedNode = {
  cluster_id: '00000000-0000-4000-8000-000000000000',
  cluster_name: 'edge-1',
  node_name: 'n1',
  source: 'DCGM',
  not_used: [],
  last_updated: '2026-03-01T10:00:00.000Z',
  age_seconds: 5,
  stale: false,
  gpu_count: 1,
  model: 'NVIDIA H200',
  driver_version: '580.159.03',
  sharing: 'EXCLUSIVE',
  replicas: null,
  allocation: [{ name: 'nvidia.com/gpu', capacity: 1, allocatable: 1, requested: 1 }],
  pods: [POD],
  gpus: [],
};
/** A card under load on which everything is measured and well. */
const WELL: GPU = {
  ...blankGpu(),
  index: 0,
  uuid: 'GPU-a',
  memory_total_mb: 1000,
  memory_used_mb: 900,
  temperature_celsius: 70,
  memory_temperature_celsius: 80,
  utilization_gpu_max_1h_percent: 90,
  throttling: [],
  xids: [],
  ecc: {
    corrected_volatile: 3,
    uncorrected_volatile: 0,
    corrected_aggregate: 9,
    uncorrected_aggregate: 0,
    uncorrected_1h: 0,
  },
  remapped_rows: { correctable: 1, uncorrectable: 0, pending: false, failed: false },
  retired_pages: { single_bit: 2, double_bit: 0, pending: 0 },
  nvlink_errors_1h: { crc: 5, replay: 0, recovery: 0 },
  pods: [POD],
};

function judged(gpu: Partial<GPU>, node: Partial<UnjudgedNode> = {}, drivers: Record<string, number> = {}) {
  return findingsOf(
    { ...NODE, gpus: [{ ...WELL, ...gpu }], ...node },
    { driversOfModel: new Map(Object.entries(drivers)) },
  );
}
const codesOf = (...args: Parameters<typeof judged>) =>
  judged(...args).map(({ severity, code }) => `${severity} ${code}`);

const MIG = {
  id: '1',
  profile: '1g.10gb',
  memory_total_mb: 100,
  memory_used_mb: 99,
  memory_free_mb: 1,
  utilization_gpu_percent: 4,
  utilization_memory_percent: 4,
  pods: [],
};

describe('the rules for GPUs', () => {
  it('find nothing on a card that is well, nor on one of which nothing is known', () => {
    expect(codesOf({})).toEqual([]);
    expect(codesOf(blankGpu(), { allocation: null, pods: null })).toEqual([]);
  });

  // Each with what is found, and what is just not.
  it.each<[string, Partial<GPU>, string, Partial<GPU>]>([
    ['an XID of the hardware', { xids: [{ ...xidOf(79), count: null }] }, 'CRITICAL XID_79', { xids: [] }],
    ['an XID of a program', { xids: [{ ...xidOf(31), count: 2 }] }, 'INFO XID_31', { xids: null }],
    ['an XID that no table has', { xids: [{ ...xidOf(999), count: null }] }, 'WARNING XID_999', { xids: [] }],
    [
      'uncorrected errors of the last hour',
      { ecc: { ...WELL.ecc, uncorrected_volatile: 2, uncorrected_1h: 1 } },
      'CRITICAL ECC_UNCORRECTED',
      { ecc: { ...WELL.ecc, corrected_volatile: 50_000, uncorrected_aggregate: 4 } },
    ],
    [
      'uncorrected errors of before',
      { ecc: { ...WELL.ecc, uncorrected_volatile: 2 } },
      'WARNING ECC_UNCORRECTED',
      { ecc: { ...WELL.ecc, uncorrected_volatile: null, uncorrected_1h: null } },
    ],
    [
      'a row that could not be remapped',
      { remapped_rows: { ...WELL.remapped_rows, failed: true } },
      'CRITICAL ROW_REMAP_FAILED',
      { remapped_rows: { ...WELL.remapped_rows, uncorrectable: 5 } },
    ],
    [
      'a remapping that waits for a reset',
      { remapped_rows: { ...WELL.remapped_rows, pending: true } },
      'WARNING ROW_REMAP_PENDING',
      { remapped_rows: { ...WELL.remapped_rows, pending: null } },
    ],
    [
      'a page that waits for its retirement',
      { retired_pages: { ...WELL.retired_pages, pending: 1 } },
      'WARNING PAGE_RETIREMENT_PENDING',
      { retired_pages: { ...WELL.retired_pages, pending: null } },
    ],
    [
      'a card with worn out memory',
      { retired_pages: { single_bit: 31, double_bit: 32, pending: 0 } },
      'CRITICAL PAGES_RETIRED',
      { retired_pages: { single_bit: 31, double_bit: 31, pending: 0 } },
    ],
    [
      'a link that went down',
      { nvlink_errors_1h: { crc: 0, replay: 0, recovery: 1 } },
      'CRITICAL NVLINK_RECOVERY',
      { nvlink_errors_1h: { crc: null, replay: null, recovery: null } },
    ],
    [
      'a link that sent again',
      { nvlink_errors_1h: { crc: 5, replay: 1, recovery: 0 } },
      'CRITICAL NVLINK_REPLAY',
      { nvlink_errors_1h: { crc: 5, replay: 0, recovery: 0 } },
    ],
    [
      'a link with many errors',
      { nvlink_errors_1h: { crc: 100, replay: 0, recovery: 0 } },
      'WARNING NVLINK_ERRORS',
      { nvlink_errors_1h: { crc: 99, replay: 0, recovery: 0 } },
    ],
    [
      'a link that fails 100 times a second',
      { nvlink_errors_1h: { crc: 360_000, replay: null, recovery: null } },
      'CRITICAL NVLINK_ERRORS',
      { nvlink_errors_1h: { crc: 0, replay: null, recovery: null } },
    ],
    [
      'throttling for heat',
      { throttling: [{ reason: 'THERMAL', percent: 5 }] },
      'WARNING THERMAL_THROTTLING',
      { throttling: [{ reason: 'THERMAL', percent: 4.9 }] },
    ],
    [
      'throttling for heat most of the time',
      { throttling: [{ reason: 'HW_THERMAL', percent: null }] },
      'CRITICAL THERMAL_THROTTLING',
      { throttling: null },
    ],
    [
      'a power brake',
      { throttling: [{ reason: 'POWER_BRAKE', percent: null }] },
      'WARNING POWER_BRAKE',
      { throttling: [{ reason: 'SYNC_BOOST', percent: null }] },
    ],
    [
      'hardware slowdown that no heat explains',
      { throttling: [{ reason: 'HW_SLOWDOWN', percent: null }] },
      'WARNING POWER_BRAKE',
      { throttling: [{ reason: 'HW_SLOWDOWN', percent: 1 }] },
    ],
    [
      'a card at its power limit',
      { throttling: [{ reason: 'POWER', percent: 60 }] },
      'INFO POWER_CAPPED',
      { throttling: [{ reason: 'POWER', percent: 49 }] },
    ],
    ['heat', { temperature_celsius: 85 }, 'WARNING HOT', { temperature_celsius: 84 }],
    [
      'heat of the memory',
      { temperature_celsius: null, memory_temperature_celsius: 95 },
      'WARNING HOT',
      { memory_temperature_celsius: 94 },
    ],
    ['full memory', { memory_used_mb: 950 }, 'WARNING MEMORY_NEAR_FULL', { memory_used_mb: 949 }],
    [
      'a full MIG instance',
      { memory_used_mb: null, mig_instances: [MIG] },
      'WARNING MEMORY_NEAR_FULL',
      { mig_instances: [{ ...MIG, memory_used_mb: 50 }] },
    ],
    [
      'a card that is held and idle',
      { utilization_gpu_max_1h_percent: 0 },
      'WARNING ALLOCATED_IDLE',
      { utilization_gpu_max_1h_percent: 0, pods: [] },
    ],
    [
      'a card that is held and idle, and not one of which the last hour is not known',
      { utilization_gpu_max_1h_percent: 4.9 },
      'WARNING ALLOCATED_IDLE',
      { utilization_gpu_max_1h_percent: null, utilization_gpu_percent: 0 },
    ],
  ])('find %s', (_what, bad, code, good) => {
    expect(codesOf(bad)).toEqual([code]);
    expect(codesOf(good)).toEqual([]);
  });

  it('call hardware slowdown beside heat one thing, and a power brake beside heat two', () => {
    const now = (...reasons: ThrottleReason[]) => ({
      throttling: reasons.map((reason) => ({ reason, percent: null })),
    });
    expect(codesOf(now('HW_SLOWDOWN', 'HW_THERMAL'))).toEqual(['CRITICAL THERMAL_THROTTLING']);
    expect(codesOf(now('HW_SLOWDOWN', 'HW_THERMAL', 'POWER_BRAKE'))).toEqual([
      'CRITICAL THERMAL_THROTTLING',
      'WARNING POWER_BRAKE',
    ]);
  });

  it.each<[string, Partial<UnjudgedNode>, string, Partial<UnjudgedNode>]>([
    [
      'devices that the plugin takes out',
      { allocation: [{ name: 'nvidia.com/mig-1g.10gb', capacity: 7, allocatable: 6, requested: null }] },
      'CRITICAL DEVICES_UNHEALTHY',
      { allocation: [] },
    ],
    [
      'a card that fell off the bus',
      { allocation: [{ name: 'nvidia.com/gpu', capacity: 8, allocatable: 8, requested: 0 }] },
      'CRITICAL CARDS_MISSING',
      { allocation: [{ name: 'nvidia.com/gpu', capacity: 8, allocatable: 8, requested: 0 }], sharing: 'TIME_SLICED' },
    ],
    ['old numbers', { stale: true, age_seconds: 400 }, 'WARNING STALE_TELEMETRY', { age_seconds: 100 }],
  ])('find on a node %s', (_what, bad, code, good) => {
    expect(codesOf({}, bad)).toEqual([code]);
    expect(codesOf({}, good)).toEqual([]);
  });

  it('find the node with another driver than most of its pool', () => {
    expect(codesOf({}, {}, { '580.159.03': 1, '570.1': 5 })).toEqual(['WARNING DRIVER_MISMATCH']);
    expect(codesOf({}, {}, { '580.159.03': 5, '570.1': 1 })).toEqual([]);
    expect(codesOf({}, { driver_version: null }, { '580.159.03': 1, '570.1': 5 })).toEqual([]);
  });

  it('judge nothing of old numbers but their age', () => {
    expect(codesOf({ temperature_celsius: 99 }, { stale: true })).toEqual(['WARNING STALE_TELEMETRY']);
  });

  it('say where, by what, and what to do next, the most severe first', () => {
    const found = judged({ xids: [{ ...xidOf(79), count: null }], temperature_celsius: 90 });
    expect(found.map(({ code }) => code)).toEqual(['XID_79', 'HOT']);
    expect(found[0]).toMatchObject({ cluster: 'edge-1', node: 'n1', gpu: 0, uuid: 'GPU-a' });
    expect(found[0]?.evidence).toEqual([{ path: 'xid', value: '79' }]);
    expect(found[0]?.message).toContain('GPU has fallen off the bus');
    for (const { next_step, evidence } of found)
      expect([next_step.length > 20, evidence.length > 0]).toEqual([true, true]);
  });

  it('have names of their own', () => {
    expect(new Set(RULES.map(({ name }) => name)).size).toBe(RULES.length);
  });
});
