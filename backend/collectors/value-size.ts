/** Rough cost of what V8 keeps for each thing, in bytes; meant to err on the high side. */
const OBJECT = 56;
const SLOT = 8;
const NUMBER = 16;
const STRING = 24;

/**
 * About how many bytes of memory a plain value takes. Stops as soon as that is more than `most`, and answers with what it had
 * counted by then, so that looking at a huge value costs no more than looking at one that is just too large.
 */
export function sizeOf(value: unknown, most: number): number {
  const open: unknown[] = [value];
  let bytes = 0;
  while (open.length > 0 && bytes <= most) {
    const next = open.pop();
    if (typeof next === 'string') bytes += STRING + next.length;
    else if (next === null || typeof next !== 'object') bytes += NUMBER;
    else if (Array.isArray(next)) {
      bytes += OBJECT + SLOT * next.length;
      for (const item of next) open.push(item);
    } else {
      bytes += OBJECT;
      for (const [key, item] of Object.entries(next)) {
        bytes += SLOT + key.length;
        open.push(item);
      }
    }
  }
  return bytes;
}
