import { isIP } from 'node:net';

/** The bytes of an IP address: 4 or 16. Undefined when the text is not an address (zone ids such as `%eth0` are ignored). */
export function addressBytes(text: string): Uint8Array | undefined {
  const bare = text.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  const family = isIP(bare);
  if (family === 4) return Uint8Array.from(bare.split('.'), Number);
  if (family === 6) return ipv6Bytes(bare);
  return undefined;
}

/** Expects text that `isIP` has accepted. */
function ipv6Bytes(text: string): Uint8Array {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const hex = (high: string | undefined, low: string | undefined) => ((Number(high) << 8) | Number(low)).toString(16);
  const plain = dotted ? `${dotted[1]}${hex(dotted[2], dotted[3])}:${hex(dotted[4], dotted[5])}` : text;
  const [head = '', tail] = plain.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const words = [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
  return Uint8Array.from(words.flatMap((word) => [word >> 8, word & 0xff]));
}

/**
 * The IPv4 address that an IPv6 address carries, when a host or a translator on the way would connect to that instead:
 * IPv4-mapped ::ffff:0:0/96 and IPv4-compatible ::/96 (RFC 4291 §2.5.5), NAT64 64:ff9b::/96 (RFC 6052), 6to4 2002::/16 (RFC 3056).
 */
export function embeddedIpv4(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length !== 16) return undefined;
  const inRange = (range: string) => parseRange(range)?.contains(bytes) === true;
  if (inRange('::ffff:0:0/96') || inRange('64:ff9b::/96')) return bytes.slice(12);
  if (inRange('2002::/16')) return bytes.slice(2, 6);
  // ::/96 also holds :: and ::1, which are addresses of their own.
  return inRange('::/96') && !inRange('::/127') ? bytes.slice(12) : undefined;
}

export interface AddressRange {
  contains(bytes: Uint8Array): boolean;
}

/** An address or a CIDR block; undefined when the text is neither. Host bits below the prefix are ignored. */
export function parseRange(text: string): AddressRange | undefined {
  const [address = '', prefixText, ...rest] = text.split('/');
  const base = addressBytes(address);
  if (!base || rest.length > 0) return undefined;
  const bits = base.length * 8;
  const prefix = prefixText === undefined ? bits : Number(prefixText);
  if (prefixText === '' || !Number.isInteger(prefix) || prefix < 0 || prefix > bits) return undefined;
  return {
    contains: (bytes) => {
      if (bytes.length !== base.length) return false;
      for (let i = 0; i < Math.ceil(prefix / 8); i += 1) {
        const mask = prefix - i * 8 >= 8 ? 0xff : (0xff << (8 - (prefix - i * 8))) & 0xff;
        if (((bytes[i] ?? 0) & mask) !== ((base[i] ?? 0) & mask)) return false;
      }
      return true;
    },
  };
}
