import type { ThrottleReason } from '../../../model/gpu.ts';
import type { CardRule } from './rule.ts';

const THERMAL: ReadonlySet<ThrottleReason> = new Set(['THERMAL', 'HW_THERMAL', 'SW_THERMAL']);
const POWER: ReadonlySet<ThrottleReason> = new Set(['POWER_BRAKE', 'HW_SLOWDOWN', 'BOARD_LIMIT', 'RELIABILITY']);
const POWER_CAP: ReadonlySet<ThrottleReason> = new Set(['POWER', 'POWER_CAP']);

/** Our choice (DCGM's health watch has none: any time counts): less than this share of 5 minutes is a spike, no state. */
const THROTTLED_PERCENT = 5;
/** Our choice: half of the time is a state. A card at its power limit is normal under full load, and worth knowing. */
const CAPPED_PERCENT = 50;

/** NVML, `nvmlClocksEventReasons`; DCGM, `DCGM_FI_DEV_THERMAL_VIOLATION`: time that clocks were held down for heat. */
export const thermalThrottling: CardRule = {
  name: 'thermal-throttling',
  card: ({ throttling, temperature_celsius }) => {
    const hot = (throttling ?? []).find(
      ({ reason, percent }) => THERMAL.has(reason) && isLong(percent, THROTTLED_PERCENT),
    );
    if (!hot) return [];
    return [
      {
        severity: hot.percent === null || hot.percent >= CAPPED_PERCENT ? 'CRITICAL' : 'WARNING',
        code: 'THERMAL_THROTTLING',
        message: `Clocks are held down for heat${hot.percent === null ? '' : `, ${hot.percent} % of the last 5 minutes`}.`,
        evidence: { 'throttling.reason': hot.reason, 'throttling.percent': hot.percent, temperature_celsius },
        next_step: 'Check fans, airflow and inlet temperature of the node, and whether its neighbours are hot too.',
      },
    ];
  },
};

/**
 * A power brake comes from outside the card; a software power cap is its own limit (NVML, `nvmlClocksEventReasons`). Hardware slowdown stands
 * for heat or for a power brake, so beside a reason of heat it is no second finding.
 */
export const powerThrottling: CardRule = {
  name: 'power-throttling',
  card: ({ throttling, power_draw_watts, power_limit_watts }) => {
    const all = throttling ?? [];
    const isHot = all.some(({ reason }) => THERMAL.has(reason));
    const brake = all.find(
      ({ reason, percent }) =>
        POWER.has(reason) && isLong(percent, THROTTLED_PERCENT) && !(isHot && reason === 'HW_SLOWDOWN'),
    );
    const cap = all.find(
      ({ reason, percent }) => POWER_CAP.has(reason) && percent !== null && percent >= CAPPED_PERCENT,
    );
    const found = brake ?? cap;
    if (!found) return [];
    return [
      {
        severity: brake ? 'WARNING' : 'INFO',
        code: brake ? 'POWER_BRAKE' : 'POWER_CAPPED',
        message: `Clocks are held down for ${brake ? 'lack of power or by the board' : 'the power limit of the card'}${found.percent === null ? '' : `, ${found.percent} % of the last 5 minutes`}.`,
        evidence: {
          'throttling.reason': found.reason,
          'throttling.percent': found.percent,
          power_draw_watts,
          power_limit_watts,
        },
        next_step: brake
          ? 'Check the power supplies of the node and the power budget of the rack.'
          : 'Normal under full load; raise the limit (nvidia-smi -pl) only if the rack can feed it.',
      },
    ];
  },
};

function isLong(percent: number | null, least: number): boolean {
  return percent === null || percent >= least;
}

/**
 * Our choice for all models, because the limits of the card itself are read by neither source: the lowest that published outputs of
 * `nvidia-smi -q -d TEMPERATURE` have for A100 and H800 ("GPU Max Operating Temp" 85 and 87, slowdown at 89, "Memory Max Operating Temp" 95).
 * V100 has 83 and 85, GeForce cards 88 to 93, so a V100 is told late and they are told early.
 */
const HOT_CELSIUS = 85;
const HOT_MEMORY_CELSIUS = 95;

export const hot: CardRule = {
  name: 'hot',
  card: ({ temperature_celsius: core, memory_temperature_celsius: memory }) => {
    if ((core ?? 0) < HOT_CELSIUS && (memory ?? 0) < HOT_MEMORY_CELSIUS) return [];
    return [
      {
        severity: 'WARNING',
        code: 'HOT',
        message: `It is hot: ${core ?? '?'} °C${memory === null ? '' : `, memory ${memory} °C`}. Data center cards are made for ${HOT_CELSIUS} °C (memory ${HOT_MEMORY_CELSIUS} °C) at most, and slow down a little above.`,
        evidence: { temperature_celsius: core, memory_temperature_celsius: memory },
        next_step: 'Check cooling of the node before the card slows itself down.',
      },
    ];
  },
};

/** Our choice: programs that take most of the memory on purpose (vLLM 90 % unless told otherwise) stay below it. */
const NEAR_FULL = 0.95;

/** Programs die with CUDA out of memory at the next allocation. */
export const memoryNearFull: CardRule = {
  name: 'memory-near-full',
  card: ({ memory_used_mb: used, memory_total_mb: total, mig_instances }) => {
    const places = [
      { used, total, where: 'Its memory' },
      ...mig_instances.map((one) => ({
        used: one.memory_used_mb,
        total: one.memory_total_mb,
        where: `Memory of MIG instance ${one.id} (${one.profile ?? 'profile unknown'})`,
      })),
    ];
    return places.flatMap((place) => {
      if (place.used === null || place.total === null || place.total <= 0) return [];
      const share = place.used / place.total;
      if (share < NEAR_FULL) return [];
      return [
        {
          severity: 'WARNING' as const,
          code: 'MEMORY_NEAR_FULL',
          message: `${place.where} is ${Math.round(share * 1000) / 10} % full.`,
          evidence: { memory_used_mb: place.used, memory_total_mb: place.total },
          next_step:
            'Lower batch size or cache share of the program, or give it a larger card, before it fails with CUDA out of memory.',
        },
      ];
    });
  },
};

/** Our choice: under it is what a driver or a monitor causes, no work. */
const IDLE_PERCENT = 5;

/** A pod that has held a card for an hour without once using it. */
export const allocatedIdle: CardRule = {
  name: 'allocated-idle',
  card: ({ pods, utilization_gpu_max_1h_percent: most, memory_used_mb }) => {
    const [first] = pods ?? [];
    if (!first || most === null || most >= IDLE_PERCENT) return [];
    return [
      {
        severity: 'WARNING',
        code: 'ALLOCATED_IDLE',
        message: `${first.namespace}/${first.pod} holds it and has not used it for an hour (at most ${most} %).`,
        evidence: { 'pods.0': `${first.namespace}/${first.pod}`, utilization_gpu_max_1h_percent: most, memory_used_mb },
        next_step: 'Ask its owner whether the pod is needed; scale it down, or share the card by time-slicing or MIG.',
      },
    ];
  },
};
