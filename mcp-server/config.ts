import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { DPDK_METRIC } from '../backend/collectors/cnf/dpdk-metrics.ts';
import { DEFAULT_LIMITS } from '../backend/collectors/query-guard/budget.ts';
import { CNF_NAMESPACE, CNF_NAMESPACES } from '../backend/registry/discovery/cnf.ts';
import { addressBytes, parseRange } from '../backend/spokes/address-range.ts';
import { TOOLSETS } from '../tools/define.ts';

const splitText = (v: unknown) =>
  typeof v === 'string'
    ? v
        .split(',')
        .map((s) => s.trim())
        .filter((s) => s !== '')
    : v;
const csv = z.preprocess(splitText, z.array(z.string()));
const toolsetList = z.preprocess(
  splitText,
  z.array(
    z.enum(TOOLSETS, { error: (issue) => `there is no toolset ${String(issue.input)}; known: ${TOOLSETS.join(', ')}` }),
  ),
);
const flag = z.preprocess(
  (v) =>
    typeof v === 'string'
      ? ({ true: true, '1': true, yes: true, false: false, '0': false, no: false }[v.toLowerCase()] ?? v)
      : v,
  z.boolean(),
);
const port = z.preprocess(
  (v) => (typeof v === 'string' && /^\d+$/.test(v) ? Number(v) : v),
  z.int({ error: 'must be a port number' }).min(0).max(65_535),
);

function wholeNumber(min: number, max: number) {
  return z.preprocess(
    (v) => (typeof v === 'string' && /^\d+$/.test(v) ? Number(v) : v),
    z.int({ error: 'must be a whole number' }).min(min).max(max),
  );
}

const MOST_SAMPLES = 1_000_000_000_000_000;

