import { createCitationFilter } from './citations.ts';
import type { EventLog } from './event-log.ts';

/** The text of one answer while it is being written. Its content is what the deltas since the last reset add up to. */
export interface AnswerText {
  readonly content: string;
  readonly isEmpty: boolean;
  push(text: string): void;
  /** Ends a reply of the model: what follows starts a paragraph of its own. */
  endReply(): void;
  /** Voids everything written so far. */
  reset(reason: string): void;
  /** Remembers a remark of ours about the answer; {@link finish} writes it below the text. */
  note(sentence: string): void;
  /** Writes the remarks and the verdict on the citations. `expectCitations`: evidence was there to be cited. */
  finish(expectCitations: boolean): void;
}

export function createAnswerText(events: EventLog, knowsEvidence: (id: string) => boolean): AnswerText {
  let content = '';
  let filter = createCitationFilter(knowsEvidence);
  let paragraphDue = false;
  const notes: string[] = [];

  function write(text: string): void {
    if (text === '') return;
    const due = paragraphDue ? '\n\n' : '';
    paragraphDue = false;
    content += due + text;
    events.emit({ type: 'content_delta', text: due + text });
  }

  return {
    get content() {
      return content;
    },
    get isEmpty() {
      return content.trim() === '';
    },
    push: (text) => write(filter.push(text)),
    endReply() {
      write(filter.end());
      paragraphDue = content !== '';
    },
    reset(reason) {
      content = '';
      paragraphDue = false;
      filter = createCitationFilter(knowsEvidence);
      events.emit({ type: 'content_reset', reason });
    },
    note(sentence) {
      notes.push(sentence);
    },
    finish(expectCitations) {
      write(filter.end());
      if (filter.unknown.size > 0)
        notes.push(`Citations of evidence that does not exist were removed: ${[...filter.unknown].join(', ')}.`);
      else if (expectCitations && filter.cited.size === 0 && /\d/.test(content))
        notes.push('This answer cites no evidence; check it against the tool results.');
      if (notes.length === 0) return;
      paragraphDue = content !== '';
      write(notes.map((sentence) => `_${sentence}_`).join('\n\n'));
    },
  };
}
