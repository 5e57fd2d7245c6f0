import { z } from 'zod';
import { type Answer, failure, json, listItem, notFound } from './answers.ts';
import { groupVersionOf } from './kinds.ts';
import type { ObjectRoute } from './route.ts';
import { fieldSelector, labelSelector } from './selectors.ts';
import { KubeObject, type ObjectStore, keyOf } from './store.ts';

const EXPIRED = failure(
  410,
  'Expired',
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.',
);
const Place = z.object({ rv: z.int(), start: z.string() });

/** Reading and writing of objects by anyone who has been let in. */
export function answerObjects(
  store: ObjectStore,
  route: ObjectRoute,
  request: {
    readonly method: string;
    readonly query: URLSearchParams;
    readonly body: unknown;
    readonly expired: boolean;
    /** Only the metadata is asked for, as a `PartialObjectMetadataList`. */
    readonly metadataOnly: boolean;
  },
): Answer {
  const { kind, namespace, name, subresource } = route;
  if (subresource !== undefined && subresource !== 'status')
    return failure(404, 'NotFound', 'the server could not find the requested resource');
  const missing = () => notFound(kind.resource, kind.group, name ?? '');
  switch (request.method) {
    case 'GET':
    case 'HEAD': {
      if (name === undefined) return list(store, route, request.query, request);
      const found = store.get(kind, name, namespace);
      return found ? json(200, found) : missing();
    }
    case 'POST': {
      const object = objectOf(route, request.body);
      if (!object || name !== undefined) return malformed(kind.kind);
      const there = object.metadata.name;
      if (store.get(kind, there, namespace))
        return failure(409, 'AlreadyExists', `${kind.resource} ${JSON.stringify(there)} already exists`, {
          name: there,
          kind: kind.resource,
        });
      return json(201, store.put(kind, object));
    }
    case 'PUT': {
      const object = objectOf(route, request.body);
      if (!object || name === undefined || object.metadata.name !== name) return malformed(kind.kind);
      const before = store.get(kind, name, namespace);
      if (!before) return missing();
      const { resourceVersion } = object.metadata;
      if (resourceVersion !== undefined && resourceVersion !== before.metadata.resourceVersion) {
        return failure(
          409,
          'Conflict',
          `Operation cannot be fulfilled on ${kind.resource} ${JSON.stringify(name)}: the object has been modified; please apply your changes to the latest version and try again`,
          { name, kind: kind.resource },
        );
      }
      return json(200, store.put(kind, object));
    }
    case 'DELETE': {
      if (name === undefined) return methodNotAllowed();
      const gone = store.remove(kind, name, namespace);
      return gone
        ? json(200, {
            kind: 'Status',
            apiVersion: 'v1',
            metadata: {},
            status: 'Success',
            details: { name, kind: kind.resource },
          })
        : missing();
    }
    default:
      return methodNotAllowed();
  }
}

function list(
  store: ObjectStore,
  { kind, namespace }: ObjectRoute,
  query: URLSearchParams,
  { expired, metadataOnly }: { readonly expired: boolean; readonly metadataOnly: boolean },
): Answer {
  const limit = Number(query.get('limit') ?? '0');
  if (!Number.isInteger(limit) || limit < 0)
    return failure(
      400,
      'BadRequest',
      `strconv.ParseInt: parsing ${JSON.stringify(query.get('limit'))}: invalid syntax`,
    );
  const byLabel = labelSelector(query.get('labelSelector') ?? '');
  const byField = fieldSelector(query.get('fieldSelector') ?? '');
  if (!byLabel || !byField) return failure(400, 'BadRequest', 'unable to parse requirement of a selector');
  const token = query.get('continue') ?? '';
  const place = token === '' ? undefined : placeOf(token);
  if (token !== '' && (!place || expired || store.isForgotten(place.rv))) return EXPIRED;
  const all = store.list(kind, namespace).filter((object) => byLabel(object) && byField(object));
  const rest = place ? all.filter(({ metadata }) => keyOf(metadata.name, metadata.namespace) > place.start) : all;
  const items = limit === 0 ? rest : rest.slice(0, limit);
  const last = items.at(-1);
  const revision = place?.rv ?? store.revision();
  const remaining = rest.length - items.length;
  return json(200, {
    kind: metadataOnly ? 'PartialObjectMetadataList' : `${kind.kind}List`,
    apiVersion: metadataOnly ? 'meta.k8s.io/v1' : groupVersionOf(kind),
    metadata: {
      resourceVersion: String(revision),
      ...(remaining > 0 &&
        last && {
          continue: tokenOf({ rv: revision, start: keyOf(last.metadata.name, last.metadata.namespace) }),
          // Not known when a selector is in play: the rest is not counted then.
          ...(query.has('labelSelector') || query.has('fieldSelector') ? {} : { remainingItemCount: remaining }),
        }),
    },
    // Custom resources come from another part of the server, which leaves `kind` and `apiVersion` in.
    items: metadataOnly
      ? items.map(({ metadata }) => ({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata }))
      : kind.feature === undefined
        ? items.map(listItem)
        : items,
  });
}

function tokenOf(place: z.infer<typeof Place>): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', ...place })).toString('base64url');
}

function placeOf(token: string): z.infer<typeof Place> | undefined {
  try {
    return Place.safeParse(JSON.parse(Buffer.from(token, 'base64url').toString('utf8'))).data;
  } catch {
    return undefined;
  }
}

/** The object of a write, in the namespace of its path; undefined when it is not one of this kind. */
function objectOf({ kind, namespace }: ObjectRoute, body: unknown): KubeObject | undefined {
  const { data } = KubeObject.safeParse(body);
  if (!data || data.kind !== kind.kind || data.apiVersion !== groupVersionOf(kind)) return undefined;
  if (data.metadata.namespace !== undefined && data.metadata.namespace !== namespace) return undefined;
  return { ...data, metadata: { ...data.metadata, ...(namespace !== undefined && { namespace }) } };
}

function malformed(kind: string): Answer {
  return failure(400, 'BadRequest', `the object provided is unrecognized (must be of type ${kind})`);
}

function methodNotAllowed(): Answer {
  return failure(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');
}
