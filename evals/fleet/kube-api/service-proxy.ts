import type { ServerResponse } from 'node:http';
import { type Answer, failure, notFound } from './answers.ts';

/** A service that the API server's proxy leads to. */
export interface ProxiedService {
  readonly namespace: string;
  readonly name: string;
  readonly port: string;
  /** `host:port` of what answers for it, over plain HTTP. */
  readonly address: () => string;
}

export interface ProxyRoute {
  readonly namespace: string;
  readonly name: string;
  readonly port: string;
  /** Behind `/proxy`, query included. */
  readonly rest: string;
}

const ROUTE = /^\/api\/v1\/namespaces\/([^/]+)\/services\/(?:https?:)?([^/:]+):(\d+)\/proxy(\/.*)?$/;

export function proxyRoute(path: string, search: string): ProxyRoute | undefined {
  const match = ROUTE.exec(path);
  if (!match) return undefined;
  const [, namespace = '', name = '', port = '', rest = '/'] = match;
  return { namespace, name, port, rest: `${rest}${search}` };
}

/** What RBAC asks about a GET; a POST is `create`. */
export function proxyAttributes({ namespace, name }: ProxyRoute, method: string) {
  const verb = method === 'POST' ? 'create' : 'get';
  return { verb, group: '', resource: 'services/proxy', namespace, name };
}

/**
 * Passes the request on, without the caller's credentials, as the real one does. A service without anything behind it is 503,
 * one that is not there 404.
 */
export async function passOn(
  response: ServerResponse,
  services: readonly ProxiedService[],
  route: ProxyRoute,
  request: { readonly method: string; readonly body: string; readonly contentType: string | undefined },
): Promise<Answer | undefined> {
  const service = services.find(
    ({ namespace, name, port }) => namespace === route.namespace && name === route.name && port === route.port,
  );
  if (!service) return notFound('services', '', route.name);
  try {
    const answer = await fetch(`http://${service.address()}${route.rest}`, {
      method: request.method,
      redirect: 'manual',
      ...(request.body === '' ? {} : { body: request.body }),
      ...(request.contentType === undefined ? {} : { headers: { 'content-type': request.contentType } }),
    });
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' });
    response.end(Buffer.from(await answer.arrayBuffer()));
    return undefined;
  } catch {
    return failure(
      503,
      'ServiceUnavailable',
      `error trying to reach service: dial tcp ${service.address()}: connect: connection refused`,
    );
  }
}
