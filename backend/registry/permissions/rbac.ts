import { stringify } from 'yaml';
import { NEEDS, type Need, type NeededFor } from './needs.ts';

export interface RbacOptions {
  /** Of the service account. */
  readonly namespace: string;
  /** Of every object. */
  readonly name: string;
  /** Whether commands may be run in pods (`exec_enabled` of the cluster). */
  readonly exec: boolean;
  /** Whether it is an ACM hub whose managed clusters are imported. */
  readonly acm: boolean;
}

interface Rule {
  readonly apiGroups?: string[];
  readonly nonResourceURLs?: string[];
  readonly resources?: string[];
  readonly resourceNames?: string[];
  readonly verbs: string[];
}

const LABELS = { 'app.kubernetes.io/name': 'aiops-nextgen', 'app.kubernetes.io/component': 'spoke-access' };

/** The least RBAC that the platform needs on a cluster, as YAML for `kubectl apply -f -`: read only, but for `exec` when it is asked for. */
export function spokeRbac(options: RbacOptions): string {
  const { namespace, name } = options;
  const metadata = (inNamespace: boolean) => ({ name, ...(inNamespace ? { namespace } : {}), labels: LABELS });
  const documents = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata(true) },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { ...metadata(true), annotations: { 'kubernetes.io/service-account.name': name } },
      type: 'kubernetes.io/service-account-token',
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: metadata(false),
      rules: rulesOf(options),
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: metadata(false),
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    },
  ];
  return documents.map((document) => stringify(document, { aliasDuplicateObjects: false })).join('---\n');
}

/** Resources of one group with the same verbs and names share a rule. In the order of {@link NEEDS}. */
export function rulesOf(options: Pick<RbacOptions, 'exec' | 'acm'>): Rule[] {
  const rules = new Map<string, Rule>();
  for (const need of NEEDS) {
    if (!isWanted(need.for, options)) continue;
    const key = keyOf(need);
    const rule = rules.get(key);
    if (rule === undefined) rules.set(key, ruleOf(need));
    else if ('path' in need) rule.nonResourceURLs?.push(need.path);
    else rule.resources?.push(need.resource);
  }
  return [...rules.values()];
}

function isWanted(purpose: NeededFor, { exec, acm }: Pick<RbacOptions, 'exec' | 'acm'>): boolean {
  if (purpose === 'EXEC') return exec;
  return purpose === 'ACM_IMPORT' ? acm : true;
}

function keyOf(need: Need): string {
  const verbs = need.verbs.join();
  return 'path' in need ? `path ${verbs}` : `${need.group} ${verbs} ${need.name ?? ''}`;
}

function ruleOf(need: Need): Rule {
  const verbs = [...need.verbs];
  if ('path' in need) return { nonResourceURLs: [need.path], verbs };
  const names = need.name === undefined ? {} : { resourceNames: [need.name] };
  return { apiGroups: [need.group], resources: [need.resource], ...names, verbs };
}
