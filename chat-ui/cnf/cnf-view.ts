import { readShared, sharedSearch, type SharedView } from '../observability/view-url.ts';

export const SHOWS = ['clocks', 'functions', 'workloads', 'ports', 'findings'] as const;
export type Show = (typeof SHOWS)[number];

export const SHOW_TITLES: Readonly<Record<Show, string>> = {
  clocks: 'Clocks',
  functions: 'Virtual functions',
  workloads: 'Workloads',
  ports: 'Packet ports',
  findings: 'Findings',
};

/** What the CNF page shows, as it stands in the URL. */
export interface CnfView extends SharedView {
  readonly show: Show;
  /** Words that occur in the names of what is listed. */
  readonly text: string;
  /** The one value of the part's own filter: a state of clocks, a sync status, a status of workloads, a severity; empty = all. */
  readonly is: string;
  /** Of workloads. */
  readonly type: string;
  /** `cluster/node` whose details are open. */
  readonly node: string;
  /** Of packet ports; all three name a pod. */
  readonly cluster: string;
  readonly namespace: string;
  readonly pod: string;
}

export function readCnfView(query: Readonly<Record<string, string>>): CnfView {
  const { q = '', is = '', type = '', node = '', cluster = '', namespace = '', pod = '' } = query;
  return {
    ...readShared(query),
    show: SHOWS.find((show) => show === query.show) ?? 'clocks',
    text: q,
    is: is.toUpperCase(),
    type: type.toUpperCase(),
    node,
    cluster,
    namespace,
    pod,
  };
}

export function cnfUrl(view: CnfView): string {
  const { show, text, is, type, node, cluster, namespace, pod } = view;
  const own = { show: show === 'clocks' ? '' : show, q: text, is, type, node, cluster, namespace, pod };
  return `/cnf${sharedSearch(view, own)}`;
}

const NOTHING = { text: '', is: '', type: '', node: '', cluster: '', namespace: '', pod: '' } as const;

/** A part of the page from its beginning, with the same clusters and time. */
export function partUrl(view: CnfView, show: Show, own: Partial<CnfView> = {}): string {
  return cnfUrl({ ...view, ...NOTHING, ...own, show });
}

/** True when every word of the filter occurs in one of the names. */
export function matchesText(text: string, names: readonly (string | null | undefined)[]): boolean {
  const all = names.join(' ').toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}
