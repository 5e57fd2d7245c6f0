import type { Alert } from '../../backend/model/alert.ts';

export const DURATIONS = ['30m', '1h', '2h', '4h', '8h', '1d', '3d', '7d', '30d'] as const;
export type SilenceDuration = (typeof DURATIONS)[number];

/** Labels that tell one occasion from another, ticked at first; the others would make the silence end with a restart. */
const FIRST = ['alertname', 'namespace', 'deployment', 'statefulset', 'daemonset', 'job_name', 'node', 'severity'];

/** The labels that a silence of this alert begins with. */
export function firstLabels(labels: Readonly<Record<string, string>>): string[] {
  return FIRST.filter((name) => name in labels);
}

/** `name="value"` as Alertmanager writes it. */
export function matcherText(name: string, value: string): string {
  return `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

/** The alerts that have all of these labels with these values. */
export function covered(
  alerts: readonly Alert[],
  labels: readonly string[],
  of: Readonly<Record<string, string>>,
): Alert[] {
  return alerts.filter((alert) => labels.every((name) => (alert.labels[name] ?? '') === of[name]));
}
