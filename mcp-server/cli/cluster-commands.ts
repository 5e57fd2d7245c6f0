import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { ListedCluster } from '../../backend/model/cluster.ts';
import { AppError } from '../../backend/model/errors.ts';
import { type KubeconfigContext, type UsableContext, isUsable } from '../../backend/registry/kubeconfig.ts';
import { readKubeconfig, shellWord } from './kubeconfig-file.ts';
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
  readonly lokiUrl?: string;
  readonly tempoUrl?: string;
  readonly globalMetricsUrl?: string;
  readonly globalMetricsLabel?: string;
  readonly globalMetricsValue?: string;
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
    .option(
      '--context <name>',
      'context of the kubeconfig; left out, the contexts are listed, with what bars those that cannot be used',
    )
    .option(
      '--kubeconfig <file>',
      'kubeconfig to read; - for standard input (default: the files of KUBECONFIG, or ~/.kube/config)',
    )
    .option('--name <name>', 'name in the fleet (default: made from the context)')
    .option('--type <type>', 'HUB, SPOKE, EDGE or FAR_EDGE')
    .option('--environment <environment>', 'PRODUCTION, STAGING, DEVELOPMENT or LAB')
    .option('--region <region>')
    .option('--prometheus-url <url>', 'Prometheus or Thanos Querier, as reached from here')
    .option('--alertmanager-url <url>', 'Alertmanager, as reached from here')
    .option('--loki-url <url>', 'Loki, or the gateway of a LokiStack, for logs')
    .option('--tempo-url <url>', 'Tempo, or the gateway of a TempoStack, for traces')
    .option('--global-metrics-url <url>', 'Thanos, Mimir or ACM hub that holds the metrics of several clusters')
    .option('--global-metrics-label <label>', 'label that tells clusters apart there (default: cluster)')
    .option('--global-metrics-value <value>', 'its value for this cluster (default: its name)')
    .option('--label <key=value...>', 'label, may be repeated')
    .option('--platform <platform>', 'KUBERNETES, OPENSHIFT or MICROSHIFT')
    .option('--ca-file <file>', 'PEM of further CAs to trust for this cluster, such as the one of its routes')
    .option('--insecure-skip-tls-verify', 'accept any certificate of this cluster')
    .action((options: AddOptions) =>
      withSession(async (session, print) => {
        const { from, contexts } = await readKubeconfig(options.kubeconfig, env);
        const chosen = contexts.find((c) => c.context === options.context);
        if (!chosen) throw noSuchContext(options.context, contexts, from);
        if (!isUsable(chosen)) throw chosen.refusal;
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
  context: UsableContext,
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
      ...(options.lokiUrl === undefined ? {} : { loki_url: options.lokiUrl }),
      ...(options.tempoUrl === undefined ? {} : { tempo_url: options.tempoUrl }),
    },
    ...(options.globalMetricsUrl === undefined
      ? {}
      : {
          global_metrics: {
            url: options.globalMetricsUrl,
            cluster_value: options.globalMetricsValue ?? name,
            ...(options.globalMetricsLabel === undefined ? {} : { cluster_label: options.globalMetricsLabel }),
          },
        }),
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
  const health =
    session.via === undefined
      ? 'Its health is checked while a server runs (npm start).'
      : 'Its first health check is under way.';
  print(`Registered ${name} (${String(registered.output['id'])}). ${health}`);
  if (options.prometheusUrl === undefined && options.globalMetricsUrl === undefined)
    print(
      `No Prometheus URL was given, so only its health is known. For metrics and alerts, remove it (aiops cluster remove ${name}) and add it again with --prometheus-url.`,
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

function noSuchContext(wanted: string | undefined, contexts: readonly KubeconfigContext[], from: string): AppError {
  const message =
    wanted === undefined ? `Which context of ${from}?` : `${from} has no context ${JSON.stringify(wanted)}.`;
  const lines = contexts.map((context) => `  ${shellWord(plain(context.context))}${remark(context)}`);
  return new AppError('VALIDATION_FAILED', message, {
    hint: `Say --context <name>, with one of:\n${lines.join('\n')}`,
  });
}

function remark(context: KubeconfigContext): string {
  if (!isUsable(context)) return ` (cannot be used: ${context.reason})`;
  return context.insecure_skip_tls_verify ? ' (only with --insecure-skip-tls-verify)' : '';
}

/** A terminal acts on control characters; a list only shows them. */
function plain(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '\u{FFFD}');
}
