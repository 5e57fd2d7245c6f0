import { readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { AppError } from '../../backend/model/errors.ts';
import type { ImportReport } from '../../backend/registry/import/imports.ts';
import type { CheckedPermission } from '../../backend/registry/permissions/check.ts';
import { GPU_NAMESPACES } from '../../backend/registry/permissions/needs.ts';
import { spokeRbac } from '../../backend/registry/permissions/rbac.ts';
import type { WithSession } from './cluster-commands.ts';
import { readStdin } from './read-stdin.ts';
import { table } from './table.ts';

interface RbacOptions {
  readonly namespace: string;
  readonly name: string;
  /** True = without a namespace. */
  readonly exec?: true | readonly string[];
  readonly acm?: boolean;
}

/** `aiops cluster rbac|check|import`; the command `cluster` is there already. */
export function discoveryCommands(program: Command, withSession: WithSession, print: (line: string) => void): void {
  const cluster = program.commands.find((command) => command.name() === 'cluster') ?? program.command('cluster');
  cluster
    .command('rbac')
    .description('print the least RBAC that the platform needs on a cluster; pipe it into kubectl apply -f -')
    .option('--namespace <namespace>', 'namespace of the service account', kubernetesName, 'aiops-system')
    .option('--name <name>', 'name of the service account, its token, role and binding', kubernetesName, 'aiops-spoke')
    .option(
      '--exec [namespaces...]',
      `also allow commands in pods of these namespaces, for clusters with exec_enabled; default ${GPU_NAMESPACES.join(' ')}`,
      (text: string, before: readonly string[] | undefined) => [...(before ?? []), kubernetesName(text)],
    )
    .option('--acm', 'also allow reading the managed clusters of an ACM hub')
    .action(({ namespace, name, exec, acm }: RbacOptions) => {
      const execIn = exec === undefined ? [] : exec === true ? GPU_NAMESPACES : exec;
      print(spokeRbac({ namespace, name, execIn, acm: acm === true }).trimEnd());
    });
  cluster
    .command('check <cluster>')
    .description('ask a cluster which of the permissions that the platform needs are missing there')
    .option('--all', 'show also those that are there')
    .action((name: string, options: { all?: boolean }) =>
      withSession(async (session, print) => {
        const { output, text } = await session.call('check_cluster_permissions', { cluster: name });
        print(text);
        const permissions = output['permissions'] as CheckedPermission[]; // proof: output schema of check_cluster_permissions
        const shown = permissions.filter(({ allowed }) => options.all === true || allowed !== true);
        if (shown.length > 0) print(table(['NEEDED FOR', 'VERB', 'RESOURCE', 'ALLOWED', 'REASON'], shown.map(rowOf)));
        if (permissions.some(({ allowed }) => allowed !== true)) process.exitCode = 1;
      }),
    );
  importCommands(
    cluster.command('import').description('bring the fleet in step with a source of clusters'),
    withSession,
  );
}

interface ImportOptions {
  readonly context?: string[];
  readonly dryRun?: boolean;
}

/** `aiops cluster import kubeconfig|file|acm`. */
function importCommands(command: Command, withSession: WithSession): void {
  const run = (dryRun: boolean | undefined, input: () => Promise<Record<string, unknown>>) =>
    withSession(async (session, print) => {
      const { output, text } = await session.call('import_clusters', { ...(await input()), dry_run: dryRun === true });
      const { steps } = output as ImportReport; // proof: output schema of import_clusters
      if (steps.length > 0) {
        const rows = steps.map((step) => [step.action, step.cluster_name ?? '—', step.source_key, step.detail ?? '']);
        print(table(['ACTION', 'CLUSTER', 'SOURCE', 'DETAIL'], rows));
      }
      print(text);
      if (steps.some(({ action }) => action === 'FAILED')) process.exitCode = 1;
    });
  const dryRun = ['--dry-run', 'only say what would be done'] as const;
  command
    .command('kubeconfig <file>')
    .description('add the contexts of a kubeconfig, with their credentials; - for standard input')
    .option('--context <name...>', 'only these contexts')
    .option(...dryRun)
    .action((file: string, options: ImportOptions) =>
      run(options.dryRun, async () => ({
        source: 'KUBECONFIG',
        kubeconfig: await textOf(file),
        ...(options.context ? { contexts: options.context } : {}),
      })),
    );
  command
    .command('file')
    .description('do now what the server does every 30 s: apply the configured clusters file')
    .option(...dryRun)
    .action((options: ImportOptions) => run(options.dryRun, () => Promise.resolve({ source: 'FILE' })));
  command
    .command('acm <hub>')
    .description('add, update and remove the managed clusters of an ACM hub')
    .option(...dryRun)
    .action((hub: string, options: ImportOptions) =>
      run(options.dryRun, () => Promise.resolve({ source: 'ACM', hub })),
    );
}

async function textOf(file: string): Promise<string> {
  if (file === '-') return readStdin();
  try {
    return await readFile(file, 'utf8');
  } catch {
    throw new AppError('CREDENTIALS_INVALID', `There is no readable kubeconfig at ${file}.`);
  }
}

function rowOf(checked: CheckedPermission): string[] {
  const { needed_for, verb, group, resource, name, namespace, allowed, reason } = checked;
  const kind = group === '' ? resource : `${resource} (${group})`;
  const full = namespace === null ? kind : `${kind} in ${namespace}`;
  const verdict = allowed === null ? 'unknown' : allowed ? 'yes' : 'no';
  return [needed_for, verb, name === null ? full : `${full} ${name}`, verdict, reason ?? ''];
}

function kubernetesName(text: string): string {
  if (/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text)) return text;
  throw new InvalidArgumentError('Use a-z, 0-9 and -, at most 63 characters.');
}
