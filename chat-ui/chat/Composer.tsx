import { useLayoutEffect, useRef } from 'preact/hooks';
import { Icon } from '../components/Icon.tsx';
import type { Conversation } from './conversation.ts';

/** Cap of one question, in characters; the body of a chat request is capped at 64 KiB. */
const LONGEST = 8000;

/** The field stays editable while an answer runs: the next question can be written, and is sent when the answer is done. */
export function Composer({ conversation }: { conversation: Conversation }) {
  const field = useRef<HTMLTextAreaElement>(null);
  const running = conversation.running.value;
  const draft = conversation.draft.value;
  const sendable = !running && draft.trim() !== '';

  useLayoutEffect(() => {
    const element = field.current;
    if (!element) return;
    element.rows = 1;
    const line = Number.parseFloat(getComputedStyle(element).lineHeight) || 20;
    element.rows = Math.min(8, Math.max(1, Math.round((element.scrollHeight - 16) / line)));
  }, [draft]);

  function send(): void {
    if (!sendable) return;
    void conversation.ask(draft);
    field.current?.focus();
  }

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <label class="sr-only" for="composer">
        Your question
      </label>
      <textarea
        id="composer"
        ref={field}
        rows={1}
        maxLength={LONGEST}
        data-shortcut="/"
        placeholder="Ask about the fleet…"
        value={draft}
        onInput={(event) => (conversation.draft.value = event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
            event.preventDefault();
            send();
          } else if (event.key === 'Escape' && running) {
            conversation.stop();
          }
        }}
      />
      {/* Two buttons, never one that changes: a click on Stop must not end as a submit. */}
      {running ? (
        <button key="stop" type="button" class="button stop" onClick={conversation.stop}>
          <Icon name="stop" />
          Stop
        </button>
      ) : (
        <button
          key="ask"
          type="submit"
          class="button primary"
          aria-disabled={!sendable}
          title={sendable ? undefined : 'Write a question first'}
        >
          <Icon name="send" />
          Ask
        </button>
      )}
    </form>
  );
}
