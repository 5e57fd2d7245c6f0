import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isIPv4 } from 'node:net';

/**
 * A certificate authority made at start, and server certificates signed by it, as RFC 5280 has them: ECDSA P-256 with SHA-256, written
 * in DER by hand because Node can read certificates but not make them. Keys exist in memory only.
 */
export interface CertificateAuthority {
  readonly certificatePem: string;
  /** A server certificate for the names and IPv4 addresses given. `validity` is the authority's own when left out. */
  issue(commonName: string, hosts: readonly string[], validity?: Validity): ServerCertificate;
}

export interface Validity {
  readonly from: Date;
  readonly to: Date;
}

export interface ServerCertificate {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

const DAY_MS = 86_400_000;
const LIFE_DAYS = 30;

/** Object identifiers (RFC 5280, RFC 5758). */
const OID = {
  commonName: [2, 5, 4, 3],
  ecdsaWithSha256: [1, 2, 840, 10045, 4, 3, 2],
  subjectKeyIdentifier: [2, 5, 29, 14],
  keyUsage: [2, 5, 29, 15],
  subjectAltName: [2, 5, 29, 17],
  basicConstraints: [2, 5, 29, 19],
  authorityKeyIdentifier: [2, 5, 29, 35],
  extendedKeyUsage: [2, 5, 29, 37],
  serverAuth: [1, 3, 6, 1, 5, 5, 7, 3, 1],
} as const;

/** `now` bounds the validity: from one day before to 30 days after. */
export function createCertificateAuthority(commonName: string, now: Date): CertificateAuthority {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keyId = keyIdentifier(publicKey);
  const always = {
    from: new Date(now.getTime() - DAY_MS),
    to: new Date(now.getTime() + LIFE_DAYS * DAY_MS),
  };
  const certify = (subject: string, key: KeyObject, extensions: readonly Buffer[], validity: Validity = always) =>
    certificate({ issuer: commonName, subject, key, signer: privateKey, validity, extensions });
  return {
    certificatePem: certify(commonName, publicKey, [
      extension(OID.basicConstraints, true, sequence(TRUE)),
      // keyCertSign (bit 5) and cRLSign (bit 6)
      extension(OID.keyUsage, true, bitString(Buffer.from([0b0000_0110]), 1)),
      extension(OID.subjectKeyIdentifier, false, tag(0x04, keyId)),
    ]),
    issue: (subject, hosts, validity) => {
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const extensions = [
        extension(OID.basicConstraints, true, sequence()),
        // digitalSignature (bit 0)
        extension(OID.keyUsage, true, bitString(Buffer.from([0b1000_0000]), 7)),
        extension(OID.extendedKeyUsage, false, sequence(oid(OID.serverAuth))),
        extension(OID.subjectAltName, false, sequence(...hosts.map(generalName))),
        extension(OID.subjectKeyIdentifier, false, tag(0x04, keyIdentifier(pair.publicKey))),
        extension(OID.authorityKeyIdentifier, false, sequence(tag(0x80, keyId))),
      ];
      const certificatePem = certify(subject, pair.publicKey, extensions, validity);
      return { certificatePem, privateKeyPem: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
    },
  };
}

function certificate(content: {
  readonly issuer: string;
  readonly subject: string;
  readonly key: KeyObject;
  readonly signer: KeyObject;
  readonly validity: Validity;
  readonly extensions: readonly Buffer[];
}): string {
  const algorithm = sequence(oid(OID.ecdsaWithSha256));
  const serial = randomBytes(16);
  // A positive integer without leading zero bytes.
  serial.writeUInt8((serial.readUInt8(0) & 0x3f) | 0x40, 0);
  const toBeSigned = sequence(
    tag(0xa0, tag(0x02, Buffer.from([2]))),
    tag(0x02, serial),
    algorithm,
    distinguishedName(content.issuer),
    sequence(utcTime(content.validity.from.getTime()), utcTime(content.validity.to.getTime())),
    distinguishedName(content.subject),
    content.key.export({ type: 'spki', format: 'der' }),
    tag(0xa3, sequence(...content.extensions)),
  );
  const der = sequence(toBeSigned, algorithm, bitString(sign('sha256', toBeSigned, content.signer), 0));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function distinguishedName(commonName: string): Buffer {
  return sequence(tag(0x31, sequence(oid(OID.commonName), tag(0x0c, Buffer.from(commonName, 'utf8')))));
}

function extension(id: readonly number[], critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [TRUE] : []), tag(0x04, value));
}

function generalName(host: string): Buffer {
  return isIPv4(host) ? tag(0x87, Buffer.from(host.split('.').map(Number))) : tag(0x82, Buffer.from(host, 'ascii'));
}

/** SHA-1 of the subject's public key bits (RFC 5280 §4.2.1.2, method 1). The point of P-256 is the last 65 bytes of its SPKI. */
function keyIdentifier(key: KeyObject): Buffer {
  const spki = key.export({ type: 'spki', format: 'der' });
  return createHash('sha1').update(spki.subarray(-65)).digest();
}

const TRUE = tag(0x01, Buffer.from([0xff]));

/** One DER element: tag, length, content. */
function tag(id: number, content: Buffer): Buffer {
  const length: number[] = [];
  for (let rest = content.length; rest > 0; rest >>>= 8) length.unshift(rest & 0xff);
  const head = content.length < 0x80 ? [id, content.length] : [id, 0x80 | length.length, ...length];
  return Buffer.concat([Buffer.from(head), content]);
}

function sequence(...elements: readonly Buffer[]): Buffer {
  return tag(0x30, Buffer.concat(elements));
}

function bitString(bits: Buffer, unused: number): Buffer {
  return tag(0x03, Buffer.concat([Buffer.from([unused]), bits]));
}

function oid([first = 0, second = 0, ...rest]: readonly number[]): Buffer {
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const septets = [arc & 0x7f];
    for (let high = arc >>> 7; high > 0; high >>>= 7) septets.unshift((high & 0x7f) | 0x80);
    bytes.push(...septets);
  }
  return tag(0x06, Buffer.from(bytes));
}

/** UTCTime, which RFC 5280 demands up to 2049. */
function utcTime(epochMs: number): Buffer {
  const text = new Date(epochMs).toISOString().replace(/[-:T]/g, '').slice(2, 14);
  return tag(0x17, Buffer.from(`${text}Z`, 'ascii'));
}
