import type { GpuXid } from '../../model/gpu.ts';
import type { FindingSeverity } from '../../model/workload.ts';

interface Entry {
  readonly meaning: string;
  readonly severity: FindingSeverity;
  readonly next: string;
}

const APPLICATION =
  'Look at the pod that holds the card: its program most likely made an invalid access. Suspect the card only if other programs fail on it too.';
const RESET = 'Drain the node, reset the GPU (nvidia-smi -r) or reboot, and watch whether it comes back.';
const SUPPORT =
  'Drain the node, reboot it; if the XID returns, run dcgmi diag -r 3 and open a case for replacement with the output of nvidia-bug-report.sh.';

/**
 * Meanings from NVIDIA's "XID Errors" (docs.nvidia.com/deploy/xid-errors), severity and next step after its guide to analysing them
 * and "GPU Memory Error Management": CRITICAL = the card or its link cannot be trusted until it is reset or replaced; WARNING = it may
 * be the hardware; INFO = the program's own doing.
 */
const CATALOGUE: ReadonlyMap<number, Entry> = new Map<number, Entry>([
  [8, { meaning: 'GPU stopped processing', severity: 'WARNING', next: APPLICATION }],
  [13, { meaning: 'graphics engine exception', severity: 'INFO', next: APPLICATION }],
  [31, { meaning: 'GPU memory page fault', severity: 'INFO', next: APPLICATION }],
  [32, { meaning: 'invalid or corrupted push buffer stream', severity: 'WARNING', next: RESET }],
  [38, { meaning: 'driver firmware error', severity: 'WARNING', next: RESET }],
  [43, { meaning: 'GPU stopped processing of one program', severity: 'INFO', next: APPLICATION }],
  [45, { meaning: 'preemptive cleanup after an earlier error', severity: 'INFO', next: 'Look for the XID before it.' }],
  [48, { meaning: 'double bit ECC error', severity: 'CRITICAL', next: RESET }],
  [61, { meaning: 'internal micro-controller breakpoint or warning', severity: 'WARNING', next: RESET }],
  [62, { meaning: 'internal micro-controller halt', severity: 'CRITICAL', next: RESET }],
  [
    63,
    {
      meaning: 'row remapping or page retirement recorded',
      severity: 'WARNING',
      next: 'Reset the GPU when its pods have ended, so that the remapping takes effect.',
    },
  ],
  [64, { meaning: 'row remapping or page retirement could not be recorded', severity: 'CRITICAL', next: SUPPORT }],
  [68, { meaning: 'video processor exception', severity: 'WARNING', next: APPLICATION }],
  [69, { meaning: 'graphics engine class error', severity: 'INFO', next: APPLICATION }],
  [74, { meaning: 'NVLink error', severity: 'CRITICAL', next: SUPPORT }],
  [79, { meaning: 'GPU has fallen off the bus', severity: 'CRITICAL', next: SUPPORT }],
  [92, { meaning: 'high rate of single bit ECC errors', severity: 'WARNING', next: SUPPORT }],
  [
    94,
    {
      meaning: 'contained ECC error',
      severity: 'WARNING',
      next: 'Restart the program that held the card; reset the GPU at the next opportunity.',
    },
  ],
  [95, { meaning: 'uncontained ECC error', severity: 'CRITICAL', next: RESET }],
  [109, { meaning: 'context switch timeout', severity: 'WARNING', next: RESET }],
  [110, { meaning: 'security fault', severity: 'CRITICAL', next: SUPPORT }],
  [119, { meaning: 'GSP RPC timeout', severity: 'CRITICAL', next: RESET }],
  [120, { meaning: 'GSP error', severity: 'CRITICAL', next: RESET }],
  [121, { meaning: 'C2C link corrected error', severity: 'INFO', next: 'No action, unless it happens often.' }],
  [140, { meaning: 'unrecovered ECC error', severity: 'CRITICAL', next: RESET }],
  [143, { meaning: 'GPU initialization failure', severity: 'CRITICAL', next: SUPPORT }],
]);

export function xidOf(xid: number): Omit<GpuXid, 'count'> {
  const entry = CATALOGUE.get(xid);
  return { xid, severity: entry?.severity ?? 'WARNING', meaning: entry?.meaning ?? null };
}

/** What to do about it. */
export function nextAfterXid(xid: number): string {
  return (
    CATALOGUE.get(xid)?.next ??
    'Look it up in NVIDIA\'s "XID Errors", and in the kernel log of the node (dmesg, lines with NVRM: Xid).'
  );
}
