import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import { Icon } from '../components/Icon.tsx';
import { AnswerView } from './AnswerView.tsx';
import { completeSentences, type Turn } from './turn.ts';

/** Within this many px of the end counts as being at the end. */
const NEAR_PX = 48;

/** The turns of a conversation. Follows what is written only while the reader is at the end; reads sentences aloud, not letters. */
export function ChatLog({
  turns,
  onReload,
  children,
}: {
  turns: readonly Turn[];
  onReload: () => void;
  children?: ComponentChildren;
}) {
  const box = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const [away, setAway] = useState(false);

  useLayoutEffect(() => {
    if (follows.current) toEnd();
  }, [turns]);

  function toEnd(): void {
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  }

  function onScroll(): void {
    const element = box.current;
    if (!element) return;
    follows.current = element.scrollHeight - element.scrollTop - element.clientHeight <= NEAR_PX;
    setAway(!follows.current);
  }

  return (
    <div class="log-frame">
      <div class="log" ref={box} onScroll={onScroll} role="log" aria-label="Conversation" aria-live="off" tabIndex={0}>
        <div class="log-column">
          {children}
          {turns.map((turn) =>
            turn.role === 'USER' ? (
              <article key={turn.key} class="turn question" aria-label="Question">
                <p>{turn.text}</p>
              </article>
            ) : (
              <AnswerView key={turn.key} answer={turn} onReload={onReload} />
            ),
          )}
        </div>
      </div>
      {away && (
        <button type="button" class="button to-end" onClick={() => (toEnd(), box.current?.focus())}>
          <Icon name="down" />
          Latest
        </button>
      )}
      <Announcer turns={turns} />
    </div>
  );
}

/** Says complete sentences of the answer that is being written, each once. */
function Announcer({ turns }: { turns: readonly Turn[] }) {
  const [said, setSaid] = useState('');
  const place = useRef({ key: '', length: 0 });
  const last = turns.at(-1);
  useEffect(() => {
    if (last?.role !== 'ASSISTANT') return;
    const live = last.status === 'STREAMING';
    if (place.current.key !== last.key) {
      // A stored conversation is not read out when it is opened; only what is written while it is open.
      place.current = { key: last.key, length: live ? 0 : last.text.length };
    }
    if (last.text.length < place.current.length) place.current.length = 0;
    const sentences = live ? completeSentences(last.text, place.current.length) : last.text.slice(place.current.length);
    if (sentences === '') return;
    place.current.length += sentences.length;
    setSaid(sentences);
  }, [last]);
  return (
    <p class="sr-only" aria-live="polite">
      {said}
    </p>
  );
}
