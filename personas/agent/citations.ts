/**
 * Answers cite evidence as `[E1]` or `[E1, E2]`. A citation is kept only when its evidence exists; an unknown one is taken
 * out of the text and remembered, so that the answer can say so.
 */
export interface CitationFilter {
  /** Text that may be shown now. A citation that is still incomplete is held back until its end arrives. */
  push(text: string): string;
  /** What was held back at the end of a step or of the answer. */
  end(): string;
  readonly unknown: ReadonlySet<string>;
  readonly cited: ReadonlySet<string>;
}

const CITATION = /^\[\s*(E\d{1,4}(?:\s*,\s*E\d{1,4})*)\s*\]/i;
const MAYBE_CITATION = /^\[[\sE\d,]{0,64}$/i;

/** `known` tells whether an id such as `E1` names evidence of this answer. */
export function createCitationFilter(known: (id: string) => boolean): CitationFilter {
  let held = '';
  const unknown = new Set<string>();
  const cited = new Set<string>();

  function settle(ids: string): string {
    const kept: string[] = [];
    for (const id of ids.toUpperCase().split(/\s*,\s*/)) {
      if (known(id)) kept.push(id);
      else unknown.add(id);
    }
    for (const id of kept) cited.add(id);
    return kept.length > 0 ? `[${kept.join(', ')}]` : '';
  }

  return {
    push(text) {
      const input = held + text;
      held = '';
      let out = '';
      let at = 0;
      for (;;) {
        const open = input.indexOf('[', at);
        if (open === -1) return out + input.slice(at);
        out += input.slice(at, open);
        // The longest thing that can still become a citation is short, so each look is bounded.
        const ahead = input.slice(open, open + 200);
        const match = CITATION.exec(ahead);
        if (match) {
          out += settle(match[1] ?? '');
          at = open + match[0].length;
        } else if (open + ahead.length === input.length && MAYBE_CITATION.test(ahead)) {
          held = ahead;
          return out;
        } else {
          out += '[';
          at = open + 1;
        }
      }
    },
    end() {
      const rest = held;
      held = '';
      return rest;
    },
    unknown,
    cited,
  };
}

/** The text without its citations, for answers of the past whose evidence is no longer at hand. */
export function withoutCitations(text: string): string {
  return text.replace(/ ?\[E\d{1,4}(?:, E\d{1,4})*\]/g, '');
}
