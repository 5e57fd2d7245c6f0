import { createCipheriv, createDecipheriv, createHash, randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '../model/errors.ts';

const KEY_BYTES = 32;
/** 96-bit nonce and 128-bit tag: NIST SP 800-38D, sections 8.2.2 and 5.2.1.2. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = 'v1';

/**
 * Encrypts secrets for the database: AES-256-GCM under a key of their own, which in turn is encrypted under the master key.
 * `aad` (a cluster id) is bound in, so that a sealed secret copied to another record does not open there.
 */
export interface Envelope {
  seal(plaintext: string, aad: string): string;
  /** Throws CREDENTIALS_INVALID when the text was sealed under another key or for another record, or was changed. */
  open(sealed: string, aad: string): string;
}

/** `masterKey` is 32 bytes ({@link loadMasterKey}). */
export function createEnvelope(masterKey: Buffer): Envelope {
  if (masterKey.length !== KEY_BYTES) throw new Error(`the master key has ${masterKey.length} bytes, not ${KEY_BYTES}`);
  const keyId = createHash('sha256').update('aiops master key id').update(masterKey).digest('hex').slice(0, 16);
  return {
    seal: (plaintext, aad) => {
      const dataKey = randomBytes(KEY_BYTES);
      const wrapped = encrypt(masterKey, dataKey, `${VERSION}:key:${aad}`);
      const body = encrypt(dataKey, Buffer.from(plaintext, 'utf8'), `${VERSION}:body:${aad}`);
      return [VERSION, keyId, wrapped.toString('base64url'), body.toString('base64url')].join('.');
    },
    open: (sealed, aad) => {
      const [version, sealedKeyId, wrapped = '', body = '', ...rest] = sealed.split('.');
      if (version !== VERSION || rest.length > 0) throw unopened('are not in a form that this version knows');
      if (sealedKeyId !== keyId) throw unopened('were sealed with another encryption key');
      try {
        const dataKey = decrypt(masterKey, Buffer.from(wrapped, 'base64url'), `${VERSION}:key:${aad}`);
        return decrypt(dataKey, Buffer.from(body, 'base64url'), `${VERSION}:body:${aad}`).toString('utf8');
      } catch (error) {
        throw unopened('were changed, or belong to another record', error);
      }
    },
  };
}

/**
 * The master key: 32 bytes, base64, from a file that must not lie beside the data. With `create` a missing file is made with
 * mode 0600 and a new random key; two processes doing so at once end up with the same key. Throws VALIDATION_FAILED naming
 * the file, never its content.
 */
export async function loadMasterKey(file: string, { create }: { create: boolean }): Promise<Buffer> {
  const existing = await readKey(file);
  if (existing) return existing;
  if (!create) throw unusable(file, 'does not exist');
  const key = randomBytes(KEY_BYTES);
  const draft = `${file}.${randomUUID()}`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(`${key.toString('base64')}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(draft, file); // a name for a finished file, or EEXIST: nobody reads half a key
    return key;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST')
      throw unusable(file, `cannot be written (${codeOf(error) ?? 'unknown error'})`, error);
  } finally {
    await rm(draft, { force: true });
  }
  const theirs = await readKey(file);
  if (!theirs) throw unusable(file, 'was created and removed again while it was being read');
  return theirs;
}

async function readKey(file: string): Promise<Buffer | undefined> {
  let text: string;
  try {
    text = (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw unusable(file, `cannot be read (${codeOf(error) ?? 'unknown error'})`, error);
  }
  const key = Buffer.from(text, 'base64');
  if (key.length !== KEY_BYTES || key.toString('base64') !== text)
    throw unusable(file, `does not hold ${KEY_BYTES} bytes in base64`);
  return key;
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

function unusable(file: string, why: string, cause?: unknown): AppError {
  return new AppError('VALIDATION_FAILED', `The encryption key file ${file} ${why}.`, {
    hint: 'It holds 32 random bytes in base64; `openssl rand -base64 32` makes one.',
    cause,
  });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
