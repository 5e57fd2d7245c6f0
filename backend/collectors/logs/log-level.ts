import type { LogLevel } from '../../model/logs.ts';
import type { LokiEntry } from '../../spokes/loki.ts';

/** Labels that carry a level: Loki's own detection first, then what loggers and collectors write. */
export const LEVEL_LABELS = ['detected_level', 'level', 'severity', 'severity_text', 'lvl', 'loglevel'] as const;

const LEVELS: Readonly<Record<string, LogLevel>> = {
  fatal: 'FATAL',
  panic: 'FATAL',
  emergency: 'FATAL',
  emerg: 'FATAL',
  alert: 'FATAL',
  critical: 'FATAL',
  crit: 'FATAL',
  error: 'ERROR',
  err: 'ERROR',
  eror: 'ERROR',
  severe: 'ERROR',
  warning: 'WARN',
  warn: 'WARN',
  notice: 'INFO',
  information: 'INFO',
  info: 'INFO',
  debug: 'DEBUG',
  trace: 'DEBUG',
};

/** As a regular expression of RE2 over the value of a level label, without regard to case. */
export const ERROR_LEVELS = '(?i)(fatal|panic|emerg(ency)?|alert|crit(ical)?|error|err|severe)';

/**
 * As a regular expression of RE2 over a line that carries no level: a level as JSON and logfmt write it, klog's prefix, a level
 * word in capitals, and what crashing programs say. Plain "error" in a sentence does not count: `no error` is none.
 */
export const ERROR_LINE = String.raw`(?i:(level|lvl|severity)"?\s*[=:]\s*"?(error|err|fatal|panic|crit|critical|emerg|severe)\b)|^[EF]\d{4} |\b(ERROR|FATAL|PANIC|CRITICAL|SEVERE)\b|^panic: |Traceback \(most recent call last\)|\b[A-Za-z.]*(Exception|OutOfMemoryError)\b|[Oo]ut of memory`;

/** The level of a line: by its labels, else as the line itself writes it. */
export function levelOf({ stream, structuredMetadata, parsed, line }: LokiEntry): LogLevel {
  for (const labels of [structuredMetadata, parsed, stream]) {
    for (const name of LEVEL_LABELS) {
      const value = labels[name]?.toLowerCase() ?? '';
      if (Object.hasOwn(LEVELS, value)) return LEVELS[value] ?? 'UNKNOWN';
    }
  }
  return levelInLine(line.slice(0, 1000));
}

function levelInLine(line: string): LogLevel {
  const written =
    /\b(?:level|lvl|severity)"?\s{0,3}[=:]\s{0,3}"?([A-Za-z]{3,11})\b/i.exec(line)?.[1]?.toLowerCase() ?? '';
  if (Object.hasOwn(LEVELS, written)) return LEVELS[written] ?? 'UNKNOWN';
  const klog = /^([EFWI])\d{4} /.exec(line)?.[1];
  if (klog !== undefined) return klog === 'E' ? 'ERROR' : klog === 'F' ? 'FATAL' : klog === 'W' ? 'WARN' : 'INFO';
  const word =
    /\b(FATAL|PANIC|CRITICAL|SEVERE|ERROR|WARN|WARNING|INFO|DEBUG|TRACE)\b/.exec(line)?.[1]?.toLowerCase() ?? '';
  return LEVELS[word] ?? 'UNKNOWN';
}
