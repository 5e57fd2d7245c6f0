import { clustersArgument, readShared, type SharedView, tabUrl } from '../view-url.ts';

export const LIMITS = [20, 50, 100] as const;

/** What the Traces page is asked for in the URL. */
export interface TracesView extends SharedView {
  /** Traces that match, or who calls whom. */
  readonly show: 'search' | 'services';
  /** `*` stands for any characters, here and in the operation. */
  readonly service: string;
  readonly operation: string;
  /** Of the whole trace, as `250ms` or `1.5s`. */
  readonly min: string;
  readonly max: string;
  /** `key=value`, separated by spaces; a value with spaces stands in quotes. */
  readonly tags: string;
  readonly errors: boolean;
  /** Takes the place of all the others when there is one. */
  readonly traceql: string;
  readonly limit: (typeof LIMITS)[number];
}

export function readTracesView(query: Readonly<Record<string, string>>): TracesView {
  return {
    ...readShared(query),
    show: query.show === 'services' ? 'services' : 'search',
    service: query.service ?? '',
    operation: query.operation ?? '',
    min: query.min ?? '',
    max: query.max ?? '',
    tags: query.tags ?? '',
    errors: query.errors === 'true',
    traceql: query.traceql ?? '',
    limit: LIMITS.find((limit) => String(limit) === query.limit) ?? 20,
  };
}

export function tracesUrl(view: TracesView): string {
  return tabUrl('traces', view, own(view));
}

/** One trace, with the way back to the search that found it. */
export function traceUrl(id: string, view: TracesView, span = ''): string {
  return tabUrl('traces', view, { ...own(view), span }, id);
}

function own(view: TracesView): Record<string, string> {
  const { show, service, operation, min, max, tags, errors, traceql, limit } = view;
  return {
    show: show === 'search' ? '' : show,
    service,
    operation,
    min,
    max,
    tags,
    errors: errors ? 'true' : '',
    traceql,
    limit: limit === 20 ? '' : String(limit),
  };
}

/** Milliseconds of `250ms`, `1.5s`, `2m`, or a plain number of milliseconds; undefined for anything else. */
export function millis(text: string): number | undefined {
  const [, amount, unit = 'ms'] = /^(\d{1,9}(?:\.\d{1,6})?)\s*(ms|s|m)?$/.exec(text.trim()) ?? [];
  if (amount === undefined) return undefined;
  return Number(amount) * (unit === 's' ? 1000 : unit === 'm' ? 60_000 : 1);
}

/** The tags of a text; undefined when a part of it is no `key=value`. */
export function readTags(text: string): Record<string, string> | undefined {
  const tags: Record<string, string> = {};
  const rest = text.replace(
    /([\w.:/-]+)=(?:"([^"]*)"|([^\s"]+))(?=\s|$)/g,
    (_all, key: string, quoted?: string, plain?: string) => {
      tags[key] = quoted ?? plain ?? '';
      return '';
    },
  );
  return rest.trim() === '' ? tags : undefined;
}

/** Which fields of the form cannot be asked, and why. */
export function viewProblems(view: TracesView): Partial<Record<'min' | 'max' | 'tags', string>> {
  const [min, max] = [millis(view.min), millis(view.max)];
  const duration = 'Write a duration such as 250ms or 1.5s.';
  return {
    ...(view.min !== '' && min === undefined ? { min: duration } : {}),
    ...(view.max !== '' && max === undefined ? { max: duration } : {}),
    ...(min !== undefined && max !== undefined && min > max ? { max: 'It is less than the shortest.' } : {}),
    ...(readTags(view.tags) === undefined ? { tags: 'Write key=value, separated by spaces.' } : {}),
  };
}

/** The body of the search that answers a view. Times go as they are written, so that `now` is the server's. */
export function searchBody(view: TracesView): Readonly<Record<string, unknown>> {
  const clusters = clustersArgument(view.clusters);
  const common = {
    start: view.range.from,
    end: view.range.to,
    limit: view.limit,
    ...(clusters === undefined ? {} : { clusters }),
  };
  if (view.traceql !== '') return { ...common, query: view.traceql };
  const [min, max, tags] = [millis(view.min), millis(view.max), readTags(view.tags) ?? {}];
  return {
    ...common,
    ...(view.service === '' ? {} : { service_name: view.service }),
    ...(view.operation === '' ? {} : { operation_name: view.operation }),
    ...(min === undefined ? {} : { min_duration_ms: min }),
    ...(max === undefined ? {} : { max_duration_ms: max }),
    ...(Object.keys(tags).length === 0 ? {} : { tags }),
    ...(view.errors ? { has_errors: true } : {}),
  };
}

/** `clusters`, `start` and `end` as parameters of a GET. */
export function sharedQuery(view: SharedView): URLSearchParams {
  const query = new URLSearchParams({ start: view.range.from, end: view.range.to });
  const clusters = clustersArgument(view.clusters);
  for (const name of typeof clusters === 'string' ? [clusters] : (clusters ?? [])) query.append('clusters', name);
  return query;
}
