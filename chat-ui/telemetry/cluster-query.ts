import { clustersArgument, type SharedView } from '../observability/view-url.ts';

/** The parameters of a GET for the clusters of a view. */
export function clusterQuery({ clusters }: SharedView, own: Readonly<Record<string, string | number>> = {}): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(own)) query.set(key, String(value));
  const wanted = clustersArgument(clusters);
  for (const name of typeof wanted === 'string' ? [wanted] : (wanted ?? [])) query.append('clusters', name);
  return query.toString();
}
