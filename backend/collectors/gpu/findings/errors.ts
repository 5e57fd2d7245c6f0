import { nextAfterXid } from '../xid-catalogue.ts';
import type { CardRule, Verdict } from './rule.ts';

/** NVIDIA, "XID Errors": the last one stays in DCGM until the driver is loaded anew, so it may be of some time ago. */
export const xids: CardRule = {
  name: 'xid',
  card: ({ xids: seen }) =>
    (seen ?? []).map(({ xid, severity, meaning, count }) => ({
      severity,
      code: `XID_${xid}`,
      message: `The driver reported XID ${xid}: ${meaning ?? "not in this product's table"}. It is the last one since the driver was loaded.`,
      evidence: { xid, ...(count === null ? {} : { 'xids.count': count }) },
      next_step: nextAfterXid(xid),
    })),
};

/** An uncorrected error has cost a program its data; NVIDIA, "GPU Memory Error Management", "Uncorrectable errors". */
export const uncorrectedEcc: CardRule = {
  name: 'uncorrected-ecc',
  card: ({ ecc }) => {
    const { uncorrected_volatile: since, uncorrected_1h: lastHour } = ecc;
    if ((since ?? 0) === 0 && (lastHour ?? 0) === 0) return [];
    const isRecent = (lastHour ?? 0) > 0;
    return [
      {
        severity: isRecent ? 'CRITICAL' : 'WARNING',
        code: 'ECC_UNCORRECTED',
        message: isRecent
          ? `${lastHour} uncorrected memory errors in the last hour.`
          : `${since} uncorrected memory errors since the driver was loaded.`,
        evidence: { 'ecc.uncorrected_volatile': since, 'ecc.uncorrected_1h': lastHour },
        next_step: 'Drain the node, reset the GPU so that the bad rows are remapped, and watch whether errors return.',
      },
    ];
  },
};

/**
 * NVIDIA, "GPU Memory Error Management", "Row remapping" (Ampere and later) and "Dynamic page retirement" (before): a failure to remap is
 * the criterion for replacement, a pending one needs a reset.
 */
export const memoryRepairs: CardRule = {
  name: 'memory-repairs',
  card: ({ remapped_rows: rows, retired_pages: pages }) => {
    const verdicts: Verdict[] = [];
    if (rows.failed === true)
      verdicts.push({
        severity: 'CRITICAL',
        code: 'ROW_REMAP_FAILED',
        message: 'A bad memory row could not be remapped: the card has no spare rows left there.',
        evidence: { 'remapped_rows.failed': true, 'remapped_rows.uncorrectable': rows.uncorrectable },
        next_step: 'Cordon the node and have the card replaced; this is the criterion for a return to NVIDIA.',
      });
    if (rows.pending === true || (pages.pending ?? 0) > 0)
      verdicts.push({
        severity: 'WARNING',
        code: rows.pending === true ? 'ROW_REMAP_PENDING' : 'PAGE_RETIREMENT_PENDING',
        message: 'Bad memory was found and is still in use until the GPU is reset.',
        evidence: { 'remapped_rows.pending': rows.pending, 'retired_pages.pending': pages.pending },
        next_step: 'Drain the node when its pods can be moved, and reset the GPU or reboot.',
      });
    if ((pages.double_bit ?? 0) + (pages.single_bit ?? 0) >= RETIRED_PAGES)
      verdicts.push({
        severity: 'CRITICAL',
        code: 'PAGES_RETIRED',
        message: `${(pages.double_bit ?? 0) + (pages.single_bit ?? 0)} memory pages are retired; at ${RETIRED_PAGES} the card is worn out.`,
        evidence: { 'retired_pages.double_bit': pages.double_bit, 'retired_pages.single_bit': pages.single_bit },
        next_step: 'Cordon the node and have the card replaced.',
      });
    return verdicts;
  },
};

/** "Dynamic page retirement": a card with 60 or more retired pages qualifies for return. */
const RETIRED_PAGES = 60;

/**
 * CRC errors are corrected by a replay; a recovery means that the link went down and was trained anew (NVIDIA, "XID Errors", XID 74;
 * DCGM field documentation). Some CRC errors are normal, so they count from a rate on.
 */
export const nvlink: CardRule = {
  name: 'nvlink-errors',
  card: ({ nvlink_errors_1h: { crc, replay, recovery } }) => {
    const evidence = {
      'nvlink_errors_1h.crc': crc,
      'nvlink_errors_1h.replay': replay,
      'nvlink_errors_1h.recovery': recovery,
    };
    const next_step =
      'Run nvidia-smi nvlink -e on the node to see which link; reseat or replace the bridge or baseboard if one link stands out.';
    if ((recovery ?? 0) > 0)
      return [
        {
          severity: 'CRITICAL',
          code: 'NVLINK_RECOVERY',
          message: `NVLink went down and recovered ${recovery} times in the last hour.`,
          evidence,
          next_step,
        },
      ];
    if ((crc ?? 0) + (replay ?? 0) < NVLINK_ERRORS) return [];
    return [
      {
        severity: 'WARNING',
        code: 'NVLINK_ERRORS',
        message: `${(crc ?? 0) + (replay ?? 0)} NVLink transmission errors in the last hour; each slows traffic between cards.`,
        evidence,
        next_step,
      },
    ];
  },
};

/** A hundred CRC errors a day are tolerated by NVIDIA's health checks (DCGM, policy "NVLink errors"); this is that within an hour. */
const NVLINK_ERRORS = 100;
