import type { CustomObjectsApi } from '@kubernetes/client-node';
import { z } from 'zod';
import { AppError } from '../model/errors.ts';
import type { Clock } from '../platform/clock.ts';
import type {
  GetRequest,
  KubernetesClient,
  ListRequest,
  ObjectList,
  ResourceKind,
  ResourceName,
  WriteRequest,
} from './kubernetes-api.ts';
import { hasReason, shaped } from './kubernetes-error.ts';
import { type LibraryCall, callLibrary } from './kubernetes-library.ts';
import type { CallLimits, SpokeTarget, Transport } from './transport.ts';

const Page = z.object({
  metadata: z.object({ resourceVersion: z.string().default(''), continue: z.string().optional() }),
  /** A list without items is null where the server is written in Go and made it by hand. */
  items: z.array(z.unknown()).nullable(),
});
type Page = z.infer<typeof Page>;

/** A page of this many objects is what kubectl asks for. */
const PAGE = 500;
/** A page over the transport's cap is asked for again by halves, down to this. */
const SMALLEST_PAGE = 15;
/** Without a second choice: the objects themselves are not wanted (Kubernetes API concepts, "Metadata-only fetches"). */
const METADATA_ONLY = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
/** A list that changes faster than it can be read is started anew at most this often. */
const MAX_RESTARTS = 2;

type ObjectVerbs = Pick<KubernetesClient, 'list' | 'get' | 'create' | 'replace' | 'remove'>;

