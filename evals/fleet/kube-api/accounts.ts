import { z } from 'zod';

/** An RBAC rule, its role and its binding in one. `*` stands for everything. */
const Rule = z.strictObject({
  verbs: z.array(z.string()),
  groups: z.array(z.string()).default(['*']),
  /** Such as `pods` or `pods/exec`. */
  resources: z.array(z.string()),
  /** Left out = the whole cluster. */
  namespaces: z.array(z.string()).optional(),
  names: z.array(z.string()).optional(),
});

/** Somebody whom the API server knows, and what they may do; paths such as `/metrics` are for everyone who is signed in. */
export const Account = z.strictObject({
  username: z.string(),
  token: z.string(),
  groups: z.array(z.string()).default([]),
  rules: z.array(Rule),
});
export type Account = z.infer<typeof Account>;

export interface Attributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  /** Empty = all namespaces, or cluster-scoped. */
  readonly namespace: string;
  /** Empty = every object. */
  readonly name: string;
}

/** Every authenticated user may discover and ask about themselves (`system:basic-user`, `system:discovery`). */
const BASIC: Account['rules'] = [
  { verbs: ['create'], groups: ['authorization.k8s.io'], resources: ['selfsubjectaccessreviews'] },
  { verbs: ['create'], groups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'] },
];

export function allowed(account: Pick<Account, 'rules'>, wanted: Attributes): boolean {
  return [...account.rules, ...BASIC].some(
    ({ verbs, groups, resources, namespaces, names }) =>
      has(verbs, wanted.verb) &&
      has(groups, wanted.group) &&
      has(resources, wanted.resource) &&
      (namespaces === undefined || namespaces.includes(wanted.namespace)) &&
      (names === undefined || names.includes(wanted.name)),
  );
}

function has(list: readonly string[], value: string): boolean {
  return list.includes('*') || list.includes(value);
}

/** In the words of the API server's RBAC authorizer. */
export function refusalOf(username: string, { verb, group, resource, namespace, name }: Attributes): string {
  const [kind = ''] = resource.split('/');
  const full = group === '' ? kind : `${kind}.${group}`;
  const object = name === '' ? full : `${full} ${JSON.stringify(name)}`;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  return `${object} is forbidden: User ${JSON.stringify(username)} cannot ${verb} resource ${JSON.stringify(resource)} in API group ${JSON.stringify(group)} ${where}`;
}

/** May do everything: what a cluster's own administrator has. */
export function administrator(username: string, token: string): Account {
  return {
    username,
    token,
    groups: ['system:masters', 'system:authenticated'],
    rules: [{ verbs: ['*'], groups: ['*'], resources: ['*'] }],
  };
}
