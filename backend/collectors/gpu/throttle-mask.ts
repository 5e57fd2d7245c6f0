import type { GpuThrottle, ThrottleReason } from '../../model/gpu.ts';

/** `nvmlClocksEventReasons` (nvml.h). Idle (1) and application clocks (2) are what somebody wanted, no throttling. */
const BITS: readonly (readonly [bigint, ThrottleReason])[] = [
  [0x4n, 'POWER_CAP'],
  [0x8n, 'HW_SLOWDOWN'],
  [0x10n, 'SYNC_BOOST'],
  [0x20n, 'SW_THERMAL'],
  [0x40n, 'HW_THERMAL'],
  [0x80n, 'POWER_BRAKE'],
];

/** Why clocks are held down now, from NVML's mask of reasons. */
export function throttleOf(mask: bigint): GpuThrottle[] {
  return BITS.flatMap(([bit, reason]) => ((mask & bit) === 0n ? [] : [{ reason, percent: null }]));
}
