import type { Cluster, ClusterCreateInput, ClusterTls, ClusterUpdate } from '../../backend/model/cluster.ts';

export const ENDPOINTS = [
  ['prometheus', 'Prometheus'],
  ['alertmanager', 'Alertmanager'],
  ['loki', 'Loki'],
  ['tempo', 'Tempo'],
  ['korrel8r', 'Korrel8r'],
] as const;
export type EndpointKey = (typeof ENDPOINTS)[number][0];

export interface TlsForm {
  readonly ca: string;
  readonly server_name: string;
  readonly insecure_skip_verify: boolean;
}

export interface EndpointForm {
  readonly url: string;
  readonly tenant: string;
  /** Whether the endpoint has TLS rules of its own. */
  readonly ownTls: boolean;
  readonly tls: TlsForm;
}

/** A hub that holds the metrics of several clusters. */
export interface HubForm extends EndpointForm {
  readonly cluster_label: string;
  readonly cluster_value: string;
}

/** A registration as it is written into fields; everything is text that may yet be wrong. */
export interface ClusterForm {
  readonly name: string;
  readonly display_name: string;
  readonly api_server_url: string;
  readonly cluster_type: Cluster['cluster_type'];
  readonly platform: Cluster['platform'];
  readonly environment: Cluster['environment'];
  readonly region: string;
  /** `key=value`, one a line. */
  readonly labels: string;
  readonly tls: TlsForm;
  readonly endpoints: Readonly<Record<EndpointKey, EndpointForm>>;
  readonly hub: HubForm;
  readonly exec_enabled: boolean;
}

const NO_TLS: TlsForm = { ca: '', server_name: '', insecure_skip_verify: false };
const NO_ENDPOINT: EndpointForm = { url: '', tenant: '', ownTls: false, tls: NO_TLS };

export const EMPTY_FORM: ClusterForm = {
  name: '',
  display_name: '',
  api_server_url: '',
  cluster_type: 'SPOKE',
  platform: 'KUBERNETES',
  environment: 'DEVELOPMENT',
  region: '',
  labels: '',
  tls: NO_TLS,
  endpoints: {
    prometheus: NO_ENDPOINT,
    alertmanager: NO_ENDPOINT,
    loki: NO_ENDPOINT,
    tempo: NO_ENDPOINT,
    korrel8r: NO_ENDPOINT,
  },
  hub: { ...NO_ENDPOINT, cluster_label: '', cluster_value: '' },
  exec_enabled: false,
};

/** What can be edited of a registration. */
type Editable = Pick<
  Cluster,
  | 'display_name'
  | 'api_server_url'
  | 'cluster_type'
  | 'platform'
  | 'environment'
  | 'region'
  | 'labels'
  | 'tls'
  | 'endpoints'
  | 'endpoint_options'
  | 'global_metrics'
  | 'exec_enabled'
>;

export const FIELD_NAMES = {
  display_name: 'Display name',
  api_server_url: 'API server URL',
  cluster_type: 'Type',
  platform: 'Platform',
  environment: 'Environment',
  region: 'Region',
  labels: 'Labels',
  tls: 'TLS',
  endpoints: 'Endpoints',
  global_metrics: 'Metrics hub',
  endpoint_options: 'Options of endpoints',
  exec_enabled: 'Commands in pods',
} as const satisfies Record<keyof Editable, string>;

const EDITABLE = Object.keys(FIELD_NAMES) as (keyof Editable)[]; // proof: the keys of the constant above

export function formOf(cluster: Editable & { readonly name: string }): ClusterForm {
  const hub = cluster.global_metrics;
  const endpoint = (key: EndpointKey | 'global_metrics'): EndpointForm => {
    const options = cluster.endpoint_options[key];
    const url = key === 'global_metrics' ? hub?.url : cluster.endpoints[`${key}_url`];
    return {
      url: url ?? '',
      tenant: options?.tenant ?? '',
      ownTls: options?.tls !== undefined,
      tls: options?.tls === undefined ? NO_TLS : tlsForm(options.tls),
    };
  };
  return {
    name: cluster.name,
    display_name: cluster.display_name,
    api_server_url: cluster.api_server_url,
    cluster_type: cluster.cluster_type,
    platform: cluster.platform,
    environment: cluster.environment,
    region: cluster.region ?? '',
    labels: Object.entries(cluster.labels)
      .map(([key, value]) => `${key}=${value}`)
      .join('\n'),
    tls: tlsForm(cluster.tls),
    endpoints: {
      prometheus: endpoint('prometheus'),
      alertmanager: endpoint('alertmanager'),
      loki: endpoint('loki'),
      tempo: endpoint('tempo'),
      korrel8r: endpoint('korrel8r'),
    },
    hub: {
      ...endpoint('global_metrics'),
      cluster_label: hub?.cluster_label ?? '',
      cluster_value: hub?.cluster_value ?? '',
    },
    exec_enabled: cluster.exec_enabled,
  };
}

function tlsForm(tls: ClusterTls): TlsForm {
  return { ca: tls.ca ?? '', server_name: tls.server_name ?? '', insecure_skip_verify: tls.insecure_skip_verify };
}

function tlsOf({ ca, server_name, insecure_skip_verify }: TlsForm): ClusterTls {
  return {
    ...(ca.trim() === '' ? {} : { ca }),
    ...(server_name.trim() === '' ? {} : { server_name: server_name.trim() }),
    insecure_skip_verify,
  };
}