/** Where Kubernetes puts what a pod needs to speak with its own API server. */
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The whole configuration. Keys are those of `aiops.yaml`; ENV names the environment variable on top of each. */
export const Config = z.strictObject({
  data_dir: z.string().min(1).default('./data').describe('Folder of the embedded database and the lock file'),
  host: z.string().min(1).default('127.0.0.1').describe('Address to listen on'),
  port: port.default(8080),
  metrics_port: port
    .optional()
    .describe('Own listener of /metrics on the same host; left out, /metrics is served on loopback hosts only'),
  allowed_hosts: csv.default([]).describe('Host names that clients use to reach the server; needed off loopback'),
  allowed_origins: csv.default([]).describe('Origins of browser pages that may call the server besides its own'),
  auth_mode: z
    .enum(['none', 'token'])
    .optional()
    .describe('none is allowed on loopback only; default: none on loopback, token elsewhere'),
  database_url: z
    .string()
    .regex(/^postgres(?:ql)?:\/\//, 'a postgres:// URL')
    .optional(),
  encryption_key_file: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Keys of stored credentials, one <version>:<base64 of 32 bytes> a line; made at first start when left out',
    ),
  credential_store: z
    .enum(['database', 'kubernetes'])
    .default('database')
    .describe(
      'Where credentials of clusters are kept, sealed: kubernetes = one Secret each, in the cluster this runs in',
    ),
  kubernetes_namespace: z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'a Kubernetes namespace')
    .default('aiops-system')
    .describe('Namespace of those Secrets'),
  kubernetes_secret_prefix: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{0,200}$/, 'the beginning of a Kubernetes name')
    .default('aiops-cluster-')
    .describe('Begin of their names; the id of the cluster follows'),
  kubernetes_api_url: z
    .url({ protocol: /^https$/ })
    .default('https://kubernetes.default.svc')
    .describe('API server of the cluster this runs in'),
  kubernetes_token_file: z
    .string()
    .min(1)
    .default(`${SERVICE_ACCOUNT}/token`)
    .describe('Token of the own service account'),
  kubernetes_ca_file: z.string().min(1).default(`${SERVICE_ACCOUNT}/ca.crt`).describe('CA of that API server'),
  outbound_allow: csv.default([]).describe('CIDRs and hosts that spokes may live at besides the default'),
  outbound_deny: csv.default([]).describe('CIDRs and hosts that spokes may never live at; wins over outbound_allow'),
  clusters_file: z.string().min(1).optional().describe('YAML of the declared fleet, which is kept in step with it'),
  acm_hubs: csv
    .default([])
    .describe('Registered clusters that are ACM hubs; the fleet is kept in step with their managed clusters'),
  cnf_namespaces: z
    .preprocess(splitText, z.array(z.string().regex(CNF_NAMESPACE, 'such as du-*=VDU')))
    .default([...CNF_NAMESPACES])
    .describe('Namespaces of network functions and their kind: VDU, VCU, UPF, AMF, SMF, NRF or OTHER'),
  dpdk_metrics: z
    .preprocess(
      splitText,
      z.array(z.string().regex(DPDK_METRIC, 'such as imissed=my_dpdk_rx_missed_total or label.port=port_id')),
    )
    .default([])
    .describe(
      'Metrics of the DPDK exporter of this site, as counter=metric; label.namespace, label.pod and label.port name its labels',
    ),
  collection_paused: flag.default(false).describe('Kill switch: asks no cluster anything; health checks go on'),
  spoke_max_rps: wholeNumber(1, 10_000)
    .default(50)
    .describe('Requests to one cluster in a second; more wait their turn'),
  spoke_max_parallel: wholeNumber(1, 1_000).default(10).describe('Requests to one cluster at a time'),
  fleet_max_parallel: wholeNumber(1, 10_000).default(256).describe('Requests to all clusters at a time'),
  spoke_hedging: flag
    .default(false)
    .describe('Sends a second request when the first takes longer than 95 % of its like did; the first answer counts'),
  answer_mb: wholeNumber(16, 65_536)
    .default(512)
    .describe('MiB for the answers of all clusters to one question; what comes when it is full is left out'),
  cache_mb: wholeNumber(0, 65_536)
    .default(64)
    .describe("MiB for clusters' answers that are served again; 0 keeps none"),
  alerts_kept_days: wholeNumber(1, 3650).default(90).describe('How long the history of alerts is kept'),
  watchdog_alerts: csv
    .default(['Watchdog'])
    .describe('Alerts that always fire; where one was seen and stays away, alerting is broken. Empty = none'),
  watchdog_required: flag.default(false).describe('Expect one in every cluster, also where none was ever seen'),
  watchdog_minutes: wholeNumber(1, 1440)
    .default(5)
    .describe('How long a watchdog, scrapes or deliveries have to be missing before that is an alert'),
  flapping_episodes: wholeNumber(1, 1000)
    .default(5)
    .describe('An alert that fires more often than this within flapping_minutes is flapping; its events are damped'),
  flapping_minutes: wholeNumber(1, 1440).default(30),
  query_guard: z
    .enum(['enforce', 'shadow', 'off'])
    .default('enforce')
    .describe('Refuses PromQL that would cost too much; shadow only counts what it would refuse'),
  query_max_samples: wholeNumber(1, MOST_SAMPLES)
    .default(DEFAULT_LIMITS.clusterSamples)
    .describe('Most samples that one query may read at one cluster'),
  query_fleet_max_samples: wholeNumber(1, MOST_SAMPLES)
    .default(DEFAULT_LIMITS.fleetSamples)
    .describe('The same over all clusters'),
  query_max_answer: wholeNumber(1, MOST_SAMPLES)
    .default(DEFAULT_LIMITS.clusterAnswer)
    .describe('Most samples in the answer of one cluster'),
  query_fleet_max_answer: wholeNumber(1, MOST_SAMPLES)
    .default(DEFAULT_LIMITS.fleetAnswer)
    .describe('The same over all clusters'),
  toolsets: toolsetList.default([]).describe('Toolsets that MCP clients are offered; empty = all'),
  air_gapped: flag.default(false).describe('Refuses a language model outside loopback and private networks'),
  llm_provider: z.enum(['none', 'openai-compatible']).optional(),
  llm_local_url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Base URL of an OpenAI-compatible server, such as vLLM'),
  llm_model: z.string().min(1).optional(),
  llm_api_key_file: z.string().min(1).optional(),
  otlp_endpoint: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('OTLP/HTTP endpoint for traces'),
  log_level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
});
export type Config = z.infer<typeof Config>;

