import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { ClusterStatus } from '../../backend/model/cluster.ts';
import type { Fleet } from '../fleet/fleet.ts';

const HEALTH_WITHIN_MS = 20_000;
const POLL_MS = 200;
const Created = z.object({ id: z.uuid() });
/** What the demo needs of a list item; the API may say more. */
const Page = z.object({ items: z.array(z.object({ name: z.string(), status: ClusterStatus })) });

export interface ShownState {
  readonly name: string;
  readonly state: string;
  readonly healthScore: number | null;
  readonly lastError: string | null;
}

/**
 * Registers every cluster and its token by the same REST calls an operator would use. Returns when each cluster got its credentials, by
 * name. Throws what the server says.
 */
export async function registerClusters(
  url: string,
  fleet: Fleet,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Date>> {
  const equipped = new Map<string, Date>();
  for (const input of fleet.registrations()) {
    const { id } = Created.parse(await post(`${url}/api/v1/clusters`, input, signal));
    const credentials = { auth_type: 'SERVICE_ACCOUNT', api_token: fleet.cluster(input.name).apiToken };
    await post(`${url}/api/v1/clusters/${id}/credentials`, credentials, signal);
    equipped.set(input.name, new Date());
  }
  return equipped;
}

/** The clusters as the server sees them, once each has been checked with its credentials; after 20 s as they are then. */
export async function waitForHealth(
  url: string,
  equipped: ReadonlyMap<string, Date>,
  signal: AbortSignal,
): Promise<ShownState[]> {
  const deadline = performance.now() + HEALTH_WITHIN_MS;
  for (;;) {
    const response = await fetch(`${url}/api/v1/clusters?page_size=100`, { signal });
    const { items } = Page.parse(await bodyOf(response));
    const checked = items.every(({ name, status }) => {
      const since = equipped.get(name);
      return since === undefined || (status.checked_at !== null && Date.parse(status.checked_at) > since.getTime());
    });
    if (checked || performance.now() > deadline) {
      return items.map(({ name, status }) => ({
        name,
        state: status.state,
        healthScore: status.health_score,
        lastError: status.last_error,
      }));
    }
    await wait(POLL_MS, undefined, { signal });
  }
}

async function post(url: string, body: unknown, signal: AbortSignal): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  return bodyOf(await fetch(url, { method: 'POST', headers, body: JSON.stringify(body), signal }));
}

async function bodyOf(response: Response): Promise<unknown> {
  const text = await response.text();
  if (!response.ok)
    throw new Error(`${new URL(response.url).pathname} answered ${response.status}: ${text.slice(0, 500)}`);
  return JSON.parse(text);
}
