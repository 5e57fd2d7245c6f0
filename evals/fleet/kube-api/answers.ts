import type { KubeObject } from './store.ts';

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly contentType: 'application/json' | 'text/plain; charset=utf-8' | 'text/html; charset=utf-8';
  readonly headers?: Readonly<Record<string, string>>;
}

export function json(status: number, body: unknown): Answer {
  return { status, contentType: 'application/json', body: `${JSON.stringify(body)}\n` };
}

export function text(status: number, body: string): Answer {
  return { status, contentType: 'text/plain; charset=utf-8', body };
}

export interface FailureDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly retryAfterSeconds?: number;
}

export function statusObject(code: number, reason: string, message: string, details?: FailureDetails): KubeStatus {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...(details && { details }),
    code,
  };
}

export type KubeStatus = Readonly<Record<string, unknown>>;

export function failure(code: number, reason: string, message: string, details?: FailureDetails): Answer {
  return json(code, statusObject(code, reason, message, details));
}

export function notFound(resource: string, group: string, name: string): Answer {
  const kind = resource;
  const full = group === '' ? resource : `${resource}.${group}`;
  return failure(404, 'NotFound', `${full} ${JSON.stringify(name)} not found`, { name, group, kind });
}

/** What the API server says of a path below a group that it does not have. */
export const NO_SUCH_PATH: Answer = text(404, '404 page not found\n');

export const NO_SUCH_RESOURCE: Answer = failure(
  404,
  'NotFound',
  'the server could not find the requested resource',
  {},
);

export const UNAUTHORIZED: Answer = failure(401, 'Unauthorized', 'Unauthorized');

/** Items of a typed list come without their own `kind` and `apiVersion`. */
export function listItem(object: KubeObject): Record<string, unknown> {
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = object;
  return rest;
}
