/** Rough cost of what V8 keeps for each thing, in bytes; meant to err on the high side. */
const OBJECT = 56;
const SLOT = 8;
const NUMBER = 16;
const STRING = 24;
/** Of a longer list so many items stand for the rest: those of an answer are alike, and looking must cost little beside decoding. */
const SAMPLE = 32;
const MAX_DEPTH = 64;

/** About how many bytes of memory a plain value takes. What lies deeper than any answer of ours is not counted. */
export function sizeOf(value: unknown, depth = 0): number {
  if (typeof value === 'string') return STRING + value.length;
  if (value === null || typeof value !== 'object') return NUMBER;
  if (ArrayBuffer.isView(value)) return OBJECT + value.byteLength;
  if (depth > MAX_DEPTH) return OBJECT;
  if (!Array.isArray(value)) {
    return Object.entries(value).reduce(
      (sum, [key, item]) => sum + SLOT + key.length + sizeOf(item, depth + 1),
      OBJECT,
    );
  }
  const looked = Math.min(value.length, SAMPLE);
  let bytes = 0;
  for (let i = 0; i < looked; i += 1) bytes += sizeOf(value[Math.floor((i * value.length) / looked)], depth + 1);
  return OBJECT + value.length * SLOT + (looked === 0 ? 0 : (bytes * value.length) / looked);
}
