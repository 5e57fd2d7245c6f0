import { Select, TextArea, TextInput } from '../components/Field.tsx';
import {
  AUTH_TYPES,
  type CredentialField,
  type CredentialsForm,
  ENDPOINT_TOKENS,
  fieldsOf,
  takesEndpointTokens,
} from './credentials-form.ts';

/** The fields of one kind of credentials. What is written here is sent once and never comes back. */
export function CredentialsFields(props: {
  form: CredentialsForm;
  /** What is wrong, by the name of the field on the wire. */
  problems: ReadonlyMap<string, string>;
  onChange: (form: CredentialsForm) => void;
}) {
  const { form, problems, onChange } = props;
  const one = (field: CredentialField) => (
    <One
      key={`${form.auth_type}.${field.name}`}
      field={field}
      value={form.values[field.name] ?? ''}
      problem={problems.get(field.name)}
      onValue={(value) => onChange({ ...form, values: { ...form.values, [field.name]: value } })}
    />
  );
  return (
    <>
      <Select
        label="Kind"
        value={form.auth_type}
        options={AUTH_TYPES}
        onValue={(auth_type) => onChange({ ...form, auth_type })}
      />
      {fieldsOf(form.auth_type).map(one)}
      {form.auth_type !== 'NONE' && (
        <TextInput
          label="Valid until"
          optional
          type="datetime-local"
          value={form.expires}
          problem={problems.get('expires_at')}
          hint="Taken from the token or the certificate when left out."
          onValue={(expires) => onChange({ ...form, expires })}
        />
      )}
      {takesEndpointTokens(form.auth_type) && (
        <details class="more">
          <summary>Tokens of single endpoints</summary>
          <p class="muted">
            For endpoints that take another token than the API server. Left out, the credentials above are used, over
            https only.
          </p>
          {ENDPOINT_TOKENS.map(one)}
        </details>
      )}
    </>
  );
}

function One(props: {
  field: CredentialField;
  value: string;
  problem: string | undefined;
  onValue: (value: string) => void;
}) {
  const { field, value, problem, onValue } = props;
  const common = {
    label: field.label,
    optional: !field.required,
    problem,
    value,
    onValue,
    ...(field.hint === undefined ? {} : { hint: field.hint }),
  };
  return field.kind === 'area' ? (
    <TextArea {...common} rows={5} file={`${field.label} from a file`} />
  ) : (
    <TextInput {...common} required={field.required} mono type={field.kind === 'secret' ? 'password' : 'text'} />
  );
}
