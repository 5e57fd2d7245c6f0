import { type AsciiSet, NONE, PRINTABLE, charsOf, includesAll } from './ascii-set.ts';
import { type RegexNode, parseRegex } from './regex-tree.ts';

/**
 * Which lengths of text a part of a regular expression matches whatever the text is made of, for texts over one alphabet. It is
 * a lower bound: what is said to match does, and some alternation of cleverly chosen literals may match more than is said.
 */
interface Coverage {
  /** Bit k: matches every text of k characters. */
  readonly lengths: number;
  /** Matches every text of at least so many characters; Infinity = no such number is known. */
  readonly from: number;
  /** Matches the text of this one character. */
  readonly single: AsciiSet;
}

/** Lengths that are followed one by one; catch-alls are shorter. */
const LENGTHS = 16;
const MASK = 2 ** LENGTHS - 1;
/** A pattern that leaves out only texts shorter than this catches all, for all purposes. */
const SHORT = 3;

/** Names of metrics are of these nearly always; `[a-z_]+` catches them all. */
const NAME_ALPHABET = charsOf('abcdefghijklmnopqrstuvwxyz_');

/**
 * Whether a regular expression, which Prometheus anchors at both ends, matches every text, or leaves out only the empty one and
 * ones of one or two characters. Decided on its syntax tree, so that `(.*)`, `.+.*`, `.*|x` and `[\s\S]+` are seen for what they are. Of
 * `name` texts only the letters of metric names count. Linear in the length of the expression. False for what is no RE2: its
 * server will refuse it.
 */
export function matchesEverything(regex: string, of: 'name' | 'value' = 'value'): boolean {
  const tree = parseRegex(regex);
  return tree !== undefined && coverageOf(tree, of === 'name' ? NAME_ALPHABET : PRINTABLE).from <= SHORT;
}

/** Whether it matches the empty text, as far as the tree tells. Such a matcher also takes series that lack the label. */
export function matchesEmpty(regex: string): boolean {
  const tree = parseRegex(regex);
  return tree !== undefined && nullable(coverageOf(tree, PRINTABLE));
}

function coverageOf(node: RegexNode, alphabet: AsciiSet): Coverage {
  const nothing: Coverage = { lengths: 0, from: Infinity, single: NONE };
  const empty: Coverage = { lengths: 1, from: Infinity, single: NONE };
  const within = (lengths: number, from: number, single: AsciiSet): Coverage =>
    settled({ lengths: includesAll(single, alphabet) ? lengths | 2 : lengths, from, single });

  /** `first` and `last`: nothing that takes a character stands before it, or behind it, so an anchor holds there. */
  function visit(part: RegexNode, first: boolean, last: boolean): Coverage {
    switch (part.kind) {
      case 'set':
        return within(0, Infinity, part.set);
      case 'begin':
        return first ? empty : nothing;
      case 'end':
        return last ? empty : nothing;
      case 'boundary':
        return nothing;
      case 'concat': {
        const { parts } = part;
        const lead = parts.findIndex((one) => !isPlace(one));
        const trail = parts.findLastIndex((one) => !isPlace(one));
        return parts
          .map((one, index) =>
            visit(one, first && (lead === -1 || index <= lead), last && (trail === -1 || index >= trail)),
          )
          .reduce(concat, empty);
      }
      case 'alternate':
        return part.parts.map((one) => visit(one, first, last)).reduce(either, nothing);
      case 'repeat':
        // Anchors within a repetition hold for its first and last turn at most; then they say nothing about the others.
        return repeat(visit(part.of, first && part.max === 1, last && part.max === 1), part.min, part.max);
      default:
        return part satisfies never;
    }
  }

  function concat(a: Coverage, b: Coverage): Coverage {
    let lengths = 0;
    for (let k = 0; k < LENGTHS; k += 1) if ((a.lengths & (1 << k)) !== 0) lengths |= (b.lengths << k) & MASK;
    const from = Math.min(a.from + shortest(b), shortest(a) + b.from);
    const single = (nullable(a) ? b.single : NONE) | (nullable(b) ? a.single : NONE);
    return within(lengths, from, single);
  }

  function either(a: Coverage, b: Coverage): Coverage {
    return within(a.lengths | b.lengths, Math.min(a.from, b.from), a.single | b.single);
  }

  function star(a: Coverage): Coverage {
    let sum = either(empty, a);
    // Each round doubles the number of turns; LENGTHS of them say all about the lengths that are followed.
    for (let turns = 1; turns < LENGTHS; turns *= 2) sum = concat(sum, sum);
    const step = shortest({ ...a, lengths: a.lengths & ~1, from: Math.max(a.from, 1) });
    // As many lengths in a row as the shortest turn is long: every longer one is one of these and some more turns.
    if (step < LENGTHS) {
      for (let k = 0; k + step <= LENGTHS; k += 1) {
        const run = ((1 << step) - 1) << k;
        if ((sum.lengths & run) === run) return settled({ ...sum, from: Math.min(sum.from, k) });
      }
    }
    return sum;
  }

  function power(a: Coverage, times: number): Coverage {
    let product = empty;
    const followed = Math.min(times, LENGTHS + 1);
    for (let turn = 0; turn < followed; turn += 1) product = concat(product, a);
    return times === followed ? product : { ...product, from: product.from + (times - followed) * shortest(a) };
  }

  function repeat(a: Coverage, min: number, max: number): Coverage {
    const required = power(a, min);
    return concat(required, max === Infinity ? star(a) : power(either(empty, a), max - min));
  }

  return visit(node, true, true);
}

function isPlace(node: RegexNode): boolean {
  if (node.kind === 'concat') return node.parts.every(isPlace);
  return node.kind === 'begin' || node.kind === 'end' || node.kind === 'boundary';
}

function nullable({ lengths }: Coverage): boolean {
  return (lengths & 1) !== 0;
}

function shortest({ lengths, from }: Coverage): number {
  const lowest = lengths === 0 ? Infinity : 31 - Math.clz32(lengths & -lengths);
  return Math.min(lowest, from);
}

/** Both ways of saying the same brought together: lengths from `from` on are covered, and `from` starts as low as they allow. */
function settled({ lengths, from, single }: Coverage): Coverage {
  let all = lengths;
  for (let k = from; k < LENGTHS; k += 1) all |= 1 << k;
  let low = from;
  while (low > 0 && low <= LENGTHS && (all & (1 << (low - 1))) !== 0) low -= 1;
  return { lengths: all, from: low, single };
}
