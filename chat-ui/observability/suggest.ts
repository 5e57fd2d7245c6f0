import type { LabelsAnswer } from '../../backend/model/metrics.ts';
import type { ApiClient } from '../api/client.ts';
import { clustersArgument } from './view-url.ts';

/** Words that could stand in the text from `from` to `to`, best first. */
export interface Suggestions {
  readonly what: string;
  readonly words: readonly string[];
  readonly from: number;
  readonly to: number;
}

/** What is being written where the cursor is. */
export type Place =
  | { readonly kind: 'metric'; readonly prefix: string; readonly from: number }
  | { readonly kind: 'label'; readonly prefix: string; readonly from: number; readonly metric: string }
  | {
      readonly kind: 'value';
      readonly prefix: string;
      readonly from: number;
      readonly metric: string;
      readonly label: string;
    };

/** Where the cursor is in a PromQL text; undefined where nothing can be told. */
export function placeAt(text: string, cursor: number): Place | undefined {
  const before = text.slice(0, cursor);
  const brace = lastOpenBrace(before);
  if (brace === undefined) {
    const prefix = /[a-zA-Z_:][\w:]*$/.exec(before)?.[0];
    return prefix === undefined || prefix.length < 2
      ? undefined
      : { kind: 'metric', prefix, from: cursor - prefix.length };
  }
  const metric = /[a-zA-Z_:][\w:]*\s*$/.exec(before.slice(0, brace))?.[0].trim() ?? '';
  const inside = before.slice(brace + 1);
  const value = /([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)$/.exec(inside);
  if (value) {
    const [, label = '', prefix = ''] = value;
    return { kind: 'value', prefix, from: cursor - prefix.length, metric, label };
  }
  const label = /(?:^|,)\s*([a-zA-Z_]\w*)?$/.exec(inside);
  if (!label) return undefined;
  const prefix = label[1] ?? '';
  return { kind: 'label', prefix, from: cursor - prefix.length, metric };
}

/** The offset of the `{` that the end of the text is inside of; braces in strings do not count. */
function lastOpenBrace(text: string): number | undefined {
  let open: number | undefined;
  let quote = '';
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i] ?? '';
    if (quote !== '') {
      if (char === '\\') i += 1;
      else if (char === quote) quote = '';
    } else if (char === '"' || char === "'" || char === '`') quote = char;
    else if (char === '{') open = i;
    else if (char === '}') open = undefined;
  }
  return open;
}

/** Words with `prefix` at their beginning, then those that have it anywhere; shorter ones first. */
export function rank(words: readonly string[], prefix: string): string[] {
  const wanted = prefix.toLowerCase();
  const at = (word: string) => word.toLowerCase().indexOf(wanted);
  return words
    .filter((word) => at(word) >= 0 && word !== prefix)
    .toSorted((a, b) => Math.sign(at(a)) - Math.sign(at(b)) || a.length - b.length || (a < b ? -1 : 1));
}

/** As many names as one list of the API may hold. */
const MOST_NAMES = 10_000;
const WHAT = { metric: 'metric names', label: 'labels', value: 'values' } as const;

/**
 * Names of metrics and labels, and values of labels, of the clusters of a scope; without a `path` those of metrics over the last hour. Each list is asked for once.
 * A list that could not be had suggests nothing and is asked for again the next time.
 */
export function createSuggest(
  api: ApiClient,
  /** Where the words of a place are listed; undefined where there are none. */
  path: (place: Place, scope: string) => string | undefined = pathOf,
): (scope: string, text: string, cursor: number) => Promise<Suggestions | undefined> {
  const lists = new Map<string, Promise<readonly string[]>>();

  function listOf(path: string): Promise<readonly string[]> {
    const known = lists.get(path);
    if (known) return known;
    const asked = api.get<LabelsAnswer>(path).then(({ values }) => values);
    lists.set(path, asked);
    asked.catch(() => lists.delete(path));
    return asked;
  }

  return async (scope, text, cursor) => {
    const place = placeAt(text, cursor);
    if (!place) return undefined;
    const list = path(place, scope);
    if (list === undefined) return undefined;
    const words = await listOf(list).catch(() => []);
    return { what: WHAT[place.kind], words: rank(words, place.prefix), from: place.from, to: cursor };
  };
}

function pathOf(place: Place, scope: string): string {
  const query = new URLSearchParams({ limit: String(MOST_NAMES) });
  const clusters = clustersArgument(scope);
  for (const name of typeof clusters === 'string' ? [clusters] : (clusters ?? [])) query.append('clusters', name);
  if (place.kind === 'metric') return `/metrics/label/__name__/values?${query.toString()}`;
  if (place.metric !== '') query.append('match', place.metric);
  const path = place.kind === 'label' ? '/metrics/labels' : `/metrics/label/${place.label}/values`;
  return `${path}?${query.toString()}`;
}
