import { z } from 'zod';
import { type AppError, quoteForeign } from '../model/errors.ts';
import { parseJson, spokeError, statusError, unexpectedStatus } from './spoke-error.ts';
import type { CallLimits, SpokeResponse, SpokeTarget, Transport } from './transport.ts';

const Version = z.object({
  gitVersion: z.string(),
  major: z.string(),
  minor: z.string(),
  platform: z.string().optional(),
});

const NamespaceList = z.object({
  metadata: z.object({ continue: z.string().optional() }),
  items: z.array(z.object({ metadata: z.object({ name: z.string() }) })),
});

const Status = z.object({ kind: z.literal('Status'), message: z.string().optional(), reason: z.string().optional() });

export interface KubernetesVersion {
  /** Such as `v1.31.4`. */
  readonly gitVersion: string;
  readonly major: string;
  /** May end in `+` at vendors. */
  readonly minor: string;
}

/** The Kubernetes API server. Throws SPOKE_ERROR for what it refuses or says wrong, and the transport's errors. */
export interface KubernetesClient {
  version(target: SpokeTarget, limits: CallLimits): Promise<KubernetesVersion>;
  /** Resolves when the API server says it is ready; throws an AppError that names the failing checks. */
  readyz(target: SpokeTarget, limits: CallLimits): Promise<void>;
  /** Names of all namespaces, sorted. */
  namespaces(target: SpokeTarget, limits: CallLimits): Promise<string[]>;
}

const SERVICE = 'The Kubernetes API server';
const PAGE = 500;
/** A list that changes faster than it can be read is started anew at most this often. */
const MAX_RESTARTS = 2;

export function createKubernetesClient(transport: Transport): KubernetesClient {
  async function namespacePages(target: SpokeTarget, limits: CallLimits, restarts: number): Promise<string[]> {
    const names: string[] = [];
    let token: string | undefined;
    do {
      const query = new URLSearchParams({ limit: String(PAGE), ...(token === undefined ? {} : { continue: token }) });
      const response = await transport.request(target, { ...limits, path: '/api/v1/namespaces', query });
      // 410 Gone: the continue token has outlived the API server's compaction, so the list starts over.
      if (response.status === 410 && token !== undefined && restarts > 0)
        return namespacePages(target, limits, restarts - 1);
      const page = read(response, NamespaceList);
      names.push(...page.items.map((item) => item.metadata.name));
      token = page.metadata.continue === '' ? undefined : page.metadata.continue;
    } while (token !== undefined);
    return names.sort();
  }

  return {
    version: async (target, limits) => {
      const { gitVersion, major, minor } = read(
        await transport.request(target, { ...limits, path: '/version', maxBytes: 65_536 }),
        Version,
      );
      return { gitVersion, major, minor };
    },
    readyz: async (target, limits) => {
      const { status, body } = await transport.request(target, { ...limits, path: '/readyz', maxBytes: 262_144 });
      if (status === 200) return;
      const failing = [...body.toString('utf8').matchAll(/^\[-\]([\w/.-]+)/gm)].map((match) => match[1]);
      if (failing.length === 0) throw unexpectedStatus(SERVICE, status, body);
      throw spokeError(`${SERVICE} is not ready: ${quoteForeign(failing.join(', '), 200)}.`, {
        reason: 'NOT_READY',
        status,
      });
    },
    namespaces: (target, limits) => namespacePages(target, limits, MAX_RESTARTS),
  };
}

function read<T>(response: SpokeResponse, schema: z.ZodType<T>): T {
  if (response.status !== 200) throw refusal(response);
  const parsed = schema.safeParse(parseJson(SERVICE, response));
  if (parsed.success) return parsed.data;
  const path = parsed.error.issues[0]?.path.join('.') ?? '';
  throw spokeError(`${SERVICE} answered 200 with JSON that its API does not promise (at ${path}).`, {
    reason: 'SHAPE',
    status: 200,
  });
}

/** The message of a Kubernetes Status object where there is one; 401 and 403 keep their own words. */
function refusal(response: SpokeResponse): AppError {
  const denied = statusError(SERVICE, response.status, response.body);
  if (denied || !(response.headers['content-type'] ?? '').includes('json'))
    return denied ?? unexpectedStatus(SERVICE, response.status, response.body);
  const status = Status.safeParse(parseJson(SERVICE, response));
  if (!status.success) return unexpectedStatus(SERVICE, response.status, response.body);
  const said = quoteForeign(status.data.message ?? status.data.reason ?? 'no reason given', 200);
  return spokeError(`${SERVICE} refuses (${response.status}): ${said}.`, { reason: 'STATUS', status: response.status });
}
