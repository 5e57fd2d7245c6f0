import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../model/errors.ts';
import { createEnvelope, loadMasterKey } from './envelope.ts';

const KEY = randomBytes(32);
const envelope = createEnvelope(KEY);
const text = fc.string({ unit: 'grapheme', maxLength: 300 }).filter((s) => s.isWellFormed());
const refused = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    return error instanceof AppError && error.code === 'CREDENTIALS_INVALID';
  }
  return false;
};

describe('envelope', () => {
  it('opens to exactly what was sealed', () => {
    fc.assert(
      fc.property(text, text, (plaintext, aad) => envelope.open(envelope.seal(plaintext, aad), aad) === plaintext),
    );
  });

  it('never seals the same text to the same bytes, nor shows it', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 8, maxLength: 60 }), (plaintext) => {
        const [a, b] = [envelope.seal(plaintext, 'id'), envelope.seal(plaintext, 'id')];
        return a !== b && !a.includes(plaintext) && !a.includes(Buffer.from(plaintext).toString('base64url'));
      }),
    );
  });

  it('does not open for another record', () => {
    fc.assert(
      fc.property(
        text,
        text,
        text,
        (plaintext, a, b) => a === b || refused(() => envelope.open(envelope.seal(plaintext, a), b)),
      ),
    );
  });

  it('does not open when any one bit was changed', () => {
    const sealed = envelope.seal('a secret', 'id');
    const parts = sealed.split('.');
    fc.assert(
      fc.property(fc.constantFrom(2, 3), fc.nat(), (part, bit) => {
        const bytes = Buffer.from(parts[part] ?? '', 'base64url');
        const at = Math.floor(bit / 8) % bytes.length;
        bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit % 8));
        return refused(() => envelope.open(parts.with(part, bytes.toString('base64url')).join('.'), 'id'));
      }),
    );
  });

  it('refuses any other text instead of failing on it', () => {
    fc.assert(fc.property(fc.string(), (garbage) => refused(() => envelope.open(garbage, 'id'))));
    const [version = '', keyId = ''] = envelope.seal('x', 'id').split('.');
    fc.assert(
      fc.property(fc.string(), (garbage) => refused(() => envelope.open(`${version}.${keyId}.${garbage}`, 'id'))),
    );
  });

  it('says so when it was sealed with another key', () => {
    const sealed = createEnvelope(randomBytes(32)).seal('x', 'id');
    expect(() => envelope.open(sealed, 'id')).toThrow('another encryption key');
  });

  it('does not take a key of another length', () => {
    expect(() => createEnvelope(randomBytes(16))).toThrow('16 bytes');
  });
});

describe('master key file', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'aiops-key-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is made once, readable by its user alone, and read again', async () => {
    const file = join(folder, 'keys', 'master.key');
    const keys = await Promise.all(Array.from({ length: 8 }, () => loadMasterKey(file, { create: true })));
    expect(new Set(keys.map((k) => k.toString('hex'))).size).toBe(1);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await loadMasterKey(file, { create: false })).toEqual(keys[0]);
    expect(await readdir(join(folder, 'keys'))).toEqual(['master.key']);
  });

  it('is not made unless asked', async () => {
    await expect(loadMasterKey(join(folder, 'none'), { create: false })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
    });
  });

  it.each([
    ['nothing', ''],
    ['too few bytes', randomBytes(31).toString('base64')],
    ['hex', randomBytes(32).toString('hex')],
    ['prose', 'canary-4711'],
  ])('is refused when it holds %s, without being quoted or replaced', async (what, content) => {
    const file = join(folder, what);
    await writeFile(file, content);
    const error = await loadMasterKey(file, { create: true }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'VALIDATION_FAILED' });
    expect(String(error)).not.toContain('canary');
    expect(await readFile(file, 'utf8')).toBe(content);
  });
});
