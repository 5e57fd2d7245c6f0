import { parseAllDocuments } from 'yaml';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { rulesOf, spokeRbac } from './rbac.ts';

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
const options = { namespace: 'ops', name: 'aiops', exec: false, acm: false };

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
    const rules = rulesOf({ exec: false, acm: true });
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
    const resources = (exec: boolean, acm: boolean) => rulesOf({ exec, acm }).flatMap((rule) => rule.resources ?? []);
    expect(resources(false, false)).not.toContain('pods/exec');
    expect(resources(false, false)).not.toContain('managedclusters');
    expect(resources(true, true)).toEqual(expect.arrayContaining(['pods/exec', 'managedclusters']));
  });
});
