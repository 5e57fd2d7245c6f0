import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../model/errors.ts';
import { createEnvelope } from './envelope.ts';

const keyed = (...keys: Buffer[]) => createEnvelope(() => keys.map((key, at) => ({ version: at + 1, key })));
const KEY = randomBytes(32);
const envelope = keyed(KEY);
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
    const sealed = keyed(randomBytes(32)).seal('x', 'id');
    expect(() => envelope.open(sealed, 'id')).toThrow('another encryption key');
  });

  it('does not take a key of another length', () => {
    expect(() => keyed(randomBytes(16))).toThrow('16 bytes');
  });

  it('moves to the newest key without the secret being touched, and not for another record', () => {
    const later = keyed(KEY, randomBytes(32));
    const sealed = envelope.seal('a secret', 'id');
    const moved = later.rewrap(sealed, 'id');
    expect([later.versionOf(sealed), later.versionOf(moved), envelope.versionOf(moved)]).toEqual([1, 2, undefined]);
    expect(moved.split('.')[3]).toBe(sealed.split('.')[3]);
    expect(later.open(moved, 'id')).toBe('a secret');
    expect(refused(() => later.rewrap(sealed, 'other'))).toBe(true);
  });
});
