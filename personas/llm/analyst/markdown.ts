import { type ClusterOutcome, coverageOf, hasNoEndpoint, reasonOf } from '../../../backend/model/outcome.ts';
import type { Reading } from '../provider.ts';

/** A value with the evidence it was read from: `12.3 GiB [E2]`. */
export function cite(value: string | number, evidence: string): string {
  return `${value} [${evidence}]`;
}

/** Text from a monitored system as a code span: it cannot become a link, an image or a heading. */
export function code(text: string, max = 120): string {
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what is removed here
  const line = text.replace(/[`\u0000-\u001f\u007f\u2028\u2029]+/g, ' ').trim();
  return `\`${line.length > max ? `${line.slice(0, max - 1)}…` : line}\``;
}

const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** Bytes in the binary unit that leaves one to four digits before the point, three significant digits. */
export function bytes(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  let scaled = value;
  let unit = 0;
  while (Math.abs(scaled) >= 1024 && unit < BINARY.length - 1) {
    scaled /= 1024;
    unit += 1;
  }
  return `${significant(scaled)} ${BINARY[unit] ?? 'B'}`;
}

/** Three significant digits, never in exponent form. Whole digits are never rounded away. */
export function significant(value: number): string {
  if (!Number.isFinite(value) || value === 0) return String(value);
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return String(Number(value.toFixed(Math.min(digits, 12))));
}

/**
 * "3 of 4 clusters answered, 1 in part [E2]", with the reason of each that did not answer whole; and the clusters that
 * have no such endpoint.
 */
export function outcomeLines(outcomes: readonly ClusterOutcome[], evidence: string, endpoint: string): string[] {
  const { coverage, wrong } = coverageOf(outcomes);
  const skipped = outcomes.filter(hasNoEndpoint);
  const lines: string[] = [];
  if (wrong.length > 0) {
    lines.push(`**Partial answer:** ${coverage} [${evidence}]; what follows is a lower bound.`);
    for (const outcome of wrong.slice(0, 10)) {
      lines.push(`- ${outcome.cluster_name}: ${code(reasonOf(outcome))} [${evidence}]`);
    }
    if (wrong.length > 10) lines.push(`- and ${cite(wrong.length - 10, evidence)} more`);
  }
  if (skipped.length > 0) {
    const names = skipped
      .slice(0, 10)
      .map((outcome) => outcome.cluster_name)
      .join(', ');
    lines.push(
      `Without ${endpoint} and therefore not asked: ${names}${skipped.length > 10 ? ', …' : ''} [${evidence}].`,
    );
  }
  return lines;
}

/** Why a tool could not be used, as the tool said it. */
export function failureLine(reading: Reading): string {
  return `${reading.tool} failed with ${reading.error?.code ?? 'no answer'}: ${reading.error?.message ?? ''} [${reading.evidence}]`;
}

/** Said when lists were cut before they could be read. */
export function shortenedLine(reading: Reading): string[] {
  return reading.shortened
    ? [`The answer of ${reading.tool} was too large to read whole, so entries are missing below [${reading.evidence}].`]
    : [];
}

export function paragraphs(...parts: readonly (string | readonly string[])[]): string {
  return parts
    .map((part) => (typeof part === 'string' ? part : part.join('\n')))
    .filter((part) => part !== '')
    .join('\n\n');
}
