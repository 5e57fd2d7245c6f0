import {
  type AsciiSet,
  ALL,
  DIGITS,
  NONE,
  POSIX,
  SPACE,
  WORD,
  complement,
  foldCase,
  rangeOf,
  unicodeClass,
} from './ascii-set.ts';

/** The tree of a regular expression, as far as it matters which ASCII texts match. */
export type RegexNode =
  /** One character of the set. */
  | { readonly kind: 'set'; readonly set: AsciiSet }
  /** A place, not a character. */
  | { readonly kind: 'begin' | 'end' | 'boundary' }
  | { readonly kind: 'concat' | 'alternate'; readonly parts: readonly RegexNode[] }
  /** `max` is Infinity where there is none. */
  | { readonly kind: 'repeat'; readonly of: RegexNode; readonly min: number; readonly max: number };

/** RE2 nests no deeper and repeats no more often (its `maxHeight` and `{n,m}` limits). */
const MAX_DEPTH = 1000;
const MAX_REPEAT = 1000;

class NotRe2 extends Error {}

/**
 * Parses the syntax of RE2 (github.com/google/re2/wiki/Syntax), which Prometheus and its kin use for `=~`. Undefined for what
 * is not RE2, such as look-around and back-references. Time and memory are linear in the text.
 */
export function parseRegex(source: string): RegexNode | undefined {
  try {
    return new Parser(Array.from(source)).whole();
  } catch (error) {
    if (error instanceof NotRe2) return undefined;
    throw error;
  }
}

class Parser {
  readonly #chars: readonly string[];
  #at = 0;
  #depth = 0;
  #foldsCase = false;

  constructor(chars: readonly string[]) {
    this.#chars = chars;
  }

  whole(): RegexNode {
    const node = this.#alternation();
    if (this.#at < this.#chars.length) throw new NotRe2(); // a `)` too many
    return node;
  }

  #alternation(): RegexNode {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new NotRe2();
    const parts = [this.#sequence()];
    while (this.#take('|')) parts.push(this.#sequence());
    this.#depth -= 1;
    const [only] = parts;
    return parts.length === 1 && only ? only : { kind: 'alternate', parts };
  }

  #sequence(): RegexNode {
    const parts: RegexNode[] = [];
    for (let next = this.#peek(); next !== undefined && next !== '|' && next !== ')'; next = this.#peek()) {
      const atom = this.#atom();
      parts.push(...(atom === undefined ? [] : [this.#repeated(atom)]));
    }
    return { kind: 'concat', parts };
  }

  /** Undefined for what stands for nothing, such as `(?i)`. */
  #atom(): RegexNode | undefined {
    const char = this.#next();
    switch (char) {
      case '(':
        return this.#group();
      case '[':
        return { kind: 'set', set: this.#class() };
      case '.':
        // Prometheus compiles with (?s) from 3.0 on; before, a line break is all that is missing.
        return { kind: 'set', set: ALL };
      case '^':
        return { kind: 'begin' };
      case '$':
        return { kind: 'end' };
      case '\\':
        return this.#escape();
      case '*':
      case '+':
      case '?':
        throw new NotRe2(); // nothing to repeat
      default:
        return this.#literal(char);
    }
  }

  #group(): RegexNode | undefined {
    const outer = this.#foldsCase;
    if (this.#take('?')) {
      const named = this.#take('P') ? this.#take('<') : this.#peek() === '<' && this.#take('<');
      if (named) {
        const name = this.#until('>');
        if (!/^\w+$/.test(name)) throw new NotRe2(); // (?<= and (?<! end here
      } else if (!this.#take(':') && this.#flags()) {
        return undefined; // (?i) holds to the end of the group around it
      }
    }
    const inner = this.#alternation();
    if (!this.#take(')')) throw new NotRe2();
    this.#foldsCase = outer;
    return inner;
  }

  /** Reads `flags)` or `flags:`; true for the first. */
  #flags(): boolean {
    let on = true;
    for (;;) {
      const flag = this.#next();
      if (flag === ')') return true;
      if (flag === ':') return false;
      if (flag === '-') on = false;
      else if (flag === 'i') this.#foldsCase = on;
      else if (flag !== 's' && flag !== 'm' && flag !== 'U') throw new NotRe2();
    }
  }

  #repeated(atom: RegexNode): RegexNode {
    let node = atom;
    for (let times = 0; ; times += 1) {
      const bounds = this.#bounds();
      if (!bounds) return node;
      if (times > 0) throw new NotRe2(); // `a**` is an error of Go's parser
      node = { kind: 'repeat', of: node, min: bounds.min, max: bounds.max };
      this.#take('?'); // matching lazily matches the same
    }
  }

  #bounds(): { min: number; max: number } | undefined {
    if (this.#take('*')) return { min: 0, max: Infinity };
    if (this.#take('+')) return { min: 1, max: Infinity };
    if (this.#take('?')) return { min: 0, max: 1 };
    if (this.#peek() !== '{') return undefined;
    // A `{` that is no repetition is a character.
    const text = this.#chars.slice(this.#at, this.#at + 12).join('');
    const [whole, low = '', comma, high = ''] = /^\{(\d{1,4})(,(\d{0,4}))?\}/.exec(text) ?? [];
    if (whole === undefined) return undefined;
    this.#at += whole.length;
    const min = Number(low);
    const max = comma === undefined ? min : high === '' ? Infinity : Number(high);
    if (min > MAX_REPEAT || (max !== Infinity && max > MAX_REPEAT) || max < min) throw new NotRe2();
    return { min, max };
  }

  #escape(): RegexNode | undefined {
    const char = this.#peek();
    if (char === 'A') return this.#place('begin');
    if (char === 'z') return this.#place('end');
    if (char === 'b' || char === 'B') return this.#place('boundary');
    if (char === 'Q') return this.#quoted();
    const set = this.#escapedClass();
    if (set !== undefined) return { kind: 'set', set };
    return this.#literalCode(this.#escapedCode());
  }

  #place(kind: 'begin' | 'end' | 'boundary'): RegexNode {
    this.#at += 1;
    return { kind };
  }

  /** `\Q…\E`; without an end it holds to the end. */
  #quoted(): RegexNode {
    this.#at += 1;
    const parts: RegexNode[] = [];
    while (this.#at < this.#chars.length) {
      if (this.#peek() === '\\' && this.#chars[this.#at + 1] === 'E') {
        this.#at += 2;
        break;
      }
      parts.push(this.#literal(this.#next()));
    }
    return { kind: 'concat', parts };
  }

  #class(): AsciiSet {
    const negated = this.#take('^');
    let set = NONE;
    for (let first = true; first || this.#peek() !== ']'; first = false) set |= this.#classPart();
    this.#at += 1;
    if (this.#foldsCase) set = foldCase(set);
    return negated ? complement(set) : set;
  }

  #classPart(): AsciiSet {
    const posix = this.#peek() === '[' && this.#chars[this.#at + 1] === ':' ? this.#posix() : undefined;
    if (posix !== undefined) return posix;
    const low = this.#classItem();
    if (typeof low !== 'number') return low.set;
    const isRange = this.#peek() === '-' && this.#chars[this.#at + 1] !== ']';
    if (!isRange) return rangeOf(low, low);
    this.#at += 1;
    const high = this.#classItem();
    if (typeof high !== 'number' || high < low) throw new NotRe2();
    return rangeOf(low, high);
  }

  #classItem(): number | { readonly set: AsciiSet } {
    const char = this.#next();
    if (char !== '\\') return codeOf(char);
    const set = this.#escapedClass();
    return set === undefined ? this.#escapedCode() : { set };
  }

  #posix(): AsciiSet | undefined {
    const text = this.#chars.slice(this.#at, this.#at + 12).join('');
    const [whole, not, name = ''] = /^\[:(\^?)([a-z]+):\]/.exec(text) ?? [];
    if (whole === undefined) return undefined; // `[` and `:` are characters like others
    const set = Object.hasOwn(POSIX, name) ? POSIX[name] : undefined;
    if (set === undefined) throw new NotRe2();
    this.#at += whole.length;
    return not === '^' ? complement(set) : set;
  }

  /** `\d`, `\pL`, `\P{Greek}` and so on, behind the backslash; undefined when it is something else. */
  #escapedClass(): AsciiSet | undefined {
    const char = this.#peek() ?? '';
    const perl = { d: DIGITS, s: SPACE, w: WORD }[char.toLowerCase()];
    if (perl !== undefined) {
      this.#at += 1;
      return char === char.toLowerCase() ? perl : complement(perl);
    }
    if (char !== 'p' && char !== 'P') return undefined;
    this.#at += 1;
    const braced = this.#take('{') ? this.#until('}') : this.#next();
    const name = braced.replace(/^\^/, '');
    const set = unicodeClass(name);
    if (set === undefined) throw new NotRe2();
    return (char === 'P') !== (name !== braced) ? complement(set) : set;
  }

