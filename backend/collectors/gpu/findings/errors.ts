import { nextAfterXid } from '../xid-catalogue.ts';
import type { CardRule, Verdict } from './rule.ts';

/**
 * DCGM keeps the last XID it saw and never sets it back, so it may be long over (NVIDIA/DCGM issue 277: until the driver is loaded anew;
 * NVIDIA/dcgm-exporter issue 500: until the exporter is restarted). Severities and next steps: xid-catalogue.ts.
 */
export const xids: CardRule = {
  name: 'xid',
  card: ({ xids: seen }) =>
    (seen ?? []).map(({ xid, severity, meaning, count }) => ({
      severity,
      code: `XID_${xid}`,
      message: `The driver reported XID ${xid}: ${meaning ?? "not in this product's table"}. It is the last one DCGM saw and may be over.`,
      evidence: { xid, ...(count === null ? {} : { 'xids.count': count }) },
      next_step: nextAfterXid(xid),
    })),
};

/**
 * An uncorrected error has cost a program its data. The next step is that of XID 48 in NVIDIA's catalogue; that an error of the last hour is
 * CRITICAL and an older one WARNING is our choice: the newer one tells that it goes on.
 */
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
        next_step:
          'Drain the node, reset the GPU or reboot (bad rows are remapped then), and watch whether errors return.',
      },
    ];
  },
};

/**
 * NVIDIA, "GPU Memory Error Management" (row remapping, Ampere and later): the failure flag, confirmed by NVIDIA's field diagnostic, is the
 * criterion for replacement; a pending one takes effect with a reset. Earlier cards retire pages (NVIDIA, "Dynamic Page Retirement").
 */
export const memoryRepairs: CardRule = {
  name: 'memory-repairs',
  card: ({ remapped_rows: rows, retired_pages: pages }) => {
    const verdicts: Verdict[] = [];
    if (rows.failed === true)
      verdicts.push({
        severity: 'CRITICAL',
        code: 'ROW_REMAP_FAILED',
        message:
          'A bad memory row could not be remapped: its bank or the card has no spare rows left, or it had been remapped before.',
        evidence: { 'remapped_rows.failed': true, 'remapped_rows.uncorrectable': rows.uncorrectable },
        next_step:
          'Cordon the node and have the card replaced: with the field diagnostic of NVIDIA this is the criterion for a return.',
      });
    if (rows.pending === true || (pages.pending ?? 0) > 0)
      verdicts.push({
        severity: 'WARNING',
        code: rows.pending === true ? 'ROW_REMAP_PENDING' : 'PAGE_RETIREMENT_PENDING',
        message: 'Bad memory was found; its repair takes effect with the next reset of the GPU.',
        evidence: { 'remapped_rows.pending': rows.pending, 'retired_pages.pending': pages.pending },
        next_step: 'Drain the node when its pods can be moved, and reset the GPU or reboot.',
      });
    if ((pages.double_bit ?? 0) + (pages.single_bit ?? 0) >= RETIRED_PAGES)
      verdicts.push({
        severity: 'CRITICAL',
        code: 'PAGES_RETIRED',
        message: `${(pages.double_bit ?? 0) + (pages.single_bit ?? 0)} memory pages are retired; from ${RETIRED_PAGES} on DCGM calls the card failed.`,
        evidence: { 'retired_pages.double_bit': pages.double_bit, 'retired_pages.single_bit': pages.single_bit },
        next_step: "Cordon the node and run NVIDIA's field diagnostic, which decides whether the card is replaced.",
      });
    return verdicts;
  },
};

/**
 * DCGM_LIMIT_MAX_RETIRED_PAGES of DCGM's health checks and diagnostics, pages of both kinds together (60 before it was aligned with the
 * field diagnostic). A card retires 64 at most.
 */
const RETIRED_PAGES = 63;

/**
 * As DCGM's health watch judges (DcgmHealthWatch.cpp, MonitorNVLink4Fields): one replay or recovery is a failure; CRC errors are one from
 * 100 a second on (DCGM_LIMIT_MAX_NVLINK_CRC_ERROR), because below that they do not matter. Links of Blackwell have other counters.
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
    const say = (severity: Verdict['severity'], code: string, message: string) => [
      { severity, code, message, evidence, next_step },
    ];
    if ((recovery ?? 0) > 0)
      return say('CRITICAL', 'NVLINK_RECOVERY', `NVLink went down and recovered ${recovery} times in the last hour.`);
    if ((replay ?? 0) > 0)
      return say('CRITICAL', 'NVLINK_REPLAY', `NVLink had to send data again ${replay} times in the last hour.`);
    const errors = crc ?? 0;
    if (errors < CRC_ERRORS) return [];
    return say(
      errors >= CRC_ERRORS_FAILED ? 'CRITICAL' : 'WARNING',
      'NVLINK_ERRORS',
      `${errors} NVLink transmission errors (CRC) in the last hour; each slows traffic between cards.`,
    );
  },
};

/** 100 a second, an hour long. A shorter storm is WARNING: the hour's count does not tell it from a drizzle. */
const CRC_ERRORS_FAILED = 100 * 3600;
/** Our choice: DCGM warns at the first one, which says little of a link that carries on. A link that stands out has more in an hour. */
const CRC_ERRORS = 100;
