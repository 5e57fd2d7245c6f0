import { parseAllDocuments } from 'yaml';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { GPU_NAMESPACES, execNamespacesOf } from './needs.ts';
import { execRules, rulesOf, spokeRbac } from './rbac.ts';

const Document = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});
const WRITES = new Set([
  'create',
  'update',
  'patch',
  'delete',
  'deletecollection',
  'impersonate',
  'bind',
  'escalate',
  '*',
]);
const options = { namespace: 'ops', name: 'aiops', execIn: [], acm: false };

describe('the RBAC of a spoke', () => {
  it('is a service account with a token, one role, and the binding between them', () => {
    const documents = parseAllDocuments(spokeRbac(options)).map((document) => Document.parse(document.toJS()));
    expect(documents.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'Namespace ops',
      'ServiceAccount aiops',
      'Secret aiops',
      'ClusterRole aiops',
      'ClusterRoleBinding aiops',
    ]);
    expect(documents[4]).toMatchObject({
      roleRef: { kind: 'ClusterRole', name: 'aiops' },
      subjects: [{ kind: 'ServiceAccount', name: 'aiops', namespace: 'ops' }],
    });
    expect(documents[3]?.['rules']).toEqual(rulesOf(options));
  });

  it('changes nothing in a cluster, sees no Secret, and names no wildcard', () => {
    const rules = rulesOf({ acm: true });
    const writing = rules.filter(({ verbs }) => verbs.some((verb) => WRITES.has(verb)));
    expect(writing.map(({ resources }) => resources)).toEqual([['prometheuses/api']]);
    const text = JSON.stringify(rules);
    expect(text).not.toContain('secrets');
    expect(text).not.toContain('*');
    const byName = rules.filter(({ resourceNames }) => resourceNames?.includes('microshift-version'));
    expect(byName).toEqual([
      { apiGroups: [''], resources: ['configmaps'], resourceNames: ['microshift-version'], verbs: ['get'] },
    ]);
  });

  it('has what is asked for only when it is asked for', () => {
    const resources = (acm: boolean) => rulesOf({ acm }).flatMap((rule) => rule.resources ?? []);
    expect(resources(false)).not.toContain('managedclusters');
    expect(resources(true)).toContain('managedclusters');
    expect(spokeRbac(options)).not.toContain('pods/exec');
  });

  it('allows commands only in the namespaces that are named, each by a role of its own, never in the whole cluster', () => {
    const text = spokeRbac({ ...options, execIn: ['upf-core', 'nvidia-gpu-operator', 'upf-core'] });
    const documents = parseAllDocuments(text).map((document) => Document.parse(document.toJS()));
    const places = documents
      .slice(5)
      .map(({ kind, metadata }) => `${kind} ${metadata.name} ${String(metadata['namespace'])}`);
    expect(places).toEqual([
      'Role aiops-exec upf-core',
      'RoleBinding aiops-exec upf-core',
      'Role aiops-exec nvidia-gpu-operator',
      'RoleBinding aiops-exec nvidia-gpu-operator',
    ]);
    expect(documents[5]?.['rules']).toEqual(execRules());
    expect(execRules()).toEqual([{ apiGroups: [''], resources: ['pods/exec'], verbs: ['get', 'create'] }]);
    expect(documents[6]).toMatchObject({
      roleRef: { kind: 'Role', name: 'aiops-exec' },
      subjects: [{ kind: 'ServiceAccount', name: 'aiops', namespace: 'ops' }],
    });
    expect(JSON.stringify(documents[3])).not.toContain('pods/exec');
  });

  it('is for commands about the namespaces of the GPU operator and of network functions', () => {
    const names = ['shop', 'upf-core', 'upfront', 'du-1', ...GPU_NAMESPACES];
    expect(
      execNamespacesOf(
        names,
        ['upf-', 'du-'].map((prefix) => ({ prefix, type: 'OTHER' })),
      ),
    ).toEqual([...GPU_NAMESPACES, 'du-1', 'upf-core']);
  });
});
