const OFFSET_BASIS = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;
const MASK = 0xffffffffffffffffn;

/**
 * The fingerprint that Prometheus and Alertmanager give a label set: 64-bit FNV-1a over the labels sorted by name, of each the
 * bytes of name, 0xFF, value, 0xFF; 16 hex digits (prometheus/common `LabelSet.Fingerprint`; wire.md 2.2).
 */
export function fingerprintOf(labels: Readonly<Record<string, string>>): string {
  let hash = OFFSET_BASIS;
  const mix = (byte: number) => {
    hash = ((hash ^ BigInt(byte)) * PRIME) & MASK;
  };
  // Byte order, not UTF-16 order: the two differ beyond the basic plane.
  const names = Object.keys(labels)
    .map((name) => Buffer.from(name))
    .sort(Buffer.compare);
  for (const name of names) {
    for (const byte of name) mix(byte);
    mix(0xff);
    for (const byte of Buffer.from(labels[name.toString()] ?? '')) mix(byte);
    mix(0xff);
  }
  return hash.toString(16).padStart(16, '0');
}
