import type { z } from 'zod';
import type { CallLimits, SpokeTarget } from './transport.ts';

/** Where a kind of object lives. */
export interface ResourceKind {
  /** Empty for the core group (pods, nodes, namespaces, events, secrets). */
  readonly group: string;
  /** Such as `v1`. */
  readonly version: string;
  /** The plural as it stands in paths, such as `nodes` or `clusterversions`. */
  readonly resource: string;
  /** Left out: cluster-scoped objects, or those of all namespaces in a list or watch. */
  readonly namespace?: string;
}

export interface ResourceName extends ResourceKind {
  readonly name: string;
}

export interface ListRequest<T> extends ResourceKind, CallLimits {
  /** What is wanted of each object; keys that it does not name are dropped. `timeoutMs` is for the whole list, all its pages. */
  readonly item: z.ZodType<T>;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Most objects wanted in all; left out = every one. */
  readonly limit?: number;
  /**
   * Has only the metadata of the objects sent (`PartialObjectMetadataList`), never their contents. A server that cannot do that
   * refuses with 406, so a Secret's data does not travel in any case.
   */
  readonly metadataOnly?: boolean;
}

export interface ObjectList<T> {
  /** In the order of the API server: by namespace, then by name. */
  readonly items: T[];
  /** A watch from here misses nothing that happens after the list. */
  readonly resourceVersion: string;
  /** Whether `limit` left objects out. */
  readonly truncated: boolean;
}

export interface GetRequest<T> extends ResourceName, CallLimits {
  readonly item: z.ZodType<T>;
}

/** Object as it is sent; `apiVersion`, `kind` and `metadata.name` are part of it. */
export type KubernetesObject = Readonly<Record<string, unknown>>;

export interface WriteRequest extends ResourceKind, CallLimits {
  readonly object: KubernetesObject;
}

export interface ApiGroup {
  /** Empty for the core group. */
  readonly name: string;
  /** In the server's order of preference, at least one. */
  readonly versions: readonly string[];
}

export interface ApiResource {
  /** Plural, such as `nodes`; subresources as `pods/exec`. */
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

/** What somebody may want to do. Namespace left out or empty = in all namespaces; name left out = with every object. */
export type AccessAttributes =
  | {
      readonly verb: string;
      readonly group?: string;
      readonly version?: string;
      readonly resource: string;
      readonly subresource?: string;
      readonly namespace?: string;
      readonly name?: string;
    }
  | { readonly verb: string; readonly path: string };

export interface AccessReview {
  readonly allowed: boolean;
  /** Why, in the API server's words; often empty. */
  readonly reason: string;
  /** Set when the API server could not look at every rule; `allowed: false` is then not the last word. */
  readonly evaluationError?: string;
}

export interface UserInfo {
  readonly username: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** Somebody whose rights are asked for. Without `groups` what is bound to groups does not count. */
export interface ReviewedUser {
  readonly username: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export type TokenReview =
  | { readonly authenticated: true; readonly user: UserInfo; readonly audiences: readonly string[] }
  | { readonly authenticated: false; readonly error: string };

export interface WatchRequest<T> extends ResourceKind {
  readonly item: z.ZodType<T>;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Milliseconds for each list and for each start of a stream. The watch itself goes on until it is left or `signal` aborts. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** `SYNC` comes first and whenever changes may have been missed: it holds everything there is, what is not in it is gone. */
export type WatchEvent<T> =
  | { readonly type: 'SYNC'; readonly items: readonly T[] }
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly item: T };

export interface ExecRequest extends CallLimits {
  readonly namespace: string;
  readonly pod: string;
  readonly container?: string;
  /** Program and arguments; no shell reads them. */
  readonly command: readonly [string, ...string[]];
  /** Cap on stdout and stderr together in bytes. Default 1 MiB. */
  readonly maxBytes?: number;
}

export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

export interface KubernetesVersion {
  /** Such as `v1.31.4`. */
  readonly gitVersion: string;
  readonly major: string;
  /** May end in `+` at vendors. */
  readonly minor: string;
}

/**
 * The Kubernetes API server. What it refuses or says wrong is SPOKE_ERROR with `details.status` and `details.reason`: UNAUTHORIZED,
 * FORBIDDEN, NOT_FOUND, CONFLICT, ALREADY_EXISTS, INVALID, EXPIRED, RATE_LIMITED (with `details.retry_after_s` where it said so),
 * STATUS for other refusals, INVALID_JSON, HTML, SHAPE. Beside these come the transport's errors.
 */
export interface KubernetesClient {
  version(target: SpokeTarget, limits: CallLimits): Promise<KubernetesVersion>;
  /** Resolves when the API server says it is ready; throws an AppError that names the failing checks. */
  readyz(target: SpokeTarget, limits: CallLimits): Promise<void>;
  /** Names of all namespaces, sorted. */
  namespaces(target: SpokeTarget, limits: CallLimits): Promise<string[]>;

  /** All pages; NOT_FOUND when the kind does not exist there. A list that changes faster than it can be read is started anew. */
  list<T>(target: SpokeTarget, request: ListRequest<T>): Promise<ObjectList<T>>;
  /** Undefined when there is no such object, or no such kind of object. */
  get<T>(target: SpokeTarget, request: GetRequest<T>): Promise<T | undefined>;
  /** Throws ALREADY_EXISTS. */
  create(target: SpokeTarget, request: WriteRequest): Promise<void>;
  /** Puts the object in the place of the one of its name; NOT_FOUND without one, CONFLICT when its `resourceVersion` is stale. */
  replace(target: SpokeTarget, request: WriteRequest): Promise<void>;
  /** False when there was none. */
  remove(target: SpokeTarget, request: ResourceName & CallLimits): Promise<boolean>;

  /** Every API group that the server offers, the core group first. */
  groups(target: SpokeTarget, limits: CallLimits): Promise<ApiGroup[]>;
  /** The kinds of one group and version; undefined when the server does not offer it. */
  resources(
    target: SpokeTarget,
    request: Pick<ResourceKind, 'group' | 'version'> & CallLimits,
  ): Promise<ApiResource[] | undefined>;

  /** Whether the target's own credentials may do it. Anyone who is signed in may ask. */
  selfSubjectAccessReview(target: SpokeTarget, attributes: AccessAttributes, limits: CallLimits): Promise<AccessReview>;
  /** Who the target's own credentials are. */
  selfSubjectReview(target: SpokeTarget, limits: CallLimits): Promise<UserInfo>;
  /** Whose token it is. Needs `system:auth-delegator`. */
  tokenReview(
    target: SpokeTarget,
    request: { readonly token: string; readonly audiences?: readonly string[] } & CallLimits,
  ): Promise<TokenReview>;
  /** Whether somebody else may do it. Needs `system:auth-delegator`. */
  subjectAccessReview(
    target: SpokeTarget,
    request: { readonly user: ReviewedUser; readonly attributes: AccessAttributes } & CallLimits,
  ): Promise<AccessReview>;

  /**
   * Everything of a kind, then its changes as they happen. Resumes where a stream ended; begins anew with SYNC where the server has
   * forgotten that place. Any other failure ends it with its error; whoever watches decides when to try again.
   */
  watch<T>(target: SpokeTarget, request: WatchRequest<T>): AsyncIterable<WatchEvent<T>>;
  /**
   * Runs a program in a container, without input, and waits for its end. A program that ends with another code than 0 is a
   * result, not an error. Throws SPOKE_ERROR with reason EXEC when the outcome is unknown, TOO_LARGE over the cap.
   */
  exec(target: SpokeTarget, request: ExecRequest): Promise<ExecResult>;
}
