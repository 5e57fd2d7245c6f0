import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { AppError } from '../model/errors.ts';

export const KEY_BYTES = 32;
/** 96-bit nonce and 128-bit tag: NIST SP 800-38D, sections 8.2.2 and 5.2.1.2. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = 'v1';

export interface MasterKey {
  /** 1, 2, 3 …; a later key has a higher one. */
  readonly version: number;
  /** 32 bytes. */
  readonly key: Buffer;
}

/**
 * Encrypts secrets for the database: AES-256-GCM under a key of their own, which in turn is encrypted under a master key.
 * `aad` (a cluster id) is bound in, so that a sealed secret copied to another record does not open there.
 */
export interface Envelope {
  /** Under the newest master key. */
  seal(plaintext: string, aad: string): string;
  /** Throws CREDENTIALS_INVALID when the text was sealed under another key or for another record, or was changed. */
  open(sealed: string, aad: string): string;
  /** The same secret under the newest master key; the secret itself is not decrypted. Throws like {@link Envelope.open}. */
  rewrap(sealed: string, aad: string): string;
  /** Version of the master key that this was sealed under; undefined when it is none of those at hand. */
  versionOf(sealed: string): number | undefined;
  /** Version of the newest master key. */
  newestVersion(): number;
}

/** `keys` gives every master key at hand, at least one, and may give others later ({@link openKeyring}). */
export function createEnvelope(keys: () => readonly MasterKey[]): Envelope {
  const newest = () => {
    const [last] = keys().toSorted((a, b) => b.version - a.version);
    if (!last) throw new Error('there is no master key');
    return last;
  };
  requireLength(newest().key);

  function withId(keyId: string): MasterKey | undefined {
    return keys().find(({ key }) => idOf(key) === keyId);
  }

  function wrap(dataKey: Buffer, aad: string, body: string): string {
    const { key } = newest();
    const wrapped = encrypt(key, dataKey, `${VERSION}:key:${aad}`);
    return [VERSION, idOf(key), wrapped.toString('base64url'), body].join('.');
  }

  /** The data key and what it encrypts. */
  function unwrap<T>(sealed: string, aad: string, use: (dataKey: Buffer, body: string) => T): T {
    const [version, keyId = '', wrapped = '', body = '', ...rest] = sealed.split('.');
    if (version !== VERSION || rest.length > 0) throw unopened('are not in a form that this version knows');
    const master = withId(keyId);
    if (!master) throw unopened('were sealed with another encryption key');
    try {
      return use(decrypt(master.key, Buffer.from(wrapped, 'base64url'), `${VERSION}:key:${aad}`), body);
    } catch (error) {
      throw unopened('were changed, or belong to another record', error);
    }
  }

  return {
    seal: (plaintext, aad) => {
      const dataKey = randomBytes(KEY_BYTES);
      const body = encrypt(dataKey, Buffer.from(plaintext, 'utf8'), `${VERSION}:body:${aad}`);
      return wrap(dataKey, aad, body.toString('base64url'));
    },
    open: (sealed, aad) =>
      unwrap(sealed, aad, (dataKey, body) =>
        decrypt(dataKey, Buffer.from(body, 'base64url'), `${VERSION}:body:${aad}`).toString('utf8'),
      ),
    rewrap: (sealed, aad) => unwrap(sealed, aad, (dataKey, body) => wrap(dataKey, aad, body)),
    versionOf: (sealed) => withId(sealed.split('.')[1] ?? '')?.version,
    newestVersion: () => newest().version,
  };
}

function idOf(key: Buffer): string {
  return createHash('sha256').update('aiops master key id').update(key).digest('hex').slice(0, 16);
}

function requireLength(key: Buffer): void {
  if (key.length !== KEY_BYTES) throw new Error(`the master key has ${key.length} bytes, not ${KEY_BYTES}`);
}

function encrypt(key: Buffer, plaintext: Buffer, aad: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(aad));
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: Buffer, sealed: Buffer, aad: string): Buffer {
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const tag = sealed.subarray(-TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(aad)).setAuthTag(tag);
  return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
}

function unopened(why: string, cause?: unknown): AppError {
  return new AppError('CREDENTIALS_INVALID', `The stored credentials ${why}.`, {
    hint: 'Set the credentials again, or bring back the encryption key file that they were stored with.',
    cause,
  });
}
