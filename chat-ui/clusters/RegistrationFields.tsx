import { Checkbox, Select, TextArea, TextInput } from '../components/Field.tsx';
import { words } from '../components/Status.tsx';
import { PLATFORM_WORDS } from './cluster-facts.ts';
import { CLUSTER_TYPES, ENVIRONMENTS } from './cluster-list.ts';
import { type ClusterForm, type EndpointForm, ENDPOINTS, type TlsForm } from './cluster-form.ts';

const PLATFORMS = ['OPENSHIFT', 'KUBERNETES', 'MICROSHIFT'] as const;

/** Everything that can be said of a cluster except its credentials. The name is fixed once it is registered. */
export function RegistrationFields(props: {
  form: ClusterForm;
  /** What is wrong, by the name of the field on the wire. */
  problems: ReadonlyMap<string, string>;
  isNew: boolean;
  onChange: (form: ClusterForm) => void;
}) {
  const { form, problems, isNew, onChange } = props;
  const set = (part: Partial<ClusterForm>) => onChange({ ...form, ...part });
  return (
    <>
      <fieldset class="form-group">
        <legend>Cluster</legend>
        {isNew && (
          <TextInput
            label="Name"
            required
            mono
            value={form.name}
            problem={problems.get('name')}
            hint="Metrics, links and scopes refer to it; it never changes."
            onValue={(name) => set({ name })}
          />
        )}
        <TextInput
          label="Display name"
          optional={isNew}
          value={form.display_name}
          problem={problems.get('display_name')}
          onValue={(display_name) => set({ display_name })}
        />
        <TextInput
          label="API server URL"
          required
          mono
          type="url"
          placeholder="https://api.example.com:6443"
          value={form.api_server_url}
          problem={problems.get('api_server_url')}
          onValue={(api_server_url) => set({ api_server_url })}
        />
        <div class="form-row">
          <Select
            label="Type"
            value={form.cluster_type}
            options={CLUSTER_TYPES.map((type) => [type, words(type)] as const)}
            onValue={(cluster_type) => set({ cluster_type })}
          />
          <Select
            label="Platform"
            value={form.platform}
            options={PLATFORMS.map((platform) => [platform, PLATFORM_WORDS[platform]] as const)}
            onValue={(platform) => set({ platform })}
          />
          <Select
            label="Environment"
            value={form.environment}
            options={ENVIRONMENTS.map((environment) => [environment, words(environment)] as const)}
            onValue={(environment) => set({ environment })}
          />
          <TextInput
            label="Region"
            optional
            value={form.region}
            problem={problems.get('region')}
            onValue={(region) => set({ region })}
          />
        </div>
        <TextArea
          label="Labels"
          optional
          rows={3}
          placeholder="team=core"
          hint="key=value, one a line"
          value={form.labels}
          problem={problems.get('labels')}
          onValue={(labels) => set({ labels })}
        />
      </fieldset>
      <fieldset class="form-group">
        <legend>Endpoints</legend>
        {ENDPOINTS.map(([key, label]) => (
          <EndpointFields
            key={key}
            id={key}
            path={`endpoints.${key}_url`}
            label={label}
            endpoint={form.endpoints[key]}
            problems={problems}
            onChange={(endpoint) => set({ endpoints: { ...form.endpoints, [key]: endpoint } })}
          />
        ))}
        <EndpointFields
          id="global_metrics"
          path="global_metrics.url"
          label="Metrics hub"
          endpoint={form.hub}
          problems={problems}
          onChange={(endpoint) => set({ hub: { ...form.hub, ...endpoint } })}
        />
        {form.hub.url.trim() !== '' && (
          <div class="form-row">
            <TextInput
              label="Cluster label at the hub"
              optional
              mono
              placeholder="cluster"
              value={form.hub.cluster_label}
              problem={problems.get('global_metrics.cluster_label')}
              onValue={(cluster_label) => set({ hub: { ...form.hub, cluster_label } })}
            />
            <TextInput
              label="Its value for this cluster"
              optional
              mono
              placeholder={form.name}
              value={form.hub.cluster_value}
              problem={problems.get('global_metrics.cluster_value')}
              hint="The hub is asked where there is no Prometheus URL, once for all its clusters."
              onValue={(cluster_value) => set({ hub: { ...form.hub, cluster_value } })}
            />
          </div>
        )}
      </fieldset>
      <fieldset class="form-group">
        <legend>Connection</legend>
        <TlsFields tls={form.tls} path="tls" problems={problems} onChange={(tls) => set({ tls })} />
        <Checkbox
          label="Let the server run commands in pods"
          hint="For what no exporter tells: nvidia-smi, dpdk-telemetry."
          checked={form.exec_enabled}
          onChecked={(exec_enabled) => set({ exec_enabled })}
        />
      </fieldset>
    </>
  );
}

function EndpointFields(props: {
  /** Its name among the `endpoint_options`. */
  id: string;
  /** The field of its URL on the wire. */
  path: string;
  label: string;
  endpoint: EndpointForm;
  problems: ReadonlyMap<string, string>;
  onChange: (endpoint: EndpointForm) => void;
}) {
  const { id, path, label, endpoint, problems, onChange } = props;
  const set = (part: Partial<EndpointForm>) => onChange({ ...endpoint, ...part });
  return (
    <div class="endpoint-fields">
      <TextInput
        label={`${label} URL`}
        optional
        mono
        type="url"
        value={endpoint.url}
        problem={problems.get(path)}
        onValue={(url) => set({ url })}
      />
      {endpoint.url.trim() !== '' && (
        <details class="more">
          <summary>
            Tenant and TLS<span class="sr-only"> of {label}</span>
          </summary>
          <TextInput
            label="Tenant"
            optional
            value={endpoint.tenant}
            problem={problems.get(`endpoint_options.${id}.tenant`)}
            hint="Sent as X-Scope-OrgID."
            onValue={(tenant) => set({ tenant })}
          />
          <Checkbox
            label="TLS rules of its own"
            hint="In place of those of the cluster."
            checked={endpoint.ownTls}
            onChecked={(ownTls) => set({ ownTls })}
          />
          {endpoint.ownTls && (
            <TlsFields
              tls={endpoint.tls}
              path={`endpoint_options.${id}.tls`}
              problems={problems}
              onChange={(tls) => set({ tls })}
            />
          )}
        </details>
      )}
    </div>
  );
}

function TlsFields(props: {
  tls: TlsForm;
  path: string;
  problems: ReadonlyMap<string, string>;
  onChange: (tls: TlsForm) => void;
}) {
  const { tls, path, problems, onChange } = props;
  return (
    <>
      <TextArea
        label="Certificate authority (PEM)"
        optional
        rows={3}
        file="Certificate authority from a file"
        hint="In place of the system's."
        value={tls.ca}
        problem={problems.get(`${path}.ca`)}
        onValue={(ca) => onChange({ ...tls, ca })}
      />
      <TextInput
        label="Server name"
        optional
        mono
        hint="When the certificate is made out to another name than the address has."
        value={tls.server_name}
        problem={problems.get(`${path}.server_name`)}
        onValue={(server_name) => onChange({ ...tls, server_name })}
      />
      <Checkbox
        label="Do not verify certificates"
        hint="Anyone on the way could then read and change what is sent, the credentials too."
        checked={tls.insecure_skip_verify}
        onChecked={(insecure_skip_verify) => onChange({ ...tls, insecure_skip_verify })}
      />
    </>
  );
}