/** What the form says of everything that can be edited. */
function editableOf(form: ClusterForm): Editable {
  const endpoints: Cluster['endpoints'] = {};
  const endpoint_options: Cluster['endpoint_options'] = {};
  for (const [key] of ENDPOINTS) {
    const endpoint = form.endpoints[key];
    if (endpoint.url.trim() === '') continue;
    endpoints[`${key}_url`] = endpoint.url.trim();
    const options = optionsOf(endpoint);
    if (options) endpoint_options[key] = options;
  }
  const { hub } = form;
  const hubOptions = hub.url.trim() === '' ? undefined : optionsOf(hub);
  if (hubOptions) endpoint_options.global_metrics = hubOptions;
  return {
    display_name: form.display_name.trim() || form.name.trim(),
    api_server_url: form.api_server_url.trim(),
    cluster_type: form.cluster_type,
    platform: form.platform,
    environment: form.environment,
    region: form.region.trim() || null,
    labels: labelsOf(form.labels),
    tls: tlsOf(form.tls),
    endpoints,
    global_metrics:
      hub.url.trim() === ''
        ? null
        : {
            url: hub.url.trim(),
            cluster_label: hub.cluster_label.trim() || 'cluster',
            cluster_value: hub.cluster_value.trim() || form.name.trim(),
          },
    endpoint_options,
    exec_enabled: form.exec_enabled,
  };
}

function optionsOf({ tenant, ownTls, tls }: EndpointForm): { tenant?: string; tls?: ClusterTls } | undefined {
  if (tenant.trim() === '' && !ownTls) return undefined;
  return { ...(tenant.trim() === '' ? {} : { tenant: tenant.trim() }), ...(ownTls ? { tls: tlsOf(tls) } : {}) };
}

function labelsOf(text: string): Record<string, string> {
  const lines = text.split('\n').map((line) => line.trim());
  return Object.fromEntries(
    lines.filter(Boolean).map((line) => {
      const at = line.indexOf('=');
      return at < 0 ? [line, ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    }),
  );
}

export function createOf(form: ClusterForm): ClusterCreateInput {
  const { region, global_metrics, ...rest } = editableOf(form);
  return {
    name: form.name.trim(),
    ...rest,
    ...(global_metrics === null ? {} : { global_metrics }),
    ...(region === null ? {} : { region }),
  };
}

/** The fields in which the form differs from `cluster`; empty when nothing was changed. */
export function updateOf(form: ClusterForm, cluster: Editable & { readonly name: string }): ClusterUpdate {
  // Both by the way of the form, so that what a person cannot see (order, a slash at the end) is no change.
  const [before, after] = [editableOf(formOf(cluster)), editableOf(form)];
  return Object.fromEntries(EDITABLE.filter((key) => !same(before[key], after[key])).map((key) => [key, after[key]]));
}

export interface FieldChange {
  readonly field: keyof Editable;
  readonly before: string;
  readonly after: string;
}

/** What somebody else changed between two versions, in words. */
export function changesBetween(before: Editable, after: Editable): FieldChange[] {
  return EDITABLE.filter((field) => !same(before[field], after[field])).map((field) => ({
    field,
    before: inWords(before[field]),
    after: inWords(after[field]),
  }));
}

/** The form on top of `theirs`: what was changed here stays, everything else is theirs. */
export function rebase(form: ClusterForm, base: Cluster, theirs: Cluster): ClusterForm {
  const mine = Object.keys(updateOf(form, base));
  const edited = editableOf(form);
  const kept = Object.fromEntries(EDITABLE.filter((key) => mine.includes(key)).map((key) => [key, edited[key]]));
  return formOf({ ...theirs, ...kept });
}

function same(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

/** JSON with sorted keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, v: unknown) =>
    typeof v === 'object' && v !== null && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1)))
      : v,
  );
}

function inWords(value: Editable[keyof Editable]): string {
  if (value === null) return 'none';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return value;
  const text = Object.entries(value)
    .map(([key, v]) => `${key}=${typeof v === 'string' ? v : canonical(v)}`)
    .join(', ');
  return text === '' ? 'none' : text.length > 200 ? `${text.slice(0, 199)}…` : text;
}

const NAME = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;

/** What is wrong with the form as far as can be told here, by the name of the field on the wire. */
export function problemsOf(form: ClusterForm): Map<string, string> {
  const problems = new Map<string, string>();
  if (!NAME.test(form.name.trim()))
    problems.set('name', '3 to 63 characters: a–z, 0–9 and -, with a letter or digit at both ends');
  const api = form.api_server_url.trim();
  if (!isUrl(api, ['https:'])) problems.set('api_server_url', 'an address that begins with https://');
  for (const [key] of ENDPOINTS) {
    const url = form.endpoints[key].url.trim();
    if (url !== '' && !isUrl(url, ['https:', 'http:']))
      problems.set(`endpoints.${key}_url`, 'an address that begins with https:// or http://');
  }
  const hub = form.hub.url.trim();
  if (hub !== '' && !isUrl(hub, ['https:', 'http:']))
    problems.set('global_metrics.url', 'an address that begins with https:// or http://');
  const wrong = form.labels.split('\n').find((line) => line.trim() !== '' && line.indexOf('=') < 1);
  if (wrong !== undefined) problems.set('labels', `“${wrong.trim()}” is not key=value`);
  return problems;
}

function isUrl(text: string, protocols: readonly string[]): boolean {
  return URL.canParse(text) && protocols.includes(new URL(text).protocol);
}
