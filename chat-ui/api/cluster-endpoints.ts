import type {
  Cluster,
  ClusterCreateInput,
  ClusterCredentials,
  ClusterUpdate,
  CredentialsValidation,
  HealthHistory,
} from '../../backend/model/cluster.ts';
import type { ApiClient } from './client.ts';

const path = (idOrName: string, rest = '') => `/clusters/${encodeURIComponent(idOrName)}${rest}`;

export function fetchCluster(api: ApiClient, idOrName: string): Promise<Cluster> {
  return api.get<Cluster>(path(idOrName));
}

/** The last `hours`; a week is kept. */
export function fetchHealthHistory(api: ApiClient, id: string, hours: number): Promise<HealthHistory> {
  return api.get<HealthHistory>(path(id, `/health?start=-${hours}h`));
}

export function registerCluster(api: ApiClient, body: ClusterCreateInput): Promise<Cluster> {
  return api.post<Cluster>('/clusters', body);
}

/** Changes the fields in `patch`; 412 STALE_VERSION when the registration is not at `ifVersion` any more. */
export function updateCluster(api: ApiClient, id: string, patch: ClusterUpdate, ifVersion: number): Promise<Cluster> {
  return api.put<Cluster>(path(id), patch, ifVersion);
}

export function removeCluster(api: ApiClient, id: string): Promise<void> {
  return api.remove(path(id));
}

/** A FAR_EDGE cluster may take 30 s for its health, and discovery 15 s. */
const REFRESH_MS = 55_000;

/** Checks health and looks for capabilities now; answers when that is done. */
export async function refreshCluster(api: ApiClient, id: string): Promise<void> {
  await api.post<unknown>(path(id, '/refresh'), {}, { timeoutMs: REFRESH_MS });
}

/** Replaces the stored credentials without trying them. */
export async function setCredentials(api: ApiClient, id: string, credentials: ClusterCredentials): Promise<void> {
  await api.post<unknown>(path(id, '/credentials'), credentials);
}

/** Tries the new credentials and replaces the stored ones only when they work. */
export async function rotateCredentials(api: ApiClient, id: string, credentials: ClusterCredentials): Promise<void> {
  await api.post<unknown>(path(id, '/credentials/rotate'), credentials);
}

export function removeCredentials(api: ApiClient, id: string): Promise<void> {
  return api.remove(path(id, '/credentials'));
}

/** How each endpoint takes `credentials`, or the stored ones when there are none. Connects to every endpoint; stores nothing. */
export function validateCredentials(
  api: ApiClient,
  id: string,
  credentials?: ClusterCredentials,
): Promise<CredentialsValidation> {
  return api.post<CredentialsValidation>(path(id, '/credentials/validate'), credentials ?? {});
}

/** How each endpoint of a cluster that is not registered takes `credentials`. Connects to every endpoint; stores nothing. */
export function validateNewCluster(
  api: ApiClient,
  cluster: ClusterCreateInput,
  credentials: ClusterCredentials,
): Promise<CredentialsValidation> {
  return api.post<CredentialsValidation>('/clusters/validate', { cluster, ...credentials });
}
