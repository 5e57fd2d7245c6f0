import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { ApiFailure } from '../api/failure.ts';
import { FailureFacts } from '../components/StateView.tsx';
import type { Suggestions } from './suggest.ts';

interface EditorProps {
  readonly label: string;
  readonly language: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly onRun: () => void;
  readonly placeholder: string;
  /** Why the query was refused, when it was; `details.position` is marked. */
  readonly refused: ApiFailure | undefined;
  /** The query that was refused: a mark in another text would point at nothing. */
  readonly refusedQuery: string;
  /** What could stand at the cursor; absent where nothing is known. */
  readonly suggest?: (text: string, cursor: number) => Promise<Suggestions | undefined>;
}

/** Suggestions drawn at once. */
const MOST_SHOWN = 12;

/** A query of one or more lines. Ctrl+Enter runs it; arrow keys and Enter take a suggestion; Esc closes the list. */
export function QueryEditor(props: EditorProps) {
  const { label, value, refused, refusedQuery } = props;
  const id = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  const [list, setList] = useState<Suggestions | undefined>(undefined);
  const [active, setActive] = useState(-1);
  const asked = useRef(0);
  const mark = refused && refusedQuery === value ? positionOf(refused) : undefined;
  const options = list?.words.slice(0, MOST_SHOWN) ?? [];

  useEffect(() => {
    if (mark === undefined) return;
    field.current?.focus();
    field.current?.setSelectionRange(mark, mark);
  }, [refused]);

  const close = () => {
    asked.current += 1;
    setList(undefined);
    setActive(-1);
  };
  const suggestFor = async (text: string, cursor: number) => {
    const mine = (asked.current += 1);
    const found = await props.suggest?.(text, cursor);
    if (asked.current !== mine) return; // something else was typed meanwhile
    setList(found && found.words.length > 0 ? found : undefined);
    setActive(-1);
  };
  const take = (word: string) => {
    if (!list) return;
    const text = value.slice(0, list.from) + word + value.slice(list.to);
    const cursor = list.from + word.length;
    props.onValue(text);
    close();
    requestAnimationFrame(() => field.current?.setSelectionRange(cursor, cursor));
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      close();
      props.onRun();
      return;
    }
    if (options.length === 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const chosen = options[active];
    if (event.key === 'ArrowDown') setActive((active + 1) % options.length);
    else if (event.key === 'ArrowUp') setActive((active <= 0 ? options.length : active) - 1);
    else if (event.key === 'Escape') close();
    else if ((event.key === 'Enter' || event.key === 'Tab') && chosen !== undefined) take(chosen);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div class="editor" data-invalid={refused !== undefined && refusedQuery === value}>
      <label class="sr-only" for={id}>
        {label}
      </label>
      <div class="editor-field">
        <pre class="editor-back" aria-hidden="true">
          {mark === undefined ? value : <Marked text={value} at={mark} />}
          {'\n'}
        </pre>
        <textarea
          id={id}
          ref={field}
          class="mono"
          rows={1}
          data-shortcut="/"
          placeholder={props.placeholder}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          aria-describedby={`${id}-help ${id}-problem`}
          aria-invalid={refused !== undefined && refusedQuery === value}
          aria-autocomplete="list"
          aria-controls={options.length > 0 ? `${id}-list` : undefined}
          aria-activedescendant={active >= 0 ? `${id}-${active}` : undefined}
          value={value}
          onInput={(event) => {
            const { value: text, selectionStart } = event.currentTarget;
            props.onValue(text);
            void suggestFor(text, selectionStart);
          }}
          onKeyDown={onKey}
          onBlur={close}
        />
      </div>
      {options.length > 0 && (
        <ul class="completions" role="listbox" id={`${id}-list`} aria-label={list?.what}>
          {options.map((word, n) => (
            <li
              key={word}
              id={`${id}-${n}`}
              role="option"
              aria-selected={n === active}
              class="foreign"
              onPointerDown={(event) => {
                event.preventDefault();
                take(word);
              }}
            >
              {word}
            </li>
          ))}
        </ul>
      )}
      <p class="sr-only" role="status">
        {list && `${list.words.length} ${list.what}; arrow keys choose`}
      </p>
      <p id={`${id}-help`} class="muted form-hint">
        {props.language}. <kbd>Ctrl</kbd> <kbd>Enter</kbd> runs it.
        {list && list.words.length > MOST_SHOWN && ` ${list.words.length} ${list.what}, the first ${MOST_SHOWN} shown.`}
      </p>
      <p id={`${id}-problem`} class="field-problem" role="alert">
        {refused && refusedQuery === value && (
          <>
            <span class="foreign">{refused.message}</span> <FailureFacts failure={refused} />
          </>
        )}
      </p>
    </div>
  );
}

/** The 0-based offset that the server found fault with. */
function positionOf({ details }: ApiFailure): number | undefined {
  const { position } = details;
  return typeof position === 'number' && Number.isInteger(position) && position >= 0 ? position : undefined;
}

/** The text with its wrong place marked: the word that begins there, or a blank at the end. */
function Marked({ text, at }: { text: string; at: number }) {
  const from = Math.min(at, text.length);
  const word = /^(?:[\w:]+|.)/.exec(text.slice(from))?.[0] ?? ' ';
  return (
    <>
      {text.slice(0, from)}
      <mark class="error-mark">{word}</mark>
      {text.slice(from + word.length)}
    </>
  );
}
