import { notDecomposable } from './refusals.ts';

/** A regular expression of a query that runs here, on whole texts. */
export interface SafePattern {
  /** Throws QUERY_REFUSED when all its texts together have become too much work. */
  exec(text: string): RegExpExecArray | null;
}

/** A repeated group can take JavaScript's engine exponential time; RE2, which Prometheus uses, cannot. */
const REPEATED_GROUP = /\)[*+{]/;
/** What JavaScript does not know or reads differently: letters after a backslash (`\s` among them), groups, classes. */
const FOREIGN = /\\(?![dDwWtnrfvbB])[A-Za-z0-9]|\(\?[^:<]|\(\?<[=!]|\[\[:|\[\^?\]/;
const MAX_REPEATS = 3;
/** Steps over all texts of one question, each of which is some nanoseconds. */
const MAX_STEPS = 2_000_000_000;

/**
 * A query's regular expression, made ready to run here: the patterns that people write, and no other. Throws QUERY_REFUSED for those
 * that JavaScript reads differently from RE2 or that could run away.
 */
export function safePattern(regex: string, at: number): SafePattern {
  const body = regex.replace(/^\(\?i\)/, '').replaceAll('(?P<', '(?<');
  if (FOREIGN.test(body) || REPEATED_GROUP.test(body)) throw refused(at);
  const { repeats, choices } = ambiguityOf(body);
  if (repeats > MAX_REPEATS) throw refused(at);
  const compiled = compile(body, regex.startsWith('(?i)') ? 'i' : '', at);
  // Series share label values, so most texts come more than once.
  const known = new Map<string, RegExpExecArray | null>();
  let steps = 0;
  return {
    exec: (text) => {
      const before = known.get(text);
      if (before !== undefined) return before;
      // A text can be split among so many repeats in about length^repeats ways, all of which are tried where none fits.
      steps += choices * Math.max(1, text.length) ** Math.max(1, repeats);
      if (steps > MAX_STEPS) throw refused(at);
      const match = compiled.exec(text);
      known.set(text, match);
      return match;
    },
  };
}

/** Upper bounds, without groups that repeat: how many parts take a length of their own, and how many ways the rest can be taken. */
function ambiguityOf(body: string): { repeats: number; choices: number } {
  const plain = body.replaceAll(/\\./g, 'x').replaceAll(/\[[^\]]*\]/g, 'x');
  const count = (pattern: RegExp): number => plain.match(pattern)?.length ?? 0;
  const [optional, bars, groups] = [count(/(?<![(*+?}])\?/g), count(/\|/g), count(/\(/g)];
  return { repeats: count(/[*+]|\{\d*,/g), choices: 2 ** optional * (1 + bars) ** (bars === 0 ? 0 : groups) };
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