  /** The character that an escape stands for, behind the backslash. */
  #escapedCode(): number {
    const char = this.#next();
    const control = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 }[char];
    if (control !== undefined) return control;
    if (char === 'x') {
      const hex = this.#take('{') ? this.#until('}') : this.#next() + this.#next();
      const code = /^[0-9a-fA-F]{1,8}$/.test(hex) ? Number.parseInt(hex, 16) : Infinity;
      if (code > 0x10_ff_ff) throw new NotRe2();
      return code;
    }
    if (/^[0-7]$/.test(char)) {
      const more = /^[0-7]{0,2}/.exec(this.#chars.slice(this.#at, this.#at + 2).join(''))?.[0] ?? '';
      if (char !== '0' && more.length === 0) throw new NotRe2(); // \1 would be a back-reference
      this.#at += more.length;
      return Number.parseInt(char + more, 8);
    }
    if (/^[A-Za-z89]$/.test(char)) throw new NotRe2();
    return codeOf(char);
  }

  #literal(char: string): RegexNode {
    return this.#literalCode(codeOf(char));
  }

  #literalCode(code: number): RegexNode {
    const set = rangeOf(code, code);
    return { kind: 'set', set: this.#foldsCase ? foldCase(set) : set };
  }

  #peek(): string | undefined {
    return this.#chars[this.#at];
  }

  #next(): string {
    const char = this.#chars[this.#at];
    if (char === undefined) throw new NotRe2();
    this.#at += 1;
    return char;
  }

  #take(char: string): boolean {
    if (this.#peek() !== char) return false;
    this.#at += 1;
    return true;
  }

  #until(end: string): string {
    const from = this.#at;
    while (this.#next() !== end);
    return this.#chars.slice(from, this.#at - 1).join('');
  }
}

function codeOf(char: string): number {
  return char.codePointAt(0) ?? 0;
}
