import { randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, realpath, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '../model/errors.ts';
import { KEY_BYTES, type MasterKey } from './envelope.ts';

/** The master keys of a file that must not lie beside the data. */
export interface Keyring {
  /** As last read; the newest is the one to seal with. */
  keys(): readonly MasterKey[];
  /** Reads the file again, for what another process or a person has put there. Throws VALIDATION_FAILED naming the file. */
  reload(): Promise<void>;
  /** Adds a random key and gives its version. One at a time: the caller holds a lock. Throws VALIDATION_FAILED. */
  add(): Promise<number>;
  /** Takes keys out of the file for good; never the newest. One at a time, like {@link Keyring.add}. */
  drop(versions: readonly number[]): Promise<void>;
}

/**
 * Opens a keyring file: one key per line, `<version>:<32 bytes in base64>`; a line without a version is version 1. With
 * `create` a missing file is made with mode 0600 and a random key; two processes doing so at once end up with the same one.
 * Throws VALIDATION_FAILED naming the file, never its content.
 */
export async function openKeyring(file: string, { create }: { create: boolean }): Promise<Keyring> {
  let keys = (await readKeys(file)) ?? (await firstKey(file, create));
  const reload = async () => {
    const found = await readKeys(file);
    if (!found) throw unusable(file, 'does not exist any more');
    keys = found;
  };
  const replace = async (next: readonly MasterKey[]) => {
    await replaceFile(file, next);
    keys = next;
  };
  return {
    keys: () => keys,
    reload,
    add: async () => {
      await reload();
      const version = newestOf(keys) + 1;
      await replace([...keys, { version, key: randomBytes(KEY_BYTES) }]);
      return version;
    },
    drop: async (versions) => {
      await reload();
      const newest = newestOf(keys);
      const left = keys.filter(({ version }) => version === newest || !versions.includes(version));
      if (left.length < keys.length) await replace(left);
    },
  };
}

function newestOf(keys: readonly MasterKey[]): number {
  return Math.max(...keys.map((key) => key.version));
}

async function firstKey(file: string, create: boolean): Promise<readonly MasterKey[]> {
  if (!create) throw unusable(file, 'does not exist');
  const keys = [{ version: 1, key: randomBytes(KEY_BYTES) }];
  const draft = `${file}.${randomUUID()}`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeWhole(draft, keys);
    await link(draft, file); // a name for a finished file, or EEXIST: nobody reads half a key
    return keys;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw unwritable(file, error);
  } finally {
    await rm(draft, { force: true });
  }
  const theirs = await readKeys(file);
  if (!theirs) throw unusable(file, 'was created and removed again while it was being read');
  return theirs;
}

/** All or nothing, through a second file: a process killed in between leaves the old keys. */
async function replaceFile(file: string, keys: readonly MasterKey[]): Promise<void> {
  const draft = `${file}.${randomUUID()}`;
  try {
    await writeWhole(draft, keys);
    await rename(draft, await realpath(file));
  } catch (error) {
    throw unwritable(file, error);
  } finally {
    await rm(draft, { force: true });
  }
}

async function writeWhole(file: string, keys: readonly MasterKey[]): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(keys.map(({ version, key }) => `${version}:${key.toString('base64')}\n`).join(''));
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function readKeys(file: string): Promise<readonly MasterKey[] | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw unusable(file, `cannot be read (${codeOf(error) ?? 'unknown error'})`, error);
  }
  const lines = text.split('\n').map((line) => line.trim());
  const keys = lines.filter((line) => line !== '').map((line) => parseLine(file, line));
  if (keys.length === 0) throw unusable(file, 'holds no key');
  if (new Set(keys.map((key) => key.version)).size < keys.length) throw unusable(file, 'has two keys of one version');
  return keys;
}

function parseLine(file: string, line: string): MasterKey {
  const [, version = '1', base64 = ''] = /^(?:([1-9]\d{0,8}):)?([A-Za-z0-9+/]+=*)$/.exec(line) ?? [];
  const key = Buffer.from(base64, 'base64');
  if (key.length !== KEY_BYTES || key.toString('base64') !== base64)
    throw unusable(file, `has a line that is not ${KEY_BYTES} bytes in base64`);
  return { version: Number(version), key };
}

function unwritable(file: string, cause: unknown): AppError {
  return unusable(file, `cannot be written (${codeOf(cause) ?? 'unknown error'})`, cause);
}

function unusable(file: string, why: string, cause?: unknown): AppError {
  return new AppError('VALIDATION_FAILED', `The encryption key file ${file} ${why}.`, {
    hint: 'Each line is <version>:<32 random bytes in base64>; `openssl rand -base64 32` makes a key.',
    cause,
  });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
