import { sampleNumber } from '../../model/sample-value.ts';

/**
 * From here on a value is one of DCGM's blanks ("not supported", "not found", "no permission"), which older exporters let through:
 * `DCGM_INT64_BLANK` is 0x7ffffffffffffff0 (dcgm_structs.h), and a double holds it as 2^63.
 */
const FIRST_BLANK = 2 ** 63 - 32;
/** `DCGM_FP64_BLANK` of the same file: 2^47 and a little more for each kind of blank. */
const FIRST_FLOAT_BLANK = 2 ** 47;
const LAST_FLOAT_BLANK = 2 ** 47 + 16;
/** `DCGM_INT32_BLANK`, 0x7ffffff0, and its kinds. */
const FIRST_INT32_BLANK = 0x7f_ff_ff_f0;
const LAST_INT32_BLANK = 0x7f_ff_ff_ff;

/** The number behind a sample, or null when it stands for "unknown". */
export function dcgmValue(text: string): number | null {
  const value = sampleNumber(text);
  if (!Number.isFinite(value) || value < 0 || value >= FIRST_BLANK) return null;
  if (value >= FIRST_FLOAT_BLANK && value <= LAST_FLOAT_BLANK) return null;
  if (value >= FIRST_INT32_BLANK && value <= LAST_INT32_BLANK) return null;
  return value;
}

/** A share of 0 to 1 (`DCGM_FI_PROF_*`) as a percentage with one decimal; what is no share is no value. */
export function percentOfRatio(ratio: number | null): number | null {
  // Rounding in the driver may lead a hair above 1.
  return ratio === null || ratio > 1.01 ? null : Math.round(Math.min(1, ratio) * 1000) / 10;
}

/** A percentage of `DCGM_FI_DEV_*_UTIL`. */
export function percent(value: number | null): number | null {
  return value === null || value > 101 ? null : Math.min(100, value);
}