/** Reading and writing objects of any kind, by the library's API of custom objects. */
export function createObjectVerbs(transport: Transport, clock: Clock): ObjectVerbs {
  const call = <R>(limits: LibraryCall, ask: (api: CustomObjectsApi) => Promise<R>): Promise<R> =>
    callLibrary(transport, limits, (modules) => modules.CustomObjectsApi, ask);

  async function page<T>(limits: LibraryCall, request: ListRequest<T>, size: number, token?: string): Promise<Page> {
    const { group, version, resource: plural, namespace, labelSelector, fieldSelector } = request;
    const options = {
      group,
      version,
      plural,
      limit: size,
      ...(token === undefined ? {} : { _continue: token }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
    };
    const answer: unknown = await call(limits, (api) =>
      namespace === undefined
        ? api.listClusterCustomObject(options)
        : api.listNamespacedCustomObject({ ...options, namespace }),
    );
    return shaped(Page, answer);
  }

  /** Undefined when the place that the token names is forgotten, so that the list has to start over. */
  async function allPages<T>(limits: LibraryCall, request: ListRequest<T>): Promise<ObjectList<T> | undefined> {
    const wanted = request.limit ?? Number.POSITIVE_INFINITY;
    const items: T[] = [];
    let size = Math.min(PAGE, wanted);
    let token: string | undefined;
    for (;;) {
      let answer: Page;
      try {
        answer = await page(limits, request, Math.min(size, wanted - items.length), token);
      } catch (thrown) {
        if (token !== undefined && hasReason(thrown, 'EXPIRED')) return undefined;
        if (!hasReason(thrown, 'TOO_LARGE') || size <= SMALLEST_PAGE) throw thrown;
        size = Math.max(SMALLEST_PAGE, Math.floor(size / 2));
        continue;
      }
      for (const [index, item] of (answer.items ?? []).entries())
        items.push(shaped(request.item, item, `items.${index}`));
      token = answer.metadata.continue === '' ? undefined : answer.metadata.continue;
      // A server may take `limit` as a wish only.
      if (token === undefined || items.length >= wanted) {
        const truncated = token !== undefined || items.length > wanted;
        return { items: items.slice(0, wanted), resourceVersion: answer.metadata.resourceVersion, truncated };
      }
    }
  }

  return {
    list: async (target, request) => {
      checkNames(request);
      const limits = {
        ...callOf(target, request, clock),
        ...(request.metadataOnly === true ? { accept: METADATA_ONLY } : {}),
      };
      for (let restarts = 0; ; restarts++) {
        const list = await allPages(limits, request);
        if (list) return list;
        if (restarts === MAX_RESTARTS) throw changesTooFast(request);
      }
    },
    get: async (target, request) => {
      checkNames(request);
      try {
        return await read(target, request);
      } catch (thrown) {
        if (hasReason(thrown, 'NOT_FOUND')) return undefined;
        throw thrown;
      }
    },
    create: async (target, request) => {
      checkNames(request);
      const { group, version, resource: plural, namespace, object: body } = request;
      await call(callOf(target, request, clock), async (api): Promise<unknown> =>
        namespace === undefined
          ? api.createClusterCustomObject({ group, version, plural, body })
          : api.createNamespacedCustomObject({ group, version, plural, namespace, body }),
      );
    },
    replace: async (target, request) => {
      const name = nameOf(request);
      checkNames({ ...request, name });
      const { group, version, resource: plural, namespace, object: body } = request;
      await call(callOf(target, request, clock), async (api): Promise<unknown> =>
        namespace === undefined
          ? api.replaceClusterCustomObject({ group, version, plural, name, body })
          : api.replaceNamespacedCustomObject({ group, version, plural, namespace, name, body }),
      );
    },
    remove: async (target, request) => {
      checkNames(request);
      const { group, version, resource: plural, namespace, name } = request;
      try {
        await call(callOf(target, request, clock), async (api): Promise<unknown> =>
          namespace === undefined
            ? api.deleteClusterCustomObject({ group, version, plural, name })
            : api.deleteNamespacedCustomObject({ group, version, plural, namespace, name }),
        );
        return true;
      } catch (thrown) {
        if (hasReason(thrown, 'NOT_FOUND')) return false;
        throw thrown;
      }
    },
  };

  async function read<T>(target: SpokeTarget, request: GetRequest<T>): Promise<T> {
    const { group, version, resource: plural, namespace, name } = request;
    const answer: unknown = await call(callOf(target, request, clock), (api) =>
      namespace === undefined
        ? api.getClusterCustomObject({ group, version, plural, name })
        : api.getNamespacedCustomObject({ group, version, plural, namespace, name }),
    );
    return shaped(request.item, answer);
  }
}

/** One deadline over all calls of an operation. */
export function callOf(target: SpokeTarget, { timeoutMs, signal }: CallLimits, clock: Clock): LibraryCall {
  const startedMs = clock.monotonicMs();
  return {
    target,
    ...(signal ? { signal } : {}),
    remainingMs: () => Math.max(1, timeoutMs - (clock.monotonicMs() - startedMs)),
  };
}

/** Names become parts of a path: one such as `..` would lead to another object than the one that was allowed. */
export function checkNames(names: Partial<ResourceName>): void {
  for (const part of ['group', 'version', 'resource', 'namespace', 'name'] as const) {
    const value = names[part];
    if (value === undefined || (part === 'group' && value === '')) continue;
    if (value.length <= 253 && /^[A-Za-z0-9]([A-Za-z0-9.:_-]*[A-Za-z0-9])?$/.test(value)) continue;
    const message = `${JSON.stringify(value.slice(0, 80))} cannot be the ${part} of a Kubernetes object.`;
    throw new AppError('VALIDATION_FAILED', message, { details: { issues: [{ field: part, message }] } });
  }
}

function nameOf({ object }: WriteRequest): string {
  const named = z.object({ metadata: z.object({ name: z.string() }) }).safeParse(object);
  if (named.success) return named.data.metadata.name;
  throw new TypeError('an object that replaces another has its name in metadata.name');
}

function changesTooFast({ resource }: ResourceKind): AppError {
  return new AppError(
    'SPOKE_ERROR',
    `The list of ${resource} changes faster than it can be read: the continue token is too old, ${MAX_RESTARTS + 1} times in a row.`,
    { details: { reason: 'EXPIRED', status: 410 } },
  );
}
