import { notDecomposable } from './refusals.ts';

/** A regular expression of a query that runs here, on whole texts. */
export interface SafePattern {
  /** Throws QUERY_REFUSED when all its texts together have become too much work. */
  exec(text: string): RegExpExecArray | null;
}

/** A quantified group whose inside repeats can take JavaScript's engine exponential time; RE2, which Prometheus uses, cannot. */
const NESTED_REPEAT = /[*+}]\)?[*+{]|\([^()]*[*+}|][^()]*\)[*+{]/;
/** What JavaScript does not know or reads differently: letters after a backslash (`\s` among them), groups, classes. */
const FOREIGN = /\\(?![dDwWtnrfvbB])[A-Za-z0-9]|\(\?[^:<]|\(\?<[=!]|\[\[:|\[\^?\]/;
const MAX_REPEATS = 3;
/** Steps over all texts of one question, each of which is some nanoseconds. */
const MAX_STEPS = 500_000_000;

/**
 * A query's regular expression, made ready to run here: the patterns that people write, and no other. Throws QUERY_REFUSED for those
 * that JavaScript reads differently from RE2 or that could run away.
 */
export function safePattern(regex: string, at: number): SafePattern {
  const body = regex.replace(/^\(\?i\)/, '').replaceAll('(?P<', '(?<');
  const repeats = body.match(/[*+]|\{\d+,\}/g)?.length ?? 0;
  if (FOREIGN.test(body) || NESTED_REPEAT.test(body) || repeats > MAX_REPEATS) throw refused(at);
  const compiled = compile(body, regex.startsWith('(?i)') ? 'i' : '', at);
  let steps = 0;
  return {
    exec: (text) => {
      // A text can be split among so many repeats in about length^repeats ways, all of which are tried where none fits.
      steps += Math.max(1, text.length) ** Math.max(1, repeats);
      if (steps > MAX_STEPS) throw refused(at);
      return compiled.exec(text);
    },
  };
}

function compile(body: string, flags: string, at: number): RegExp {
  try {
    return new RegExp(`^(?:${body})$`, flags);
  } catch {
    throw refused(at);
  }
}

function refused(at: number): Error {
  return notDecomposable('this regular expression would have to run here, which only simple ones may', at);
}
