import { useEffect, useMemo, useState } from 'preact/hooks';
import type { MetadataAnswer } from '../../../backend/model/metrics.ts';
import { describedUnit, guessUnit, namesWithoutUnit, type Unit } from '../../components/chart/units.ts';
import { useServices } from '../../services.ts';
import type { MetricsView } from './metrics-view.ts';
import type { WholeAnswer } from './series.ts';

/** A query of more metrics has rarely one unit. */
const MOST_NAMES = 3;
/** Clusters that are asked what their targets tell; the others run the same exporters. */
const MOST_ASKED = 3;

/**
 * The unit of a query: chosen, told by its metrics' names, or by what targets say of the metrics. Until they have said it, and where
 * they say nothing or cannot be asked, it is a plain number.
 */
export function useUnit(view: MetricsView, answer: WholeAnswer): Unit {
  const { api } = useServices();
  const [described, setDescribed] = useState<ReadonlyMap<string, Unit>>(new Map());
  const paths = useMemo(() => (view.unit === undefined ? metadataPaths(view.query, answer) : []), [view, answer]);
  const key = paths.map(([, path]) => path).join('\n');

  useEffect(() => {
    setDescribed(new Map());
    if (paths.length === 0) return undefined;
    const asking = new AbortController();
    const ask = async ([name, path]: readonly [string, string]) => {
      const { metrics } = await api.get<MetadataAnswer>(path, asking.signal);
      const unit = describedUnit(metrics);
      return unit === undefined ? [] : [[name, unit] as const];
    };
    void Promise.all(paths.map(ask)).then(
      (told) => setDescribed(new Map(told.flat())),
      () => undefined, // the axis then says "number", which is what is known
    );
    return () => asking.abort();
  }, [api, key]);

  return useMemo(() => view.unit ?? guessUnit(view.query, described), [view.unit, view.query, described]);
}

/** What tells the units of those metrics of a query whose names do not. */
function metadataPaths(query: string, { results }: WholeAnswer): (readonly [string, string])[] {
  const names = namesWithoutUnit(query);
  if (names.length === 0 || names.length > MOST_NAMES) return [];
  const asked = results.filter(({ status }) => status === 'SUCCESS').slice(0, MOST_ASKED);
  if (asked.length === 0) return [];
  return names.map((name) => {
    const wanted = new URLSearchParams({ metric: name.replace(/_(?:bucket|sum)$/, ''), limit: '10' });
    for (const { cluster_id } of asked) wanted.append('cluster_ids', cluster_id);
    return [name, `/metrics/metadata?${wanted.toString()}`] as const;
  });
}
