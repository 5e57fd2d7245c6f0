import { z } from 'zod';
import type { Clock } from '../platform/clock.ts';
import type { AccessAttributes, AccessReview, KubernetesClient, UserInfo } from './kubernetes-api.ts';
import { hasReason, shaped } from './kubernetes-error.ts';
import { callLibrary } from './kubernetes-library.ts';
import { callOf, checkNames } from './kubernetes-objects.ts';
import type { Transport } from './transport.ts';

type ReviewVerbs = Pick<
  KubernetesClient,
  'groups' | 'resources' | 'selfSubjectAccessReview' | 'selfSubjectReview' | 'tokenReview' | 'subjectAccessReview'
>;

const User = z.object({
  username: z.string().default(''),
  uid: z.string().default(''),
  groups: z.array(z.string()).default([]),
  extra: z.record(z.string(), z.array(z.string())).default({}),
});

const Access = z.object({
  status: z.object({
    allowed: z.boolean(),
    denied: z.boolean().optional(),
    reason: z.string().default(''),
    evaluationError: z.string().optional(),
  }),
});

const Token = z.object({
  status: z.object({
    authenticated: z.boolean().default(false),
    user: User.optional(),
    audiences: z.array(z.string()).default([]),
    error: z.string().default(''),
  }),
});

const Groups = z.object({
  groups: z.array(
    z.object({
      name: z.string(),
      versions: z.array(z.object({ version: z.string() })).min(1),
      preferredVersion: z.object({ version: z.string() }).optional(),
    }),
  ),
});

const Resources = z.object({
  resources: z.array(
    z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean(), verbs: z.array(z.string()) }),
  ),
});

/** What the API server offers, and who may do what there, by the library's generated APIs. */
export function createReviewVerbs(transport: Transport, clock: Clock): ReviewVerbs {
  return {
    groups: async (target, limits) => {
      const call = callOf(target, limits, clock);
      const core = await callLibrary(
        transport,
        call,
        (modules) => modules.CoreApi,
        (api) => api.getAPIVersions(),
      );
      const named = await callLibrary(
        transport,
        call,
        (modules) => modules.ApisApi,
        (api) => api.getAPIVersions(),
      );
      const { versions } = shaped(z.object({ versions: z.array(z.string()).min(1) }), core);
      return [{ name: '', versions }, ...shaped(Groups, named).groups.map(inOrder)];
    },
    resources: async (target, { group, version, ...limits }) => {
      checkNames({ group, version });
      try {
        const list = await callLibrary(
          transport,
          callOf(target, limits, clock),
          (modules) => modules.CustomObjectsApi,
          (api) => api.getAPIResources({ group, version }),
        );
        return shaped(Resources, list).resources;
      } catch (thrown) {
        if (hasReason(thrown, 'NOT_FOUND')) return undefined;
        throw thrown;
      }
    },
    selfSubjectAccessReview: async (target, attributes, limits) => {
      const review = await callLibrary(
        transport,
        callOf(target, limits, clock),
        (modules) => modules.AuthorizationV1Api,
        (api) =>
          api.createSelfSubjectAccessReview({
            body: {
              apiVersion: 'authorization.k8s.io/v1',
              kind: 'SelfSubjectAccessReview',
              spec: specOf(attributes),
            },
          }),
      );
      return accessOf(review);
    },
    subjectAccessReview: async (target, { user, attributes, ...limits }) => {
      const { username, uid, groups, extra } = user;
      const review = await callLibrary(
        transport,
        callOf(target, limits, clock),
        (modules) => modules.AuthorizationV1Api,
        (api) =>
          api.createSubjectAccessReview({
            body: {
              apiVersion: 'authorization.k8s.io/v1',
              kind: 'SubjectAccessReview',
              spec: {
                user: username,
                ...(uid === undefined ? {} : { uid }),
                ...(groups === undefined ? {} : { groups: [...groups] }),
                ...(extra === undefined ? {} : { extra: mutable(extra) }),
                ...specOf(attributes),
              },
            },
          }),
      );
      return accessOf(review);
    },
    selfSubjectReview: async (target, limits): Promise<UserInfo> => {
      const review = await callLibrary(
        transport,
        callOf(target, limits, clock),
        (modules) => modules.AuthenticationV1Api,
        (api) =>
          api.createSelfSubjectReview({
            body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
          }),
      );
      return shaped(z.object({ status: z.object({ userInfo: User }) }), review).status.userInfo;
    },
    tokenReview: async (target, { token, audiences, ...limits }) => {
      const review = await callLibrary(
        transport,
        callOf(target, limits, clock),
        (modules) => modules.AuthenticationV1Api,
        (api) =>
          api.createTokenReview({
            body: {
              apiVersion: 'authentication.k8s.io/v1',
              kind: 'TokenReview',
              spec: { token, ...(audiences === undefined ? {} : { audiences: [...audiences] }) },
            },
          }),
      );
      const { status } = shaped(Token, review);
      return status.authenticated && status.user
        ? { authenticated: true, user: status.user, audiences: status.audiences }
        : { authenticated: false, error: status.error };
    },
  };
}

/** The preferred version first; the others stay as the server has them. */
function inOrder({ name, versions, preferredVersion }: z.infer<typeof Groups>['groups'][number]) {
  const all = versions.map(({ version }) => version);
  const first = preferredVersion?.version;
  return {
    name,
    versions: first !== undefined && all.includes(first) ? [first, ...all.filter((other) => other !== first)] : all,
  };
}

function specOf(attributes: AccessAttributes) {
  if ('path' in attributes) return { nonResourceAttributes: { path: attributes.path, verb: attributes.verb } };
  return { resourceAttributes: { ...attributes } };
}

function accessOf(review: unknown): AccessReview {
  const { allowed, denied, reason, evaluationError } = shaped(Access, review).status;
  return {
    allowed: allowed && denied !== true,
    reason,
    ...(evaluationError === undefined ? {} : { evaluationError }),
  };
}

function mutable(extra: Readonly<Record<string, readonly string[]>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]]));
}
