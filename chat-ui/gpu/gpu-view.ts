import { readShared, sharedSearch, type SharedView } from '../observability/view-url.ts';

export const MEASURES = ['utilisation', 'memory', 'temperature', 'power'] as const;
export type Measure = (typeof MEASURES)[number];

export const SHOWS = ['heatmap', 'table', 'findings', 'processes'] as const;
export type Show = (typeof SHOWS)[number];

/** What can be wrong with a card, or be so of it; each is a number of the page and a filter of its list. */
export const KINDS = ['ALLOCATED', 'IDLE', 'HOT', 'THROTTLED', 'FAILING', 'FULL', 'NOT_MEASURED', 'STALE'] as const;
export type Kind = (typeof KINDS)[number];

export const SORTS = ['node', 'utilisation', 'memory', 'temperature', 'power'] as const;
export type GpuSort = { readonly by: (typeof SORTS)[number]; readonly descending: boolean };

/** What the GPU page shows, as it stands in the URL. */
export interface GpuView extends SharedView {
  readonly show: Show;
  readonly measure: Measure;
  /** Words that occur in the names of node, cluster, model or pod. */
  readonly text: string;
  readonly model: string;
  readonly kind: Kind | undefined;
  /** Undefined = as the answer has them: those with the most severe findings first. */
  readonly sort: GpuSort | undefined;
}

export function readGpuView(query: Readonly<Record<string, string>>): GpuView {
  const sort = query.sort ?? '';
  const by = SORTS.find((key) => key === sort.replace(/^-/, ''));
  return {
    ...readShared(query),
    show: SHOWS.find((show) => show === query.show) ?? 'heatmap',
    measure: MEASURES.find((measure) => measure === query.measure) ?? 'utilisation',
    text: query.q ?? '',
    model: query.model ?? '',
    kind: KINDS.find((kind) => kind === query.is?.toUpperCase()),
    sort: by && { by, descending: sort.startsWith('-') },
  };
}

export function gpuUrl(view: GpuView): string {
  return `/gpu${sharedSearch(view, own(view))}`;
}

/** One node, with the way back to the list that led to it. */
export function gpuNodeUrl(cluster: string, node: string, view: GpuView): string {
  return `/gpu/${encodeURIComponent(cluster)}/${encodeURIComponent(node)}${sharedSearch(view, own(view))}`;
}

/** Nothing is filtered but the clusters. */
export const NO_FILTER = { text: '', model: '', kind: undefined } as const;

export function isNarrowed({ text, model, kind }: GpuView): boolean {
  return text !== '' || model !== '' || kind !== undefined;
}

function own({ show, measure, text, model, kind, sort }: GpuView): Record<string, string> {
  return {
    show: show === 'heatmap' ? '' : show,
    measure: measure === 'utilisation' ? '' : measure,
    q: text,
    model,
    is: kind ?? '',
    sort: sort ? `${sort.descending ? '-' : ''}${sort.by}` : '',
  };
}
