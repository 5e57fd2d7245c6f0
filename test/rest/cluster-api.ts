import { Cluster } from '../../backend/model/cluster.ts';
import { type ServerProcess, rest, startServerProcess } from '../support/server-process.ts';

export const BASE = '/api/v1/clusters';
/** A port that nothing listens on. */
const NOWHERE = 'https://127.0.0.1:1';

type Answer = Awaited<ReturnType<typeof rest>>;

/** The built server in auth mode `token`, called by its administrator unless another token is given. */
export interface ClusterApi {
  readonly server: ServerProcess;
  call(
    method: string,
    route: string,
    body?: unknown,
    more?: { token?: string; headers?: Record<string, string> },
  ): Promise<Answer>;
  /** Throws when it is not created. */
  register(body: Record<string, unknown>): Promise<Cluster>;
  remove(id: string): Promise<Answer>;
  /** The secret of a new API token. */
  makeToken(role: string, clusters?: string): Promise<string>;
}

export async function startClusterApi(): Promise<ClusterApi> {
  const server = await startServerProcess({ AIOPS_AUTH_MODE: 'token' });
  const call: ClusterApi['call'] = (method, route, body, more = {}) =>
    rest(server.url, method, route, { token: server.localToken, ...more, ...(body === undefined ? {} : { body }) });
  const created = async (route: string, body: unknown) => {
    const answer = await call('POST', route, body);
    if (answer.status !== 201)
      throw new Error(`POST ${route} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  return {
    server,
    call,
    register: async (body) => Cluster.parse(await created(BASE, body)),
    remove: (id) => call('DELETE', `${BASE}/${id}`),
    makeToken: async (role, clusters = '') =>
      String((await created('/api/v1/tokens', { name: `${role}-test`, role, clusters }))['secret']),
  };
}

/** A registration of a cluster that does not answer. */
export function nowhere(name: string, over: Record<string, unknown> = {}): Record<string, unknown> {
  return { name, api_server_url: NOWHERE, ...over };
}

export function codeOf(answer: Answer): string | undefined {
  const { error } = answer.body as { error?: { code?: string } }; // proof: every error has the one error body, and nothing else has `error`
  return error?.code;
}