export const ENV: Readonly<Record<keyof Config, string>> = {
  data_dir: 'AIOPS_DATA_DIR',
  host: 'AIOPS_HOST',
  port: 'AIOPS_PORT',
  metrics_port: 'AIOPS_METRICS_PORT',
  allowed_hosts: 'AIOPS_ALLOWED_HOSTS',
  allowed_origins: 'AIOPS_ALLOWED_ORIGINS',
  auth_mode: 'AIOPS_AUTH_MODE',
  database_url: 'DATABASE_URL',
  encryption_key_file: 'AIOPS_ENCRYPTION_KEY_FILE',
  credential_store: 'AIOPS_CREDENTIAL_STORE',
  kubernetes_namespace: 'AIOPS_KUBERNETES_NAMESPACE',
  kubernetes_secret_prefix: 'AIOPS_KUBERNETES_SECRET_PREFIX',
  kubernetes_api_url: 'AIOPS_KUBERNETES_API_URL',
  kubernetes_token_file: 'AIOPS_KUBERNETES_TOKEN_FILE',
  kubernetes_ca_file: 'AIOPS_KUBERNETES_CA_FILE',
  outbound_allow: 'AIOPS_OUTBOUND_ALLOW',
  outbound_deny: 'AIOPS_OUTBOUND_DENY',
  clusters_file: 'AIOPS_CLUSTERS_FILE',
  acm_hubs: 'AIOPS_ACM_HUBS',
  cnf_namespaces: 'AIOPS_CNF_NAMESPACES',
  dpdk_metrics: 'AIOPS_DPDK_METRICS',
  collection_paused: 'AIOPS_COLLECTION_PAUSED',
  spoke_max_rps: 'AIOPS_SPOKE_MAX_RPS',
  spoke_max_parallel: 'AIOPS_SPOKE_MAX_PARALLEL',
  fleet_max_parallel: 'AIOPS_FLEET_MAX_PARALLEL',
  spoke_hedging: 'AIOPS_SPOKE_HEDGING',
  answer_mb: 'AIOPS_ANSWER_MB',
  cache_mb: 'AIOPS_CACHE_MB',
  alerts_kept_days: 'AIOPS_ALERTS_KEPT_DAYS',
  watchdog_alerts: 'AIOPS_WATCHDOG_ALERTS',
  watchdog_required: 'AIOPS_WATCHDOG_REQUIRED',
  watchdog_minutes: 'AIOPS_WATCHDOG_MINUTES',
  flapping_episodes: 'AIOPS_FLAPPING_EPISODES',
  flapping_minutes: 'AIOPS_FLAPPING_MINUTES',
  query_guard: 'AIOPS_QUERY_GUARD',
  query_max_samples: 'AIOPS_QUERY_MAX_SAMPLES',
  query_fleet_max_samples: 'AIOPS_QUERY_FLEET_MAX_SAMPLES',
  query_max_answer: 'AIOPS_QUERY_MAX_ANSWER',
  query_fleet_max_answer: 'AIOPS_QUERY_FLEET_MAX_ANSWER',
  toolsets: 'AIOPS_TOOLSETS',
  air_gapped: 'AIOPS_AIR_GAPPED',
  llm_provider: 'LLM_PROVIDER',
  llm_local_url: 'LLM_LOCAL_URL',
  llm_model: 'LLM_MODEL',
  llm_api_key_file: 'LLM_API_KEY_FILE',
  otlp_endpoint: 'OTEL_EXPORTER_OTLP_ENDPOINT',
  log_level: 'LOG_LEVEL',
};

/** A wrong configuration. Its message is the one line that is shown before the process ends. */
export class ConfigError extends Error {}

export type EffectiveConfig = Config & { readonly auth_mode: 'none' | 'token'; readonly encryption_key_file: string };

/** Reads `aiops.yaml` (path in `AIOPS_CONFIG`) with the environment on top. Throws {@link ConfigError} naming what is wrong. */
export function loadConfig(env: NodeJS.ProcessEnv): EffectiveConfig {
  const merged: Record<string, unknown> = { ...readConfigFile(env['AIOPS_CONFIG']) };
  for (const [key, name] of Object.entries(ENV)) {
    const value = env[name] || fromSecretFile(env, name);
    if (value !== undefined && value !== '') merged[key] = value;
  }
  merged['database_url'] ??= postgresParts(env);
  const parsed = Config.safeParse(merged);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const key = issue?.code === 'unrecognized_keys' ? (issue.keys[0] ?? '') : String(issue?.path[0] ?? '');
    const name = Object.hasOwn(ENV, key) ? `${ENV[key as keyof Config]} (${key})` : key; // proof: hasOwn
    throw new ConfigError(
      `configuration: ${name}: ${issue?.code === 'unrecognized_keys' ? 'unknown setting' : issue?.message}`,
    );
  }
  return complete(parsed.data, env);
}

