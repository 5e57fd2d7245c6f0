import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface FieldProps {
  readonly label: string;
  readonly hint?: ComponentChildren;
  /** What is wrong with the value; read out with the field. */
  readonly problem?: string | undefined;
  readonly optional?: boolean;
}

interface Described {
  readonly id: string;
  readonly 'aria-describedby': string;
  readonly 'aria-invalid': boolean;
}

/** A label above its field, what to write below it, and what is wrong with it. */
export function Field(props: FieldProps & { children: (described: Described) => ComponentChildren }) {
  const { label, hint, problem, optional = false, children } = props;
  const id = useId();
  return (
    <div class="form-field" data-invalid={problem !== undefined}>
      <label class="form-label" for={id}>
        {label}
        {optional && <span class="muted"> optional</span>}
      </label>
      {children({ id, 'aria-describedby': `${id}-hint ${id}-problem`, 'aria-invalid': problem !== undefined })}
      <p id={`${id}-hint`} class="muted form-hint">
        {hint}
      </p>
      <p id={`${id}-problem`} class="field-problem" role="alert">
        {problem}
      </p>
    </div>
  );
}

type InputProps = FieldProps & {
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly type?: 'text' | 'url' | 'password' | 'datetime-local';
  readonly placeholder?: string;
  readonly mono?: boolean;
  readonly required?: boolean;
};

/** One line of text. Nothing that is written here is remembered or corrected by the browser. */
export function TextInput({ value, onValue, type = 'text', placeholder, mono = false, required, ...rest }: InputProps) {
  return (
    <Field {...rest}>
      {(described) => {
        const common: InputAttributes = {
          ...described,
          class: mono ? 'field mono' : 'field',
          'aria-required': required ?? false,
          autocomplete: 'off',
          autocapitalize: 'off',
          spellcheck: false,
          value,
          onInput: (event) => onValue(event.currentTarget.value),
        };
        if (type === 'password') return <input {...common} type="password" />;
        if (type === 'datetime-local') return <input {...common} type="datetime-local" />;
        return <input {...common} type="text" inputMode={type} placeholder={placeholder} />;
      }}
    </Field>
  );
}

/** What inputs of every type have. */
type InputAttributes = Described & {
  readonly class: string;
  readonly 'aria-required': boolean;
  readonly autocomplete: 'off';
  readonly autocapitalize: 'off';
  readonly spellcheck: boolean;
  readonly value: string;
  readonly onInput: (event: { readonly currentTarget: HTMLInputElement }) => void;
};

type AreaProps = FieldProps & {
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly rows?: number;
  readonly placeholder?: string;
  /** Lets the text be read from a file, which the browser reads by itself. */
  readonly file?: string;
};

export function TextArea({ value, onValue, rows = 4, placeholder, file, ...rest }: AreaProps) {
  return (
    <Field {...rest}>
      {(described) => (
        <>
          <textarea
            {...described}
            class="field mono"
            rows={rows}
            placeholder={placeholder}
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            value={value}
            onInput={(event) => onValue(event.currentTarget.value)}
          />
          {file !== undefined && (
            <input
              class="file"
              type="file"
              aria-label={file}
              onChange={(event) => {
                const chosen = event.currentTarget.files?.[0];
                void chosen?.text().then(onValue, () => onValue(''));
              }}
            />
          )}
        </>
      )}
    </Field>
  );
}

export function Select<T extends string>(
  props: FieldProps & {
    readonly value: T;
    readonly options: readonly (readonly [T, string])[];
    readonly onValue: (value: T) => void;
  },
) {
  const { value, options, onValue, ...rest } = props;
  return (
    <Field {...rest}>
      {(described) => (
        <select
          {...described}
          class="field"
          value={value}
          onChange={(event) => {
            const chosen = options.find(([option]) => option === event.currentTarget.value);
            if (chosen) onValue(chosen[0]);
          }}
        >
          {options.map(([option, text]) => (
            <option key={option} value={option}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export function Checkbox(props: {
  readonly label: string;
  readonly hint?: ComponentChildren;
  readonly checked: boolean;
  readonly onChecked: (checked: boolean) => void;
}) {
  const id = useId();
  return (
    <div class="form-field">
      <label class="form-check">
        <input
          type="checkbox"
          checked={props.checked}
          aria-describedby={id}
          onChange={(event) => props.onChecked(event.currentTarget.checked)}
        />
        {props.label}
      </label>
      <p id={id} class="muted form-hint">
        {props.hint}
      </p>
    </div>
  );
}
