import { z } from 'zod';
import { requirePermission } from '../../backend/access/policy.ts';
import { AppError } from '../../backend/model/errors.ts';
import { type ImportRequest, ImportReport } from '../../backend/registry/import/imports.ts';
import { ClusterArg } from '../clusters-arg.ts';
import { defineTool } from '../define.ts';

const BODY_LIMIT = 2 * 1024 * 1024;

export const importClusters = defineTool({
  name: 'import_clusters',
  title: 'Import clusters',
  description:
    'Brings the fleet in step with a source: KUBECONFIG adds the contexts of a kubeconfig with their credentials; FILE (the configured clusters file) and ACM (the managed clusters of a hub) also update and remove what they brought. dry_run only says what would be done.',
  toolset: 'clusters',
  permission: 'cluster:write',
  exposure: 'api',
  annotations: { readOnly: false, destructive: true, idempotent: true, openWorld: true },
  input: z.strictObject({
    source: z.enum(['KUBECONFIG', 'FILE', 'ACM']),
    /** KUBECONFIG: the text of it. */
    kubeconfig: z.string().min(1).max(1_048_576).optional(),
    /** KUBECONFIG: only these; left out = all. */
    contexts: z.array(z.string().max(253)).max(1000).optional(),
    /** ACM: the cluster whose managed clusters are meant. */
    hub: ClusterArg.optional(),
    dry_run: z.boolean().default(false),
  }),
  output: ImportReport,
  example: { source: 'ACM', hub: 'hub-1', dry_run: true },
  rest: [{ method: 'POST', path: '/clusters/import', bodyLimit: BODY_LIMIT }],
  deadlineMs: () => 60_000,
  summarize: ({ dry_run, steps }) => {
    const counts = Map.groupBy(steps, ({ action }) => action);
    const told = [...counts].map(([action, those]) => `${those.length} ${action}`).join(', ');
    return `${dry_run ? 'Would do' : 'Done'}: ${told === '' ? 'nothing' : told}.`;
  },
  run: async ({ principal, services, resolveCluster, signal }, input) => {
    // A source has clusters of any labels, and what it no longer has goes: that is for somebody who may see and remove them all.
    if (principal.scope.selector !== '') {
      throw new AppError(
        'PERMISSION_DENIED',
        `An import is about the whole fleet, and your scope is ${principal.scope.selector}.`,
        {
          details: { scope: principal.scope.selector },
        },
      );
    }
    if (input.source !== 'KUBECONFIG' && !input.dry_run) requirePermission(principal, 'cluster:delete');
    const hub = input.hub === undefined ? undefined : (await resolveCluster(input.hub)).name;
    return services.imports.run(requestOf({ ...input, hub }), { dry_run: input.dry_run, signal });
  },
});

function requestOf(input: {
  source: ImportRequest['source'];
  kubeconfig?: string | undefined;
  contexts?: string[] | undefined;
  hub: string | undefined;
}): ImportRequest {
  const { source, kubeconfig, contexts, hub } = input;
  switch (source) {
    case 'KUBECONFIG':
      if (kubeconfig === undefined) throw missing('kubeconfig', source);
      return { source, kubeconfig, contexts };
    case 'ACM':
      if (hub === undefined) throw missing('hub', source);
      return { source, hub };
    case 'FILE':
      return { source };
  }
}

function missing(field: string, source: string): AppError {
  const message = `is needed with source ${source}`;
  return new AppError('VALIDATION_FAILED', `${field} ${message}.`, { details: { issues: [{ field, message }] } });
}
