import { invalidPromql, notDecomposable } from './refusals.ts';
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

/** A quantified group whose inside repeats can take JavaScript's engine exponential time; RE2, which Prometheus uses, cannot. */
const NESTED_REPEAT = /[*+}]\)?[*+{]|\([^()]*[*+}|][^()]*\)[*+{]/;
const MAX_REPEATS = 4;

/**
 * An anchored regular expression of a query, run here. Throws QUERY_REFUSED for patterns that JavaScript reads differently from RE2
 * or that could run away.
 */
export function safePattern(regex: string, at: number): RegExp {
  const body = regex.replace(/^\(\?i\)/, '').replaceAll('(?P<', '(?<');
  const flags = regex.startsWith('(?i)') ? 'iv' : 'v';
  const foreign = /\\[pPQCzAZ1-9]|\(\?[^:<]|\(\?<[=!]|\[\[:/.test(body);
  const repeats = body.match(/[*+]|\{\d+,\}/g)?.length ?? 0;
  if (foreign || NESTED_REPEAT.test(body) || repeats > MAX_REPEATS) throw refused(at);
  try {
    return new RegExp(`^(?:${body})$`, flags.replace('v', 'u'));
  } catch {
    throw refused(at);
  }
}

function refused(at: number): Error {
  return notDecomposable('this regular expression would have to run here, which only simple ones may', at);
}
