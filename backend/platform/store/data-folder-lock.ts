import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../../model/errors.ts';

/** What the lock file says. Times ISO 8601 UTC. `url` and `token` are how other programs of this host reach the owner. */
const LockRecord = z.object({
  pid: z.int().positive(),
  started_at: z.string(),
  host: z.string(),
  url: z.string().optional(),
  token: z.string().optional(),
  /** Tells one lock from the next, also when both have the same pid. */
  nonce: z.uuid(),
  /** Start of the process in clock ticks since boot, and which boot: what tells a pid from its reuse. Linux only. */
  process_start: z.string().optional(),
  boot_id: z.string().optional(),
});
type LockRecord = z.infer<typeof LockRecord>;

export interface DataFolderLock {
  readonly dataDir: string;
  /** Writes into the lock file how other programs reach this process. The file is readable by its user alone. */
  publish(contact: { url: string; token: string }): Promise<void>;
  /** Gives the folder free. Doing it twice is harmless. */
  release(): Promise<void>;
}

const LOCK_FILE = 'aiops.lock';

/**
 * Takes the data folder for this process, making it when it is not there. A lock whose process is gone is taken over; that of
 * a living process never is, not even our own. Throws STORE_UNAVAILABLE naming pid and folder.
 */
export async function acquireDataFolder(
  dataDir: string,
  info: { url?: string; token?: string } = {},
): Promise<DataFolderLock> {
  const path = join(dataDir, LOCK_FILE);
  const record: LockRecord = {
    pid: process.pid,
    started_at: new Date(performance.timeOrigin).toISOString(),
    host: hostname(),
    ...info,
    nonce: randomUUID(),
    ...(await processOf(process.pid))?.identity,
  };
  const draft = join(dataDir, `.${LOCK_FILE}.${record.nonce}`);
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    try {
      await writeWhole(draft, record);
      await claim(path, draft, dataDir);
    } finally {
      await rm(draft, { force: true });
    }
  } catch (error) {
    throw folderError(error, dataDir);
  }

  let released = false;
  return {
    dataDir,
    publish: async (contact) => {
      if (released) throw new AppError('STORE_UNAVAILABLE', `The lock on ${dataDir} has been released.`);
      await writeWhole(draft, { ...record, ...contact });
      await rename(draft, path);
    },
    release: async () => {
      if (released) return;
      released = true;
      if ((await readRecord(path))?.nonce === record.nonce) await rm(path, { force: true });
    },
  };
}

/** The living process that holds the folder, or undefined. A lock from another host is not reported: it cannot be judged from here. */
export async function readDataFolderOwner(
  dataDir: string,
): Promise<{ pid: number; url?: string; token?: string } | undefined> {
  const record = await readRecord(join(dataDir, LOCK_FILE));
  if (!record || (await stateOf(record)) !== 'ALIVE') return undefined;
  return {
    pid: record.pid,
    ...(record.url === undefined ? {} : { url: record.url }),
    ...(record.token === undefined ? {} : { token: record.token }),
  };
}

/**
 * Makes `path` the finished file `draft`, or throws. `link` creates a name with its content in one step and fails when the
 * name exists, so nobody ever reads half a lock.
 *
 * A dead owner's lock may be replaced by one process only, and not by a slow one that judged a lock that is already gone. So
 * the right to replace the lock with nonce N is itself a lock, named after N: who holds it looks again, and only if N still
 * stands puts its own file there. Should that process die half-way, its lock is taken over by the same rule.
 */
async function claim(path: string, draft: string, dataDir: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (await linked(draft, path)) return;
    const owner = await readRecord(path);
    if (!owner) continue; // released between the two steps
    await refuseUnlessDead(owner, path, dataDir);
    const right = `${path}.${owner.nonce.slice(0, 8)}`;
    await claim(right, draft, dataDir);
    try {
      if ((await readRecord(path))?.nonce === owner.nonce) {
        const copy = `${draft}.own`; // the draft itself stays: the caller above us may need it too
        await link(draft, copy);
        await rename(copy, path);
        return;
      }
    } finally {
      await rm(right, { force: true });
    }
  }
  throw new AppError('STORE_UNAVAILABLE', `The lock file ${path} keeps changing hands.`);
}

async function linked(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function refuseUnlessDead(owner: LockRecord, path: string, dataDir: string): Promise<void> {
  const state = await stateOf(owner);
  if (state === 'DEAD') return;
  const details = { pid: owner.pid, host: owner.host, data_dir: dataDir };
  if (state === 'ELSEWHERE') {
    throw new AppError(
      'STORE_UNAVAILABLE',
      `The data folder ${dataDir} is held by process ${owner.pid} on host ${owner.host}.`,
      {
        details,
        hint: `Use PostgreSQL (DATABASE_URL) to run on several hosts. If that host is gone for good, remove ${path}.`,
      },
    );
  }
  throw new AppError(
    'STORE_UNAVAILABLE',
    `The data folder ${dataDir} is held by process ${owner.pid}, which is running.`,
    {
      details,
      hint: 'Stop it first, or set AIOPS_DATA_DIR to another folder.',
    },
  );
}

async function stateOf(owner: LockRecord): Promise<'ALIVE' | 'DEAD' | 'ELSEWHERE'> {
  if (owner.host !== hostname()) return 'ELSEWHERE';
  if (!exists(owner.pid)) return 'DEAD';
  const now = await processOf(owner.pid);
  if (!now || owner.process_start === undefined) return 'ALIVE'; // no /proc on this system: the pid is all there is
  if (now.zombie) return 'DEAD';
  const same = owner.process_start === now.identity.process_start && owner.boot_id === now.identity.boot_id;
  return same ? 'ALIVE' : 'DEAD';
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH'; // EPERM: somebody else's process, but a living one
  }
}

/** See proc(5): field 3 of `stat` is the state, field 22 the start. The name in field 2 may hold spaces and brackets. */
async function processOf(
  pid: number,
): Promise<{ identity: { process_start: string; boot_id: string }; zombie: boolean } | undefined> {
  const stat = await readIfThere(`/proc/${pid}/stat`);
  const bootId = await readIfThere('/proc/sys/kernel/random/boot_id');
  if (stat === undefined || bootId === undefined) return undefined;
  const [state = '', ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    identity: { process_start: rest[18] ?? '', boot_id: bootId.trim() },
    zombie: state === 'Z' || state === 'X',
  };
}

async function readRecord(path: string): Promise<LockRecord | undefined> {
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  const record = LockRecord.safeParse(parseJson(text));
  if (record.success) return record.data;
  throw new AppError('STORE_UNAVAILABLE', `${path} is not a lock file of this program.`, {
    hint: 'Remove it if no server uses this data folder.',
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the schema refuses it with a better sentence
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    // ESRCH: /proc says so of a process that ends while it is read.
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ESRCH') return undefined;
    throw error;
  }
}

/** On disk before it gets its name, so that a power cut leaves no empty lock. */
async function writeWhole(path: string, record: LockRecord): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(record)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}

function folderError(error: unknown, dataDir: string): unknown {
  if (error instanceof AppError || !(error instanceof Error)) return error;
  return new AppError('STORE_UNAVAILABLE', `The data folder ${dataDir} cannot be used: ${error.message}.`, {
    hint: 'It must be a local folder that this user can write to.',
    cause: error,
  });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
