/*
 * The PromQL behind what DCGM's exporter says, a few questions for a whole cluster. Which metrics there are is the operator's choice (a
 * ConfigMap of the exporter), so they are asked for by pattern and what comes is what there is.
 */

/**
 * What tells one card or MIG instance from another, in the spellings of exporter versions: `uuid` with the old-namespace option,
 * `gpu_uuid` on metrics of links.
 */
const KEY = 'UUID, uuid, gpu_uuid, GPU_I_ID';

/** At least one of these is on in every list of metrics in use. The first that a card has tells its labels and its time. */
const PRESENCE = [
  'DCGM_FI_DEV_GPU_TEMP',
  'DCGM_FI_DEV_FB_USED',
  'DCGM_FI_DEV_GPU_UTIL',
  'DCGM_FI_PROF_GR_ENGINE_ACTIVE',
  'DCGM_FI_DEV_SM_CLOCK',
  'DCGM_FI_DEV_POWER_USAGE',
  // All that is left of a card that fell off the bus.
  'DCGM_FI_DEV_XID_ERRORS',
] as const;

/**
 * Every card and instance with all its labels; the value is the time of its newest sample in Unix seconds. `timestamp` of anything but
 * a selector is the time of the question, so each metric has its own.
 */
export const IDENTITY_QUERY = PRESENCE.map((name) => `timestamp(${name})`).join(` or on (${KEY}) `);

/** When the cluster last had anything; asked only where it has nothing now. Unix seconds. */
export const LAST_SEEN_QUERY = `max(max_over_time(timestamp(${PRESENCE[0]})[1d:5m]))`;

/** Names in groups, so that the answer for thousands of cards stays below what is read of one answer. */
const VALUE_GROUPS: readonly (readonly string[])[] = [
  [
    'DCGM_FI_DEV_GPU_UTIL',
    'DCGM_FI_DEV_MEM_COPY_UTIL',
    'DCGM_FI_PROF_GR_ENGINE_ACTIVE',
    'DCGM_FI_PROF_DRAM_ACTIVE',
    'DCGM_FI_PROF_PIPE_TENSOR_ACTIVE',
    'DCGM_FI_DEV_FB_USED',
    'DCGM_FI_DEV_FB_FREE',
    'DCGM_FI_DEV_FB_RESERVED',
    'DCGM_FI_DEV_FB_TOTAL',
  ],
  [
    'DCGM_FI_DEV_GPU_TEMP',
    'DCGM_FI_DEV_MEMORY_TEMP',
    'DCGM_FI_DEV_POWER_USAGE',
    'DCGM_FI_DEV_POWER_MGMT_LIMIT',
    'DCGM_FI_DEV_FAN_SPEED',
    'DCGM_FI_DEV_SM_CLOCK',
    'DCGM_FI_DEV_MEM_CLOCK',
    'DCGM_FI_DEV_CLOCK_THROTTLE_REASONS',
    'DCGM_FI_DEV_CLOCKS_EVENT_REASONS',
  ],
  [
    'DCGM_FI_DEV_XID_ERRORS',
    'DCGM_FI_DEV_ECC_SBE_VOL_TOTAL',
    'DCGM_FI_DEV_ECC_DBE_VOL_TOTAL',
    'DCGM_FI_DEV_ECC_SBE_AGG_TOTAL',
    'DCGM_FI_DEV_ECC_DBE_AGG_TOTAL',
    'DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS',
    'DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS',
    'DCGM_FI_DEV_ROW_REMAP_FAILURE',
    'DCGM_FI_DEV_ROW_REMAP_PENDING',
  ],
  [
    'DCGM_FI_DEV_RETIRED_SBE',
    'DCGM_FI_DEV_RETIRED_DBE',
    'DCGM_FI_DEV_RETIRED_PENDING',
    'DCGM_FI_DEV_(POWER|THERMAL|SYNC_BOOST|BOARD_LIMIT|LOW_UTIL|RELIABILITY)_VIOLATION',
    'DCGM_FI_DEV_NVLINK_(CRC_FLIT|CRC_DATA|REPLAY|RECOVERY)_ERROR_COUNT_TOTAL',
    'DCGM_FI_DEV_PCIE_REPLAY_COUNTER',
  ],
];

/** The newest value of each metric and card, by name and {@link KEY}. Two scrapers of one exporter are one card. */
export const VALUE_QUERIES: readonly string[] = VALUE_GROUPS.map(
  (names) => `max by (__name__, ${KEY}) ({__name__=~"${names.join('|')}"})`,
);

/** The label that says which part of {@link CHANGE_QUERY} a series belongs to; the name of a metric does not survive a function. */
export const PART = 'aiops_part';

function part(name: string, expression: string): string {
  return `label_replace(${expression}, "${PART}", "${name}", "", "")`;
}

/** Counters of nanoseconds that clocks were held down. */
export const VIOLATIONS = ['POWER', 'THERMAL', 'SYNC_BOOST', 'BOARD_LIMIT', 'LOW_UTIL', 'RELIABILITY'] as const;
/** Counters of errors, with the window in which their growth counts. */
export const GROWING = [
  'DCGM_FI_DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL',
  'DCGM_FI_DEV_NVLINK_CRC_DATA_ERROR_COUNT_TOTAL',
  'DCGM_FI_DEV_NVLINK_REPLAY_ERROR_COUNT_TOTAL',
  'DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL',
  'DCGM_FI_DEV_PCIE_REPLAY_COUNTER',
  'DCGM_FI_DEV_ECC_DBE_VOL_TOTAL',
] as const;

export const XID = 'XID';
export const XID_COUNT = 'XID_COUNT';
export const MOST_BUSY = 'MOST_BUSY';

/** Utilization of a card, and of a MIG instance, which has no other than the share of time its engine was busy. */
const BUSY = ['DCGM_FI_DEV_GPU_UTIL', '100 * DCGM_FI_PROF_GR_ENGINE_ACTIVE'] as const;

function mostBusy(): string {
  const [utilization, engine] = BUSY.map((expression) => {
    const name = expression.replace(/^100 \* /, '');
    const scale = expression.startsWith('100') ? '100 * ' : '';
    // A series carries the pod that holds the card, so one that was there an hour ago was the same pod's all the time.
    return `max by (${KEY}) (${scale}(max_over_time(${name}[1h]) and (${name} offset 1h)))`;
  });
  return `${utilization} or on (${KEY}) ${engine}`;
}

/**
 * What takes a look back: time in throttling (nanoseconds per second over 5 minutes) and errors of the last hour, where there are any;
 * XIDs, of which a new one is a new series; and the busiest moment of the last hour.
 */
export const CHANGE_QUERY = [
  ...VIOLATIONS.map((name) => part(name, `max by (${KEY}) (rate(DCGM_FI_DEV_${name}_VIOLATION[5m])) > 0`)),
  ...GROWING.map((name) => part(name, `max by (${KEY}) (increase(${name}[1h])) > 0`)),
  part(XID, `max by (${KEY}, err_code, err_msg) (DCGM_FI_DEV_XID_ERRORS) > 0`),
  part(XID_COUNT, `max by (${KEY}, xid) (DCGM_EXP_XID_ERRORS_COUNT) > 0`),
  part(MOST_BUSY, mostBusy()),
].join(' or ');
