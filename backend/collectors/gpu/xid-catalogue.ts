import type { GpuXid } from '../../model/gpu.ts';
import type { FindingSeverity } from '../../model/workload.ts';

interface Entry {
  readonly meaning: string;
  readonly severity: FindingSeverity;
  readonly next: string;
}

const SUPPORT = 'run dcgmi diag -r 3 and open a case for replacement with the output of nvidia-bug-report.sh';
const APPLICATION =
  'Look at the pod that holds the card: its program most likely made an invalid access. Suspect the card only if other programs fail on it too.';
const RESTART = `Restart the program that held the card; if the XID returns with other programs too, ${SUPPORT}.`;
const WATCH = `Nothing at once; if the XID returns, ${SUPPORT}.`;
const RESET = `Drain the node and reset the GPU (nvidia-smi -r) or reboot; if the XID returns, ${SUPPORT}.`;
const REBOOT = `Drain the node and reboot it, looking at its PCIe link in the kernel log; if the XID returns, ${SUPPORT}.`;
const LINK =
  'Drain the node and reset the GPU or reboot. A failure at the other end of the link shows here too: look at its peers and NVSwitches (nvidia-smi nvlink -e).';
const RECOVERY =
  'Look in the kernel log of the node for the XID 154 beside it: it names the recovery that is due (none, reset of the GPU, reboot).';

const critical = (meaning: string, next: string): Entry => ({ meaning, severity: 'CRITICAL', next });
const warning = (meaning: string, next: string): Entry => ({ meaning, severity: 'WARNING', next });
const info = (meaning: string, next: string): Entry => ({ meaning, severity: 'INFO', next });

/**
 * Meanings and next steps from NVIDIA's catalogue for Ampere and newer (docs.nvidia.com/deploy/xid-errors/analyzing-xid-catalog.html,
 * columns of immediate and investigatory action). It has no severities; they are derived here: CRITICAL = the immediate action is to reset
 * the GPU, reboot, or check mechanics, or it is NVLink's workflow up to Hopper; WARNING = restart or nothing at once, but support if it
 * returns, or the action depends on a subcode; INFO = nothing, or a program to debug. What is not here is WARNING with its number.
 */
const CATALOGUE: ReadonlyMap<number, Entry> = new Map<number, Entry>([
  [8, warning('GPU stopped processing', RESTART)],
  [13, info('graphics engine exception', APPLICATION)],
  [31, info('GPU memory page fault', APPLICATION)],
  // Restart and check the application, but "primarily quality issues on PCI" that are not the program's doing.
  [
    32,
    warning(
      'invalid or corrupted push buffer stream',
      'Restart the program that held the card; if it returns, check the PCIe link (slot, riser, replays).',
    ),
  ],
  [38, warning('driver firmware error', WATCH)],
  [39, warning('copy engine exception', RESTART)],
  [40, warning('copy engine exception', RESTART)],
  [41, warning('copy engine exception', RESTART)],
  [43, info('GPU stopped processing of one program; the GPU is healthy', APPLICATION)],
  [44, warning('graphics engine fault during a context switch', WATCH)],
  [
    45,
    info(
      'preemptive cleanup after an earlier error or the end of a program',
      'Look for the XID before it; alone it is mostly a program that was stopped.',
    ),
  ],
  [46, critical('GPU stopped processing', RESET)],
  [48, critical('double bit ECC error', RESET)],
  [
    54,
    critical(
      'auxiliary power is not connected to the board',
      `Check its power cable and seat; if it stays, ${SUPPORT}.`,
    ),
  ],
  // Unused from Ampere on; the driver's list of names (nverror.h, PMU_BREAKPOINT) still has it.
  [61, warning('internal micro-controller breakpoint', WATCH)],
  [62, critical('internal micro-controller halt', RESET)],
  [
    63,
    info(
      'row remapping or page retirement recorded',
      'Nothing at once: the repair takes effect with the next reset of the GPU. See whether one is pending (nvidia-smi -q -d ROW_REMAPPER).',
    ),
  ],
  [64, critical('row remapping or page retirement could not be recorded', RESET)],
  [68, warning('video decoder exception', RESTART)],
  [69, info('graphics engine class error', APPLICATION)],
  [74, critical('NVLink error', LINK)],
  [79, critical('GPU has fallen off the bus', REBOOT)],
  [92, warning('high rate of single bit ECC errors', WATCH)],
  [
    94,
    warning(
      'contained memory error',
      'Restart the program that held the card, others are not affected; reset the GPU when convenient.',
    ),
  ],
  [95, critical('uncontained memory error', RESET)],
  [109, critical('context switch timeout', RESET)],
  [
    110,
    critical(
      'security fault',
      `Undo what was last changed on the hardware and power the node off and on; if it returns, ${SUPPORT}.`,
    ),
  ],
  [119, critical('GSP RPC timeout', RESET)],
  [120, critical('GSP error', RESET)],
  [
    121,
    info('C2C link errors, corrected', 'Nothing at once; a reset of the GPU in a service window trains the link anew.'),
  ],
  [136, critical('NVLink training failed', LINK)],
  [137, info('NVLink privilege error', APPLICATION)],
  [140, critical('unrecovered ECC error', RESET)],
  [143, critical('GPU initialization error', RESET)],
  // NVLink of Blackwell: fatal or not by subcode.
  ...[144, 145, 146, 147, 148, 149, 150].map((xid): [number, Entry] => [xid, warning('NVLink error', RECOVERY)]),
  [154, warning('the recovery that the GPU needs has changed', RECOVERY)],
  [157, warning('a resource could not be retired for lack of spares', WATCH)],
  [158, critical('GPU fatal timeout', RESET)],
  // They tell more of a 48.
  [171, critical('uncorrectable error in DRAM', RESET)],
  [172, critical('uncorrectable error in SRAM', RESET)],
]);

export function xidOf(xid: number): Omit<GpuXid, 'count'> {
  const entry = CATALOGUE.get(xid);
  return { xid, severity: entry?.severity ?? 'WARNING', meaning: entry?.meaning ?? null };
}

/** What to do about it. */
export function nextAfterXid(xid: number): string {
  return (
    CATALOGUE.get(xid)?.next ??
    "Look it up in NVIDIA's XID catalogue, and in the kernel log of the node (dmesg, lines with NVRM: Xid)."
  );
}
