import type { Attributes } from './accounts.ts';
import { type Feature, type Kind, kindOf } from './kinds.ts';

/** A request for objects, read from its path. */
export interface ObjectRoute {
  readonly kind: Kind;
  /** Undefined = cluster-scoped, or all namespaces. */
  readonly namespace: string | undefined;
  /** Undefined = the collection. */
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

/** Undefined when the path is not one of objects that this server has. */
export function objectRoute(features: ReadonlySet<Feature>, path: string): ObjectRoute | undefined {
  const parts = path.split('/').slice(1).map(decodeURIComponent);
  const [root, ...rest] = parts;
  const [group = '', version = '', ...tail] = root === 'api' ? ['', ...rest] : root === 'apis' ? rest : [undefined];
  if (version === '') return undefined;
  const find = (resource: string | undefined) =>
    resource === undefined ? undefined : kindOf(features, { group, version, resource });
  if (tail[0] === 'namespaces' && tail.length >= 3) {
    const [, namespace, resource, name, subresource, more] = tail;
    const kind = find(resource);
    return kind?.namespaced && more === undefined ? { kind, namespace, name, subresource } : undefined;
  }
  const [resource, name, subresource, more] = tail;
  const kind = find(resource);
  if (!kind || more !== undefined || (kind.namespaced && name !== undefined)) return undefined;
  return { kind, namespace: undefined, name, subresource };
}

const VERBS: Readonly<Record<string, string>> = { POST: 'create', PUT: 'update', PATCH: 'patch' };

/** What RBAC is asked about a request. */
export function attributesOf(
  { kind, namespace, name, subresource }: ObjectRoute,
  method: string,
  watch: boolean,
): Attributes {
  const one = name !== undefined;
  const read = watch ? 'watch' : one ? 'get' : 'list';
  const verb = VERBS[method] ?? (method === 'DELETE' ? (one ? 'delete' : 'deletecollection') : read);
  return {
    verb,
    group: kind.group,
    resource: subresource === undefined ? kind.resource : `${kind.resource}/${subresource}`,
    // A namespace is asked for in itself.
    namespace: namespace ?? (kind.resource === 'namespaces' ? (name ?? '') : ''),
    name: name ?? '',
  };
}
