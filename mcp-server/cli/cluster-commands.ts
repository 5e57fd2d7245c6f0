import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { ListedCluster } from '../../backend/model/cluster.ts';
import { AppError } from '../../backend/model/errors.ts';
import { type KubeconfigContext, parseKubeconfig } from '../../backend/registry/kubeconfig.ts';
import { kubeconfigFile } from './kubeconfig-file.ts';
import type { CliSession } from './session.ts';
import { table } from './table.ts';

interface AddOptions {
  readonly context?: string;
  readonly kubeconfig?: string;
  readonly name?: string;
  readonly type?: string;
  readonly environment?: string;
  readonly region?: string;
  readonly prometheusUrl?: string;
  readonly alertmanagerUrl?: string;
  readonly label?: string[];
  readonly caFile?: string;
  readonly platform?: string;
  readonly insecureSkipTlsVerify?: boolean;
}

export type WithSession = (run: (session: CliSession, print: (line: string) => void) => Promise<void>) => Promise<void>;

/** `aiops cluster add|list|remove`. */
export function clusterCommands(program: Command, withSession: WithSession, env: NodeJS.ProcessEnv): void {
  const cluster = program.command('cluster').description('add, list and remove clusters');
  cluster
    .command('add')
    .description('register a context of a kubeconfig, with its credentials')
    .option('--context <name>', 'context of the kubeconfig; left out, the contexts are listed')
    .option('--kubeconfig <file>', 'kubeconfig to read; - for standard input (default: KUBECONFIG or ~/.kube/config)')
    .option('--name <name>', 'name in the fleet (default: made from the context)')
    .option('--type <type>', 'HUB, SPOKE, EDGE or FAR_EDGE')
    .option('--environment <environment>', 'PRODUCTION, STAGING, DEVELOPMENT or LAB')
    .option('--region <region>')
    .option('--prometheus-url <url>', 'Prometheus or Thanos Querier, as reached from here')
    .option('--alertmanager-url <url>', 'Alertmanager, as reached from here')
    .option('--label <key=value...>', 'label, may be repeated')
    .option('--platform <platform>', 'KUBERNETES, OPENSHIFT or MICROSHIFT')
    .option('--ca-file <file>', 'PEM of further CAs to trust for this cluster, such as the one of its routes')
    .option('--insecure-skip-tls-verify', 'accept any certificate of this cluster')
    .action((options: AddOptions) =>
      withSession(async (session, print) => {
        const file = kubeconfigFile(options.kubeconfig, env);
        const contexts = parseKubeconfig(await readKubeconfig(file));
        const chosen = contexts.find((c) => c.context === options.context);
        if (!chosen) throw noSuchContext(options.context, contexts, file);
        await addContext(session, chosen, options, print);
      }),
    );
  cluster
    .command('list')
    .description('list the fleet with its health')
    .action(() =>
      withSession(async (session, print) => {
        const { output, text } = await session.call('list_clusters', { page_size: 100 });
        const items = output['items'] as ListedCluster[]; // proof: output schema of list_clusters
        if (items.length === 0) print(text);
        else
          print(
            table(
              ['NAME', 'TYPE', 'ENVIRONMENT', 'STATE', 'SCORE', 'REASON'],
              items.map((c) => [
                c.name,
                c.cluster_type,
                c.environment,
                c.status.state,
                c.status.health_score ?? '—',
                c.status.last_error ?? '',
              ]),
            ),
          );
        if (Number(output['total_pages']) > 1)
          print(
            `Shown: ${items.length} of ${String(output['total'])}. More: aiops call list_clusters '{"page":2,"page_size":100}'`,
          );
      }),
    );
  cluster
    .command('remove <cluster>')
    .description('take a cluster out of the fleet and delete its credentials')
    .action((name: string) =>
      withSession(async (session, print) => {
        print((await session.call('remove_cluster', { cluster: name })).text);
      }),
    );
}

async function addContext(
  session: CliSession,
  context: KubeconfigContext,
  options: AddOptions,
  print: (line: string) => void,
): Promise<void> {
  const name = options.name ?? nameFrom(context.context);
  if (context.insecure_skip_tls_verify && options.insecureSkipTlsVerify !== true) {
    throw new AppError(
      'CREDENTIALS_INVALID',
      `Context ${context.context} has insecure-skip-tls-verify, which would send its credentials to anyone.`,
      {
        hint: 'Give its CA in the kubeconfig, or say --insecure-skip-tls-verify.',
      },
    );
  }
  const authorities = [context.tls.ca, options.caFile && (await readPem(options.caFile))].filter(
    (pem) => pem !== undefined,
  );
  const registered = await session.call('register_cluster', {
    name,
    api_server_url: context.api_server_url,
    tls: {
      ...context.tls,
      ...(authorities.length === 0 ? {} : { ca: authorities.join('\n') }),
      insecure_skip_verify: options.insecureSkipTlsVerify === true,
    },
    endpoints: {
      ...(options.prometheusUrl === undefined ? {} : { prometheus_url: options.prometheusUrl }),
      ...(options.alertmanagerUrl === undefined ? {} : { alertmanager_url: options.alertmanagerUrl }),
    },
    labels: Object.fromEntries((options.label ?? []).map(splitLabel)),
    ...(options.type === undefined ? {} : { cluster_type: options.type }),
    ...(options.environment === undefined ? {} : { environment: options.environment }),
    ...(options.region === undefined ? {} : { region: options.region }),
    ...(options.platform === undefined ? {} : { platform: options.platform }),
  });
  if (context.credentials) {
    try {
      await session.call('set_cluster_credentials', { cluster: name, ...context.credentials });
    } catch (error) {
      await session.call('remove_cluster', { cluster: name }); // never leave a cluster behind that nobody can ask
      throw error;
    }
  }
  print(registered.text);
  if (options.prometheusUrl === undefined)
    print(
      'No Prometheus URL was given, so only its health is known. Add it again with --prometheus-url to query metrics and alerts.',
    );
}

/** A context name as a cluster name: lower case, other characters to dashes, at most 63. */
export function nameFrom(context: string): string {
  return context
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .slice(0, 63)
    .replaceAll(/^-+|-+$/g, '');
}

function splitLabel(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new AppError('VALIDATION_FAILED', `--label: ${JSON.stringify(text)} is not key=value.`);
}

async function readPem(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    throw new AppError('CREDENTIALS_INVALID', `--ca-file: ${file} cannot be read.`);
  }
}

async function readKubeconfig(file: string): Promise<string> {
  if (file === '-') {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Uint8Array)); // proof: stdin has no encoding set
    return Buffer.concat(chunks).toString('utf8');
  }
  try {
    return await readFile(file, 'utf8');
  } catch {
    throw new AppError('CREDENTIALS_INVALID', `There is no readable kubeconfig at ${file}.`, {
      hint: 'Name one with --kubeconfig.',
    });
  }
}

function noSuchContext(wanted: string | undefined, contexts: readonly KubeconfigContext[], file: string): AppError {
  const names = contexts.map((c) => c.context).join(', ') || 'none';
  const message =
    wanted === undefined ? `Which context of ${file}?` : `${file} has no context ${JSON.stringify(wanted)}.`;
  return new AppError('VALIDATION_FAILED', message, { hint: `Contexts: ${names}. Say --context <name>.` });
}
