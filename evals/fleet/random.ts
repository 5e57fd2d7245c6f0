/**
 * A number in [0, 1) that depends on nothing but the parts: FNV-1a over their text, mixed by the finaliser of MurmurHash3
 * (Appleby 2008). Order and boundaries of the parts count.
 */
export function unit(...parts: readonly (string | number)[]): number {
  let hash = 0x811c9dc5;
  for (const part of parts) {
    const text = String(part);
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    hash = Math.imul(hash ^ 0xff, 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 0x1_0000_0000;
}

/** A number in [low, high) that depends on nothing but the bounds and the parts. */
export function between(low: number, high: number, ...parts: readonly (string | number)[]): number {
  return low + (high - low) * unit(...parts);
}

const NAME_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** `length` characters as Kubernetes puts them into generated names (no vowels, no look-alikes). */
export function nameSuffix(length: number, ...parts: readonly (string | number)[]): string {
  let text = '';
  for (let i = 0; i < length; i++) {
    text += NAME_ALPHABET.charAt(Math.floor(unit(...parts, i) * NAME_ALPHABET.length));
  }
  return text;
}

/** 16 hex digits that depend on nothing but the parts. */
export function hex64(...parts: readonly string[]): string {
  const word = (index: number) => Math.floor(unit('hex', ...parts, index) * 0x1_0000_0000).toString(16);
  return word(0).padStart(8, '0') + word(1).padStart(8, '0');
}
