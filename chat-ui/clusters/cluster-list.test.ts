import { describe, expect, it } from 'vitest';
import { capabilities, cluster } from '../test-support.ts';
import {
  filterClusters,
  listUrl,
  NO_FILTER,
  readListView,
  regionsOf,
  SORT_KEYS,
  sortClusters,
} from './cluster-list.ts';

const HUB = cluster(
  1,
  'hub-1',
  {},
  { cluster_type: 'HUB', region: 'eu', capabilities: capabilities({ has_gpu_nodes: true }) },
);
const EDGE = cluster(
  2,
  'edge-7',
  { state: 'OFFLINE', health_score: 30 },
  {
    cluster_type: 'EDGE',
    region: null,
    labels: { team: 'ran' },
    capabilities: capabilities({
      has_cnf_workloads: true,
      has_gpu_nodes: null,
      unknown: [{ field: 'has_gpu_nodes', reason: 'x' }],
    }),
    last_seen_at: '2026-03-01T09:00:00.000Z',
  },
);
const NEW = cluster(3, 'new-3', { state: 'UNKNOWN', health_score: null }, { environment: 'LAB', region: 'us' });
const ALL = [HUB, EDGE, NEW];
const names = (list: readonly { name: string }[]) => list.map((c) => c.name);

describe('the view of the list in the URL', () => {
  it('comes back from the URL that it made, whatever it is', () => {
    for (const by of SORT_KEYS) {
      const view = {
        filter: { ...NO_FILTER, name: 'a b&c', label: 'tier=gold', state: 'OFFLINE', has_gpu: false, region: 'eu 1' },
        sort: { by, descending: true },
      } as const;
      const url = new URL(listUrl(view), 'http://x');
      expect(readListView(Object.fromEntries(url.searchParams))).toEqual(view);
    }
  });

  it('leaves out what is not filtered, and takes nonsense for nothing', () => {
    expect(listUrl(readListView({}))).toBe('/clusters');
    expect(readListView({ state: 'BROKEN', has_gpu: 'maybe', sort: '-nothing', cluster_type: 'hub' })).toEqual({
      filter: { ...NO_FILTER, cluster_type: 'HUB' },
      sort: { by: 'name', descending: true },
    });
  });
});

describe('filters', () => {
  it.each([
    [{ name: 'ED' }, ['edge-7']],
    [{ cluster_type: 'HUB' }, ['hub-1']],
    [{ environment: 'LAB' }, ['new-3']],
    [{ region: 'us' }, ['new-3']],
    [{ state: 'OFFLINE' }, ['edge-7']],
    [{ label: 'team=ran' }, ['edge-7']],
    [{ label: 'team=core' }, []],
    [{ label: 'team' }, ['edge-7']],
    [{ has_cnf: true }, ['edge-7']],
    [{ has_gpu: true }, ['hub-1']],
    [{ name: '-', state: 'ONLINE' }, ['hub-1']],
  ] as const)('%o leaves %o', (part, left) => {
    expect(names(filterClusters(ALL, { ...NO_FILTER, ...part }))).toEqual(left);
  });

  it('count a cluster of which it is not known neither among those that have GPUs nor among those that have none', () => {
    expect(names(filterClusters(ALL, { ...NO_FILTER, has_gpu: false }))).toEqual([]);
  });

  it('offer the regions that there are', () => {
    expect(regionsOf(ALL)).toEqual(['eu', 'us']);
  });
});

describe('sorting', () => {
  it('is by state from the worst on, and by name where that is the same', () => {
    const twin = cluster(4, 'alpha');
    expect(names(sortClusters([...ALL, twin], { by: 'state', descending: false }))).toEqual([
      'edge-7',
      'new-3',
      'alpha',
      'hub-1',
    ]);
  });

  it('puts what has no value last both ways', () => {
    expect(names(sortClusters(ALL, { by: 'health', descending: false }))).toEqual(['edge-7', 'hub-1', 'new-3']);
    expect(names(sortClusters(ALL, { by: 'health', descending: true }))).toEqual(['hub-1', 'edge-7', 'new-3']);
    expect(names(sortClusters(ALL, { by: 'region', descending: true }))).toEqual(['new-3', 'hub-1', 'edge-7']);
    expect(names(sortClusters(ALL, { by: 'last_seen', descending: false }))[0]).toBe('edge-7');
  });
});
