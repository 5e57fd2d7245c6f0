import { z } from 'zod';
import { type Account, allowed } from './accounts.ts';
import { type Answer, failure, json } from './answers.ts';

/** wire.md §5.5. A review is answered 201 whatever it finds. */

const Access = z.looseObject({
  spec: z.object({
    user: z.string().optional(),
    groups: z.array(z.string()).optional(),
    resourceAttributes: z
      .object({
        namespace: z.string().default(''),
        verb: z.string().default(''),
        group: z.string().default(''),
        resource: z.string().default(''),
        subresource: z.string().default(''),
        name: z.string().default(''),
      })
      .optional(),
    nonResourceAttributes: z.object({ path: z.string().default(''), verb: z.string().default('') }).optional(),
  }),
});
const Token = z.looseObject({ spec: z.object({ token: z.string(), audiences: z.array(z.string()).optional() }) });

export interface Reviewer {
  readonly caller: Account;
  readonly accounts: readonly Account[];
}

/** Undefined when the resource is none of the reviews. */
export function review(resource: string, body: unknown, { caller, accounts }: Reviewer): Answer | undefined {
  switch (resource) {
    case 'selfsubjectreviews':
      return json(201, {
        kind: 'SelfSubjectReview',
        apiVersion: 'authentication.k8s.io/v1',
        metadata: { creationTimestamp: null },
        status: { userInfo: userInfo(caller) },
      });
    case 'tokenreviews': {
      const asked = Token.safeParse(body);
      if (!asked.success) return invalid(resource);
      const { token, audiences } = asked.data.spec;
      const account = accounts.find((one) => one.token === token);
      return json(201, {
        ...asked.data,
        kind: 'TokenReview',
        apiVersion: 'authentication.k8s.io/v1',
        status: account
          ? { authenticated: true, user: userInfo(account), ...(audiences && { audiences }) }
          : { user: {}, error: '[invalid bearer token, token lookup failed]' },
      });
    }
    case 'selfsubjectaccessreviews':
    case 'subjectaccessreviews': {
      const asked = Access.safeParse(body);
      if (!asked.success) return invalid(resource);
      const { user, groups = [] } = asked.data.spec;
      const subject = resource === 'selfsubjectaccessreviews' ? caller : subjectOf(accounts, user, groups);
      return json(201, {
        ...asked.data,
        metadata: { creationTimestamp: null },
        status: verdict(subject, asked.data.spec),
      });
    }
    default:
      return undefined;
  }
}

/** Somebody by name, and what is bound to the groups that the caller names: groups that it leaves out do not count. */
function subjectOf(accounts: readonly Account[], user: string | undefined, groups: readonly string[]) {
  const masters = groups.includes('system:masters');
  const own = accounts.find((account) => account.username === user);
  return {
    username: user ?? '',
    rules: [
      ...(masters ? [{ verbs: ['*'], groups: ['*'], resources: ['*'] }] : []),
      ...(own && !own.groups.includes('system:masters') ? own.rules : []),
    ],
  };
}

function verdict(
  subject: { readonly username: string; readonly rules: Account['rules'] },
  { resourceAttributes, nonResourceAttributes }: z.infer<typeof Access>['spec'],
) {
  if (nonResourceAttributes) return { allowed: subject.rules.some(({ resources }) => resources.includes('*')) };
  if (!resourceAttributes) return { allowed: false, reason: 'no attributes' };
  const { subresource, resource, ...rest } = resourceAttributes;
  const yes = allowed(subject, { ...rest, resource: subresource === '' ? resource : `${resource}/${subresource}` });
  return yes
    ? { allowed: true, reason: `RBAC: allowed by a rule of ${JSON.stringify(subject.username)}` }
    : { allowed: false };
}

function userInfo({ username, groups }: Account) {
  return { username, uid: `uid-of-${username}`, groups: [...new Set([...groups, 'system:authenticated'])] };
}

function invalid(resource: string): Answer {
  return failure(422, 'Invalid', `${resource} "" is invalid: spec: Required value`, { kind: resource });
}