function complete(config: Config, env: NodeJS.ProcessEnv): EffectiveConfig {
  const loopback = isLoopback(config.host);
  const auth_mode = config.auth_mode ?? (loopback ? 'none' : 'token');
  if (auth_mode === 'none' && !loopback) {
    throw new ConfigError(
      `configuration: AIOPS_AUTH_MODE (auth_mode): none is allowed on loopback only, and AIOPS_HOST is ${config.host}; use token`,
    );
  }
  if (!loopback && config.allowed_hosts.length === 0) {
    throw new ConfigError(
      'configuration: AIOPS_ALLOWED_HOSTS (allowed_hosts): name the hosts that clients use, because AIOPS_HOST is not loopback',
    );
  }
  if (
    config.llm_provider === 'openai-compatible' &&
    (config.llm_local_url === undefined || config.llm_model === undefined)
  ) {
    throw new ConfigError(
      'configuration: LLM_PROVIDER (llm_provider): openai-compatible needs LLM_LOCAL_URL and LLM_MODEL',
    );
  }
  if (
    config.air_gapped &&
    config.llm_local_url !== undefined &&
    !isPrivateHost(new URL(config.llm_local_url).hostname)
  ) {
    throw new ConfigError(
      'configuration: LLM_LOCAL_URL (llm_local_url): air_gapped allows a model on loopback, a private address or a cluster-local name only',
    );
  }
  // Never beside the data: whoever copies the data folder must not get the key with it.
  const keyHome = env['XDG_CONFIG_HOME'] ?? path.join(homedir(), '.config');
  return {
    ...config,
    auth_mode,
    encryption_key_file: config.encryption_key_file ?? path.join(keyHome, 'aiops-nextgen', 'encryption.key'),
  };
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

const PRIVATE_RANGES = ['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '::1', 'fc00::/7'].flatMap(
  (text) => parseRange(text) ?? [],
);

/** A private or loopback address, or a name that only a local resolver knows. */
function isPrivateHost(host: string): boolean {
  const bytes = addressBytes(host);
  if (bytes) return PRIVATE_RANGES.some((range) => range.contains(bytes));
  return !host.includes('.') || /\.(?:svc|local|internal|localhost)$/.test(host);
}

function readConfigFile(file: string | undefined): Record<string, unknown> {
  if (file === undefined || file === '') return {};
  try {
    const content: unknown = parseYaml(readFileSync(file, 'utf8'));
    if (content === null || content === undefined) return {};
    if (typeof content !== 'object' || Array.isArray(content)) throw new Error('it must hold one mapping');
    // `key:` with nothing behind it is a setting that was left out.
    return Object.fromEntries(Object.entries(content).filter(([, value]) => value !== null));
  } catch (error) {
    throw new ConfigError(
      `configuration: AIOPS_CONFIG: cannot read ${file}: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`,
    );
  }
}

/** `NAME_FILE` names a file that holds the value of `NAME`. */
function fromSecretFile(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const file = name.endsWith('_FILE') ? undefined : env[`${name}_FILE`];
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new ConfigError(
      `configuration: ${name}_FILE: cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function postgresParts(env: NodeJS.ProcessEnv): string | undefined {
  const host = env['POSTGRES_HOST'];
  if (host === undefined || host === '') return undefined;
  const portText = env['POSTGRES_PORT'] || '5432';
  if (!/^\d{1,5}$/.test(portText) || Number(portText) > 65_535)
    throw new ConfigError(`configuration: POSTGRES_PORT: ${portText} is not a port`);
  const user = encodeURIComponent(env['POSTGRES_USER'] || 'aiops');
  const password = encodeURIComponent(env['POSTGRES_PASSWORD'] || fromSecretFile(env, 'POSTGRES_PASSWORD') || '');
  const database = encodeURIComponent(env['POSTGRES_DATABASE'] || 'aiops');
  const credentials = `${user}${password === '' ? '' : `:${password}`}`;
  // A path is the folder of a Unix socket; an IPv6 address stands in brackets.
  if (host.startsWith('/'))
    return `postgres://${credentials}@localhost:${portText}/${database}?host=${encodeURIComponent(host)}`;
  const url = `postgres://${credentials}@${host.includes(':') ? `[${host.replaceAll(/[[\]]/g, '')}]` : host}:${portText}/${database}`;
  if (!URL.canParse(url))
    throw new ConfigError(`configuration: POSTGRES_HOST: ${host} is not a host name, an address or a folder`);
  return url;
}

/** The effective configuration with the environment name of each key, secrets masked; for `aiops config check`. */
export function describeConfig(config: EffectiveConfig): { key: string; env: string; value: string }[] {
  return Object.entries(ENV).map(([key, env]) => {
    const value = config[key as keyof Config]; // proof: ENV has exactly the keys of Config
    const text = value === undefined ? '(not set)' : Array.isArray(value) ? value.join(',') || '(none)' : String(value);
    return { key, env, value: maskUrl(text) };
  });
}

/** A URL without what is secret in it: password, and the values of its parameters. Other text stays. */
function maskUrl(text: string): string {
  const url = text.includes('://') ? URL.parse(text) : null;
  if (!url) return text;
  if (url.password !== '') url.password = '***';
  for (const name of new Set(url.searchParams.keys())) if (name !== 'host') url.searchParams.set(name, '***');
  return url.href;
}

/** The environment of this process; the only place that reads it. */
export function environment(): NodeJS.ProcessEnv {
  return process.env;
}
