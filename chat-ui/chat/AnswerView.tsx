import { Shape } from '../components/Status.tsx';
import { FailureFacts, Retry } from '../components/StateView.tsx';
import { Markdown } from './Markdown.tsx';
import { evidenceAnchor, ToolCard } from './ToolCard.tsx';
import { durationText } from './tool-facts.ts';
import { type Answer, STREAM_LOST } from './turn.ts';

/** One answer: the tools it asked, its text with citations that lead to them, and how it ended. */
export function AnswerView({ answer, onReload }: { answer: Answer; onReload: () => void }) {
  const live = answer.status === 'STREAMING';
  return (
    <article
      class="turn answer"
      aria-label="Answer"
      aria-busy={live}
      aria-live="off"
      data-answer-status={answer.status}
    >
      <p class="answer-head">
        <Shape tone="ai" />
        <span class="tone-ai">{answer.offline ? 'Offline analyst' : 'AI answer'}</span>
        {answer.model !== undefined && !answer.offline && <span class="muted">{answer.model}</span>}
        {answer.latencyMs !== undefined && <span class="muted">{durationText(answer.latencyMs)}</span>}
      </p>
      {answer.tools.length > 0 && (
        <div class="tools">
          {answer.tools.map((run) => (
            <ToolCard key={run.call.id} run={run} answerKey={answer.key} live={live} />
          ))}
        </div>
      )}
      {answer.note !== undefined && <p class="answer-note muted">Begun anew: {answer.note}</p>}
      {answer.text !== '' && (
        <Markdown text={answer.text} cite={(id) => <Citation key={id} id={id} answer={answer} />} />
      )}
      {live && answer.text === '' && (
        <p class="muted working">
          {answer.tools.some((run) => !run.result) ? 'Asking the clusters' : 'Thinking'}
          <span class="dots" aria-hidden="true">
            …
          </span>
        </p>
      )}
      <End answer={answer} onReload={onReload} />
    </article>
  );
}

function Citation({ id, answer }: { id: string; answer: Answer }) {
  const run = answer.tools.find((tool) => tool.result?.evidence === id);
  if (!run)
    return (
      <span class="citation-missing" title="No evidence of this id belongs to this answer">
        [{id}]
      </span>
    );
  const anchor = evidenceAnchor(answer.key, id);
  return (
    <a
      class="citation"
      href={`#${anchor}`}
      title={`Evidence ${id}: ${run.call.name}`}
      onClick={(event) => showEvidence(event, anchor)}
    >
      {id}
    </a>
  );
}

/** Opens the card a citation leads to; the address stays the conversation's. */
function showEvidence(event: MouseEvent, anchor: string): void {
  const card = document.getElementById(anchor);
  if (!(card instanceof HTMLDetailsElement)) return;
  event.preventDefault();
  card.open = true;
  card.scrollIntoView({ block: 'nearest' });
  card.querySelector('summary')?.focus({ preventScroll: true });
}

function End({ answer, onReload }: { answer: Answer; onReload: () => void }) {
  if (answer.status === 'FAILED' && answer.error) {
    return (
      <div class="answer-end failed" role="alert">
        <Shape tone="critical" />
        <span>
          {answer.error.message} <FailureFacts failure={answer.error} />
        </span>
        {answer.error.code === STREAM_LOST && <Retry onRetry={onReload} label="Load what was stored" />}
      </div>
    );
  }
  if (answer.status === 'STOPPED') return <p class="answer-end muted">You stopped this answer; it is not complete.</p>;
  if (answer.status === 'INCOMPLETE')
    return <p class="answer-end muted">This answer ended early and is not complete.</p>;
  return null;
}
