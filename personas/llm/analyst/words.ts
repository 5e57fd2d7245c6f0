import { code } from './markdown.ts';
import type { Phrase, Question } from './question.ts';

/** Ends right before what a question leaves out: "except ", "not in the cluster ". */
export const NEGATED =
  /(?:\bexcept(?:ing)?|\bexcluding|\bexclude|\bwithout|\bnot|n't|\bnon|\bignoring|\bignore|\bbut|\bother than|\bbesides|\bapart from|\boutside|\bminus)[\s-]{1,9}(?:(?:for|in|on|of|from|the|any|clusters?|region)\s{1,9}){0,4}$/;

/** Words that change what the next one means, so that both are shown when they are not understood. */
const OPERATORS = wordSet(`
  except excepting excluding exclude without not non no ignoring ignore but other besides apart outside minus
  per by before after since until than more less above below under between least older newer ago same every
`);

/** Words that narrow nothing: the question around what is asked. Words with "in" or "of" narrow by what follows them. */
const FILLERS = wordSet(`
  a an the this that these those there here it its they them their is are was were be been being am do does did
  has have had having can could would will should shall may might s ll re ve m d i i'm i'd me my our us we you your
  please pls kindly thanks thank hi hello hey ok so well just only then also too and or plus tell give show list display
  find get fetch see look check know want like need let what what's whats which who who's whom whose where how how's
  many much any anything anyone some something all each everything everyone everywhere whole entire total altogether
  complete fleet cluster clusters of in on at for from with to across among within over about regarding as if
  now right currently current present presently moment still exactly actually really
`);

/** Words about time are no names. */
const TIMES = wordSet(`
  yesterday today tonight tomorrow morning afternoon evening night noon midnight monday tuesday wednesday thursday friday
  saturday sunday last past previous week month year day hour minute recently lately ever
`);

export function wordSet(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/).filter((word) => word !== ''));
}

/** A run of words that no rule has read. `name` is the word when it could be the name of something. */
interface Unread {
  readonly text: string;
  readonly name?: string;
}

const TOKEN = /[\p{L}\p{N}_](?:[\p{L}\p{N}_'.:/-]*[\p{L}\p{N}_])?/gu;
const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,98}[a-z0-9])$/;
const BEFORE_NAME =
  /\b(?:in|of|for|on|from|about|is|are|does|did|has|with)\s{1,9}(?:the\s{1,9}|my\s{1,9}|our\s{1,9})?$/;
const AFTER_NAME = /^\s{1,9}(?:alerts?|pods?|workload|deployment|service|memory|cpu|usage|healthy|ok|okay)\b/;

/**
 * What of the question neither a rule nor the playbook's own words account for. An answer that leaves such a word out
 * answers another question, so the reader is told.
 */
export function unreadOf(question: Question, read: readonly Phrase[], known: ReadonlySet<string>): Unread[] {
  const { words } = question;
  const runs: { start: number; end: number; count: number; endsInOperator: boolean }[] = [];
  let isOpen = false;
  for (const { 0: word, index: start } of words.matchAll(TOKEN)) {
    const end = start + word.length;
    const isUnread =
      !FILLERS.has(word) && !known.has(word) && !read.some((phrase) => phrase.start < end && start < phrase.end);
    const last = isOpen ? runs.at(-1) : undefined;
    const endsInOperator = isUnread && OPERATORS.has(word);
    if (last && (isUnread || last.endsInOperator)) Object.assign(last, { end, count: last.count + 1, endsInOperator });
    else if (isUnread) runs.push({ start, end, count: 1, endsInOperator });
    isOpen = isUnread;
  }
  return runs.map(({ start, end, count }) => {
    const text = words.slice(start, end);
    const stands =
      BEFORE_NAME.test(words.slice(Math.max(0, start - 40), start)) || AFTER_NAME.test(words.slice(end, end + 40));
    const isName =
      count === 1 && NAME.test(text) && /[a-z]/.test(text) && !OPERATORS.has(text) && !TIMES.has(text) && stands;
    return isName ? { text, name: text } : { text };
  });
}

/** Leads the answer, so that a wider answer cannot be taken for the one that was asked for. */
export function unreadLine(unread: readonly string[]): string {
  if (unread.length === 0) return '';
  const shown = unread.slice(0, 8).map((text) => code(text));
  const more = unread.length > shown.length ? ', …' : '';
  return `**I did not understand:** ${shown.join(', ')}${more}. What follows does not take it into account.`;
}
