import { createHash } from 'node:crypto';
import { type Answer, NO_SUCH_PATH, json } from './answers.ts';
import { type Feature, type Kind, groupVersionOf, offered } from './kinds.ts';

/** Groups that are served without objects: reviews are answers, not things. */
const REVIEWS: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  'authentication.k8s.io': [
    ['tokenreviews', 'TokenReview'],
    ['selfsubjectreviews', 'SelfSubjectReview'],
  ],
  'authorization.k8s.io': [
    ['subjectaccessreviews', 'SubjectAccessReview'],
    ['selfsubjectaccessreviews', 'SelfSubjectAccessReview'],
  ],
};

const OBJECT_VERBS = ['create', 'delete', 'get', 'list', 'update', 'watch'];

/** `/api`, `/apis` and everything below that lists kinds; undefined for other paths. */
export function discover(features: ReadonlySet<Feature>, path: string): Answer | undefined {
  const kinds = offered(features);
  const [, root, group, version, more] = path.replace(/\/$/, '').split('/');
  if (root === 'api' && version === undefined) {
    if (group === undefined)
      return json(200, { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] });
    return group === 'v1' ? json(200, resourceList(kinds, '', 'v1')) : NO_SUCH_PATH;
  }
  if (root !== 'apis' || more !== undefined) return undefined;
  const groups = groupsOf(kinds);
  if (group === undefined)
    return json(200, {
      kind: 'APIGroupList',
      apiVersion: 'v1',
      groups: [...groups].map(([name]) => apiGroup(kinds, name)),
    });
  if (!groups.has(group)) return NO_SUCH_PATH;
  if (version === undefined) return json(200, { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(kinds, group) });
  return groups.get(group)?.has(version) ? json(200, resourceList(kinds, group, version)) : NO_SUCH_PATH;
}

/** Whether the API server has the group at all: below one that it has, a missing resource is a Status. */
export function hasGroup(features: ReadonlySet<Feature>, path: string): boolean {
  const [, root, group = ''] = path.split('/');
  return root === 'api' || (root === 'apis' && groupsOf(offered(features)).has(group));
}

function groupsOf(kinds: readonly Kind[]): Map<string, Set<string>> {
  const groups = new Map(Object.keys(REVIEWS).map((group) => [group, new Set(['v1'])]));
  for (const { group, version } of kinds.filter((kind) => kind.group !== ''))
    groups.set(group, (groups.get(group) ?? new Set()).add(version));
  return groups;
}

function apiGroup(kinds: readonly Kind[], name: string) {
  const versions = [...(groupsOf(kinds).get(name) ?? [])].map((version) => ({
    groupVersion: groupVersionOf({ group: name, version }),
    version,
  }));
  return { name, versions, preferredVersion: versions[0] };
}

function resourceList(kinds: readonly Kind[], group: string, version: string) {
  const objects = kinds
    .filter((kind) => kind.group === group && kind.version === version)
    .map(({ resource, kind, namespaced }) => entry(resource, kind, namespaced, OBJECT_VERBS));
  const reviews = (REVIEWS[group] ?? []).map(([resource, kind]) => entry(resource, kind, false, ['create']));
  const exec = group === '' ? [entry('pods/exec', 'PodExecOptions', true, ['create', 'get'])] : [];
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: groupVersionOf({ group, version }),
    resources: [...objects, ...exec, ...reviews],
  };
}

function entry(name: string, kind: string, namespaced: boolean, verbs: readonly string[]) {
  return { name, singularName: kind.toLowerCase(), namespaced, kind, verbs };
}

export function versionInfo(gitVersion: string): Record<string, string> {
  const [major = '', minor = ''] = gitVersion.replace(/^v/, '').split('.');
  return {
    major,
    minor,
    gitVersion,
    gitCommit: createHash('sha1').update(gitVersion).digest('hex'),
    gitTreeState: 'clean',
    buildDate: '2026-01-15T14:21:06Z',
    goVersion: 'go1.23.4',
    compiler: 'gc',
    platform: 'linux/amd64',
  };
}

const HEALTH_CHECKS = ['ping', 'log', 'etcd', 'informer-sync', 'poststarthook/start-apiserver-admission-initializer'];

/** `/readyz` and `/livez`; `failing` names checks that do not pass. */
export function health(path: string, verbose: boolean, failing: readonly string[]): Answer {
  const plain = (status: number, body: string): Answer => ({
    status,
    body,
    contentType: 'text/plain; charset=utf-8',
  });
  if (failing.length === 0 && !verbose) return plain(200, 'ok');
  const checks = [...new Set([...HEALTH_CHECKS, ...failing])].map((check) =>
    failing.includes(check) ? `[-]${check} failed: reason withheld` : `[+]${check} ok`,
  );
  const verdict = `${path.slice(1)} check ${failing.length === 0 ? 'passed' : 'failed'}`;
  return plain(failing.length === 0 ? 200 : 500, `${[...checks, verdict].join('\n')}\n`);
}
