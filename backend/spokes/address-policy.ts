import { AppError, quoteForeign } from '../model/errors.ts';
import { type AddressRange, addressBytes, embeddedIpv4, parseRange } from './address-range.ts';

/** Decides which addresses spokes may live at; the outbound half of the defence against SSRF and DNS rebinding. */
export interface AddressPolicy {
  /** Throws ADDRESS_FORBIDDEN unless connections to `address` (an IP literal), reached by the name `host`, are allowed. */
  check(address: string, host: string): void;
  /** The same for a URL as far as it can be told without DNS: scheme, user info, literal address, denied name. */
  checkUrl(url: string): void;
}

export interface AddressPolicyOptions {
  /** CIDR blocks, addresses, host names or `*.domain` that are allowed beside the default. */
  readonly allow: readonly string[];
  /** The same forms; what they match is refused whatever `allow` says. */
  readonly deny: readonly string[];
}

/**
 * Where instance metadata services answer, which hand out machine credentials: AWS, Azure, GCP and OpenStack share
 * 169.254.169.254 (and ECS 169.254.170.2); the others are AWS and GCP over IPv6, Azure's wire server, Alibaba and Oracle.
 */
const METADATA = ranges([
  '169.254.169.254',
  '169.254.170.2',
  'fd00:ec2::254',
  'fd20:ce::254',
  '168.63.129.16',
  '100.100.100.200',
  '192.0.0.192',
]);

/** Special-purpose blocks of RFC 6890 at which no spoke lives. Private networks are where spokes normally live: not listed. */
const SPECIAL: readonly (readonly [string, readonly AddressRange[]])[] = [
  ['a loopback address', ranges(['127.0.0.0/8', '::1'])],
  ['a link-local address', ranges(['169.254.0.0/16', 'fe80::/10'])],
  ['an unspecified address', ranges(['0.0.0.0/8', '::'])],
  ['a multicast or reserved address', ranges(['224.0.0.0/3', 'ff00::/8'])],
];

/**
 * Default: every address but loopback, link-local, metadata, unspecified, multicast and reserved ones. An allowed host name
 * lifts that for whatever it resolves to, except metadata addresses: those have to be allowed by address, because whoever
 * answers for the name could point it there. Throws VALIDATION_FAILED when an entry is none of the known forms.
 */
export function createAddressPolicy(options: AddressPolicyOptions): AddressPolicy {
  const allow = parseEntries(options.allow, 'allow');
  const deny = parseEntries(options.deny, 'deny');

  function check(address: string, host: string): void {
    const bytes = addressBytes(address);
    if (!bytes) throw forbidden(host, `${quoteForeign(address)} is not an IP address`);
    const forms = [bytes, embeddedIpv4(bytes)].filter((form) => form !== undefined);
    const within = (blocks: readonly AddressRange[]) =>
      forms.some((form) => blocks.some((block) => block.contains(form)));
    if (deny.matchesHost(host) || within(deny.ranges)) throw forbidden(host, `${address} is denied by configuration`);
    if (within(allow.ranges)) return;
    if (within(METADATA)) throw forbidden(host, `${address} is the address of a cloud metadata service`);
    if (allow.matchesHost(host)) return;
    const special = SPECIAL.find(([, blocks]) => within(blocks));
    if (special) throw forbidden(host, `${address} is ${special[0]}`);
  }

  function checkUrl(text: string): void {
    if (!URL.canParse(text)) throw forbidden(quoteForeign(text, 80), 'it is not a URL');
    const url = new URL(text);
    const host = hostOf(url);
    if (url.protocol !== 'http:' && url.protocol !== 'https:')
      throw forbidden(host, `${url.protocol} is neither http: nor https:`);
    if (url.username !== '' || url.password !== '')
      throw forbidden(host, 'a URL must not carry a user name or password');
    if (deny.matchesHost(host)) throw forbidden(host, 'the host is denied by configuration');
    if (addressBytes(host)) check(host, host);
    // RFC 6761 §6.3: these names are loopback wherever they are resolved.
    else if (/(?:^|\.)localhost\.?$/.test(host)) check('127.0.0.1', host);
  }

  return { check, checkUrl };
}

/** Host of a URL, lower case, an IPv6 literal without brackets. The URL parser has turned octal, hex and decimal IPv4 spellings into dotted form. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
}

interface Entries {
  readonly ranges: readonly AddressRange[];
  matchesHost(host: string): boolean;
}

function parseEntries(texts: readonly string[], list: 'allow' | 'deny'): Entries {
  const blocks: AddressRange[] = [];
  const names: string[] = [];
  for (const text of texts.map((entry) => entry.trim().toLowerCase())) {
    const range = parseRange(text);
    if (range) blocks.push(range);
    else if (
      /^(?:\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/.test(text) &&
      !/^[\d.]+$/.test(text)
    )
      names.push(text);
    else throw invalidEntry(text, list);
  }
  const matches = (host: string, name: string) =>
    name.startsWith('*.') ? host.endsWith(name.slice(1)) : host === name;
  return {
    ranges: blocks,
    matchesHost: (host) => names.some((name) => matches(host.toLowerCase().replace(/\.$/, ''), name)),
  };
}

function invalidEntry(text: string, list: string): AppError {
  const message = `${JSON.stringify(text)} is not a CIDR block, an address, a host name or *.domain.`;
  return new AppError('VALIDATION_FAILED', `Outbound ${list} list: ${message}`, {
    details: { issues: [{ field: list, message }] },
  });
}

function forbidden(host: string, reason: string): AppError {
  return new AppError('ADDRESS_FORBIDDEN', `Connections to ${host} are refused: ${reason}.`, {
    details: { host, reason },
    hint: 'An administrator can allow an address or host with AIOPS_OUTBOUND_ALLOW.',
  });
}

function ranges(texts: readonly string[]): readonly AddressRange[] {
  return texts.map((text) => {
    const range = parseRange(text);
    if (!range) throw new TypeError(`${text} is not an address range`);
    return range;
  });
}
