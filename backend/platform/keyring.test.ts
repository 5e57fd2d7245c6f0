import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEnvelope } from './envelope.ts';
import { openKeyring } from './keyring.ts';

describe('encryption key file', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'aiops-key-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is made once, readable by its user alone, and read again', async () => {
    const file = join(folder, 'keys', 'master.key');
    const rings = await Promise.all(Array.from({ length: 8 }, () => openKeyring(file, { create: true })));
    expect(new Set(rings.map((ring) => ring.keys()[0]?.key.toString('hex'))).size).toBe(1);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await openKeyring(file, { create: false })).keys()).toEqual(rings[0]?.keys());
    expect(await readdir(join(folder, 'keys'))).toEqual(['master.key']);
  });

  it('is not made unless asked', async () => {
    await expect(openKeyring(join(folder, 'none'), { create: false })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
    });
  });

  it('may be one bare key, which is version 1', async () => {
    const file = join(folder, 'bare');
    const key = randomBytes(32);
    await writeFile(file, `${key.toString('base64')}\n`);
    expect((await openKeyring(file, { create: false })).keys()).toEqual([{ version: 1, key }]);
  });

  it.each([
    ['nothing', ''],
    ['too few bytes', randomBytes(31).toString('base64')],
    ['hex', randomBytes(32).toString('hex')],
    ['prose', 'canary-4711'],
    ['a version of zero', `0:${randomBytes(32).toString('base64')}`],
    ['a version twice', `2:${randomBytes(32).toString('base64')}\n2:${randomBytes(32).toString('base64')}\n`],
  ])('is refused when it holds %s, without being quoted or replaced', async (what, content) => {
    const file = join(folder, what);
    await writeFile(file, content);
    const error = await openKeyring(file, { create: true }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'VALIDATION_FAILED' });
    expect(String(error)).not.toContain('canary');
    expect(await readFile(file, 'utf8')).toBe(content);
  });

  it('takes a new key without losing the old ones, also through a link', async () => {
    const file = join(folder, 'rotated');
    const link = join(folder, 'rotated-link');
    const ring = await openKeyring(file, { create: true });
    const envelope = createEnvelope(ring.keys);
    const old = envelope.seal('secret', 'id');
    await symlink(file, link);
    const other = await openKeyring(link, { create: false });
    expect(await other.add()).toBe(2);
    await ring.reload();
    expect(envelope.newestVersion()).toBe(2);
    expect(envelope.versionOf(old)).toBe(1);
    const rewrapped = envelope.rewrap(old, 'id');
    expect(envelope.versionOf(rewrapped)).toBe(2);
    expect([envelope.open(old, 'id'), envelope.open(rewrapped, 'id')]).toEqual(['secret', 'secret']);
    expect((await stat(file)).mode & 0o777).toBe(0o600);

    await ring.drop([1, 2]);
    expect((await openKeyring(file, { create: false })).keys().map((key) => key.version)).toEqual([2]);
    expect(() => envelope.open(old, 'id')).toThrow('another encryption key');
    expect(envelope.open(rewrapped, 'id')).toBe('secret');
  });
});
