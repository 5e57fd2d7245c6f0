import { stringify } from 'yaml';
import { NEEDS, type Need } from './needs.ts';

export interface RbacOptions {
  /** Of the service account. */
  readonly namespace: string;
  /** Of every object. */
  readonly name: string;
  /** Namespaces in whose pods commands may be run (`exec_enabled` of the cluster); they have to exist there. */
  readonly execIn: readonly string[];
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

/** The least RBAC that the platform needs on a cluster, as YAML for `kubectl apply -f -`: read only, but for `exec` in the namespaces that are asked for. */
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
    ...[...new Set(options.execIn)].flatMap((where) => [
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'Role',
        metadata: { name: `${name}-exec`, namespace: where, labels: LABELS },
        rules: execRules(),
      },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: { name: `${name}-exec`, namespace: where, labels: LABELS },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: `${name}-exec` },
        subjects: [{ kind: 'ServiceAccount', name, namespace }],
      },
    ]),
  ];
  return documents.map((document) => stringify(document, { aliasDuplicateObjects: false })).join('---\n');
}

/** What holds in the whole cluster. */
export function rulesOf({ acm }: Pick<RbacOptions, 'acm'>): Rule[] {
  return grouped(NEEDS.filter((need) => !isNamespaced(need) && (acm || need.for !== 'ACM_IMPORT')));
}

/** What holds in each namespace where commands may be run. */
export function execRules(): Rule[] {
  return grouped(NEEDS.filter(isNamespaced));
}

function isNamespaced(need: Need): boolean {
  return 'namespaced' in need;
}

/** Resources of one group with the same verbs and names share a rule. In the order of {@link NEEDS}. */
function grouped(needs: readonly Need[]): Rule[] {
  const rules = new Map<string, Rule>();
  for (const need of needs) {
    const key = keyOf(need);
    const rule = rules.get(key);
    if (rule === undefined) rules.set(key, ruleOf(need));
    else if ('path' in need) rule.nonResourceURLs?.push(need.path);
    else rule.resources?.push(need.resource);
  }
  return [...rules.values()];
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
