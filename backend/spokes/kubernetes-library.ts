import type * as Library from '@kubernetes/client-node';
import { AppError } from '../model/errors.ts';
import { SERVICE, refusal, shapeError } from './kubernetes-error.ts';
import { parseJson } from './spoke-error.ts';
import type { SpokeResponse, SpokeTarget, Transport } from './transport.ts';

/*
 * `@kubernetes/client-node` over our transport. The library builds paths, queries and bodies and reads answers; every byte goes
 * through the one transport with its rules: addresses checked and pinned, one pool a cluster, no redirects, caps, deadlines, one
 * renewal of credentials. Its own fetch, agents, kubeconfig loading and credential plugins are never used.
 */

type KubernetesLibrary = typeof Library;

let loading: Promise<KubernetesLibrary> | undefined;

/** Loaded on first use: it is some 900 modules and 90 MB, and a server that only checks health needs none of it. */
function library(): Promise<KubernetesLibrary> {
  loading ??= import('@kubernetes/client-node');
  return loading;
}

type ApiType<T> = new (configuration: Library.Configuration) => T;

export interface LibraryCall {
  readonly target: SpokeTarget;
  readonly signal?: AbortSignal;
  /** In place of the transport's own `Accept`. */
  readonly accept?: string;
  /** Milliseconds left until the deadline of the whole operation; at least 1. */
  remainingMs(): number;
}

/**
 * Makes one call by a generated API of the library, named by `api`. Throws SPOKE_ERROR for every refusal and for what is not the JSON
 * that the API promises, and the transport's errors.
 */
export async function callLibrary<T, R>(
  transport: Transport,
  { target, signal, accept, remainingMs }: LibraryCall,
  api: (modules: KubernetesLibrary) => ApiType<T>,
  ask: (api: T) => Promise<R>,
): Promise<R> {
  const modules = await library();
  let last: SpokeResponse | undefined;
  const httpApi = modules.wrapHttpLibrary({
    send: async (request) => {
      const url = new URL(request.getUrl());
      const body = request.getBody();
      if (body !== undefined && typeof body !== 'string') throw new TypeError('the library sends JSON as text');
      const response = await transport.request(target, {
        method: methodOf(request.getHttpMethod()),
        // The core group has no name and lives below /api; the library's API of any kind of object knows named groups only.
        path: url.pathname.replace(/^\/apis\/\//, '/api/'),
        query: url.searchParams,
        ...(body === undefined ? {} : { json: parsed(body) }),
        ...(accept === undefined ? {} : { headers: { accept } }),
        timeoutMs: remainingMs(),
        ...(signal ? { signal } : {}),
      });
      last = response;
      if (response.status >= 400) throw refusal(response);
      // The library would take any text for an answer; a login page is none, JSON under another name is.
      if (!(response.headers['content-type'] ?? '').includes('json')) parseJson(SERVICE, response);
      return new modules.ResponseContext(
        response.status,
        { ...response.headers, 'content-type': 'application/json' },
        new modules.SelfDecodingBody(Promise.resolve(response.body)),
      );
    },
  });
  const configuration = modules.createConfiguration({
    // The transport puts the target's own base URL in front of the path.
    baseServer: new modules.ServerConfiguration('https://kubernetes.invalid', {}),
    httpApi,
  });
  try {
    return await ask(new (api(modules))(configuration));
  } catch (thrown) {
    // After an answer that is no refusal the library fails on its body alone.
    if (thrown instanceof AppError || signal?.aborted || !last) throw thrown;
    parseJson(SERVICE, last);
    throw shapeError('the answer');
  }
}

function methodOf(method: string): 'GET' | 'POST' | 'PUT' | 'DELETE' {
  switch (method) {
    case 'GET':
    case 'POST':
    case 'PUT':
    case 'DELETE':
      return method;
    default:
      throw new TypeError(`${method} is not used`);
  }
}

/** What the library has just written; the transport writes it again. */
function parsed(json: string): unknown {
  return JSON.parse(json);
}
