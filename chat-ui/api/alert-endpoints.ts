import type { AlertDetail, AlertEpisode, AlertsAnswer } from '../../backend/model/alert.ts';
import type { ClusterOutcome } from '../../backend/model/outcome.ts';
import type { SilencesAnswer, SilenceState } from '../../backend/model/silence.ts';
import type { ApiClient } from './client.ts';

export interface AlertHistoryAnswer {
  readonly episodes: readonly AlertEpisode[];
  readonly total: number;
  readonly by_severity: AlertsAnswer['by_severity'];
  readonly clusters: readonly ClusterOutcome[];
  readonly complete: boolean;
  readonly next_cursor?: string;
}

export function fetchAlertHistory(
  api: ApiClient,
  query: URLSearchParams,
  signal?: AbortSignal,
): Promise<AlertHistoryAnswer> {
  return api.get<AlertHistoryAnswer>(`/alerts/history?${query.toString()}`, signal);
}

/** One alert of a cluster, with its history, rule and silences. */
export function fetchAlert(
  api: ApiClient,
  { fingerprint, cluster }: { fingerprint: string; cluster: string | undefined },
  signal?: AbortSignal,
): Promise<AlertDetail> {
  const query = cluster === undefined ? '' : `?${new URLSearchParams({ clusters: cluster }).toString()}`;
  return api.get<AlertDetail>(`/alerts/${encodeURIComponent(fingerprint)}${query}`, signal);
}

/** What fires or is pending on one cluster; at most 1,000. */
export function fetchClusterAlerts(api: ApiClient, cluster: string, signal?: AbortSignal): Promise<AlertsAnswer> {
  return api.get<AlertsAnswer>(
    `/alerts?${new URLSearchParams({ clusters: cluster, limit: '1000' }).toString()}`,
    signal,
  );
}

export function fetchSilences(
  api: ApiClient,
  { clusters, state, limit }: { clusters: readonly string[]; state: SilenceState | undefined; limit: number },
  signal?: AbortSignal,
): Promise<SilencesAnswer> {
  const query = new URLSearchParams({ limit: String(limit) });
  for (const name of clusters) query.append('clusters', name);
  if (state) query.set('state', state);
  return api.get<SilencesAnswer>(`/alerts/silences?${query.toString()}`, signal);
}

export interface SilenceRequest {
  readonly clusters: readonly string[];
  /** Each `name="value"`. */
  readonly matchers: readonly string[];
  /** Such as `2h`. */
  readonly duration: string;
  readonly comment: string;
}

export interface SilenceMade {
  readonly silences: readonly {
    readonly cluster_name: string;
    readonly silence_id: string;
    readonly matching_alerts: number;
  }[];
  readonly ends_at: string;
  readonly clusters: readonly ClusterOutcome[];
}

export function createSilence(api: ApiClient, request: SilenceRequest): Promise<SilenceMade> {
  return api.post<SilenceMade>('/alerts/silences', request);
}

export function expireSilence(api: ApiClient, { cluster, id }: { cluster: string; id: string }): Promise<void> {
  return api.remove(`/alerts/silences/${encodeURIComponent(cluster)}/${encodeURIComponent(id)}`);
}
