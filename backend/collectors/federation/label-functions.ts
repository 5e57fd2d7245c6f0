import { invalidPromql } from './refusals.ts';
import { safePattern } from './safe-pattern.ts';
import { type GridSeries, type Labels, dropLabels, relabel } from './vector.ts';

const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** `label_join(v, dst, separator, src…)`; an empty value takes the label away. */
export function labelJoin(
  series: readonly GridSeries[],
  [target = '', separator = '', ...sources]: readonly string[],
  count: number,
  at: number,
): GridSeries[] {
  requireLabelName(target, at);
  return relabel(series, count, at, (labels) =>
    withLabel(labels, target, sources.map((name) => labels[name] ?? '').join(separator)),
  );
}

/** `label_replace(v, dst, replacement, src, regex)` with Go's `$1`, `${1}` and `${name}`. */
export function labelReplace(
  series: readonly GridSeries[],
  [target = '', replacement = '', source = '', regex = '']: readonly string[],
  count: number,
  at: number,
): GridSeries[] {
  requireLabelName(target, at);
  const pattern = safePattern(regex, at);
  return relabel(series, count, at, (labels) => {
    const match = pattern.exec(labels[source] ?? '');
    return match ? withLabel(labels, target, expand(replacement, match)) : labels;
  });
}

function requireLabelName(name: string, at: number): void {
  if (!LABEL_NAME.test(name)) throw invalidPromql(`${JSON.stringify(name)} is not a label name`, at);
}

function withLabel(labels: Labels, name: string, value: string): Labels {
  return value === '' ? dropLabels(labels, [name]) : { ...labels, [name]: value };
}

/** Go's Regexp.Expand: the longest run of letters, digits and underscores is the group's name. */
function expand(template: string, match: RegExpExecArray): string {
  return template.replaceAll(/\$(?:\$|(\w+)|\{(\w+)\})/g, (whole, bare?: string, braced?: string) => {
    if (whole === '$$') return '$';
    const name = bare ?? braced ?? '';
    return (/^\d+$/.test(name) ? match[Number(name)] : match.groups?.[name]) ?? '';
  });
}
