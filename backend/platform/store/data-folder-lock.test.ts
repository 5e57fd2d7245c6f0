import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireDataFolder, readDataFolderOwner } from './data-folder-lock.ts';

const MODULE = fileURLToPath(new URL('./data-folder-lock.ts', import.meta.url));
const HELD = { code: 'STORE_UNAVAILABLE' };
/** No process has it: above the largest pid that Linux gives. */
const DEAD_PID = 2 ** 22 + 1;

let dataDir: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'aiops-lock-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(dataDir, { recursive: true, force: true });
});

/** Another process that tries to take the folder and then stays; says `held` or the error. */
async function otherProcess(): Promise<{ child: ChildProcess; said: string }> {
  const program = `
    import { acquireDataFolder } from ${JSON.stringify(MODULE)};
    try {
      await acquireDataFolder(${JSON.stringify(dataDir)});
      console.log('held');
    } catch (error) {
      console.log(error.message);
    }
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, said: line.toString().trim() };
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

const writeLock = (record: Record<string, unknown>) =>
  writeFile(
    join(dataDir, 'aiops.lock'),
    JSON.stringify({
      pid: DEAD_PID,
      started_at: '2026-03-01T10:00:00.000Z',
      host: hostname(),
      nonce: crypto.randomUUID(),
      ...record,
    }),
  );

describe('data folder lock', () => {
  it('writes a file that only its user can read and that says who holds the folder', async () => {
    const lock = await acquireDataFolder(dataDir);
    const path = join(dataDir, 'aiops.lock');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ pid: process.pid, host: hostname() });
    await lock.release();
    expect(await readdir(dataDir)).toEqual([]);
  });

  it('makes a folder that is not there', async () => {
    const lock = await acquireDataFolder(join(dataDir, 'a', 'b'));
    expect(await readdir(join(dataDir, 'a', 'b'))).toEqual(['aiops.lock']);
    await lock.release();
  });

  it('refuses a second holder in the same process, naming pid and folder', async () => {
    const lock = await acquireDataFolder(dataDir);
    const error = await acquireDataFolder(dataDir).catch((e: unknown) => e);
    expect(error).toMatchObject(HELD);
    expect(String(error)).toContain(String(process.pid));
    expect(String(error)).toContain(dataDir);
    await lock.release();
    await (await acquireDataFolder(dataDir)).release();
  });

  it('refuses another process, and gives the folder free when it is released', async () => {
    const lock = await acquireDataFolder(dataDir);
    expect((await otherProcess()).said).toContain(`held by process ${process.pid}`);
    await lock.release();
    expect((await otherProcess()).said).toBe('held');
  });

  it('takes over from a process that was killed, and only then', async () => {
    const { child, said } = await otherProcess();
    expect(said).toBe('held');
    await expect(acquireDataFolder(dataDir)).rejects.toMatchObject({ ...HELD, details: { pid: child.pid } });
    expect(await readDataFolderOwner(dataDir)).toEqual({ pid: child.pid });
    await kill(child);
    expect(await readDataFolderOwner(dataDir)).toBeUndefined();
    const lock = await acquireDataFolder(dataDir);
    expect(await readDataFolderOwner(dataDir)).toEqual({ pid: process.pid });
    expect(await readdir(dataDir)).toEqual(['aiops.lock']);
    await lock.release();
  });

  it('publishes how to reach its holder, until it is released', async () => {
    const lock = await acquireDataFolder(dataDir);
    await lock.publish({ url: 'http://127.0.0.1:8080', token: 'aiops_secret' });
    expect(await readDataFolderOwner(dataDir)).toEqual({
      pid: process.pid,
      url: 'http://127.0.0.1:8080',
      token: 'aiops_secret',
    });
    expect((await stat(join(dataDir, 'aiops.lock'))).mode & 0o777).toBe(0o600);
    await lock.release();
    await lock.release();
    expect(await readDataFolderOwner(dataDir)).toBeUndefined();
    await expect(lock.publish({ url: 'x', token: 'y' })).rejects.toMatchObject(HELD);
  });

  it('does not take a process that got the pid of a dead holder for that holder', async () => {
    await writeLock({ pid: process.pid, process_start: '1', boot_id: 'another boot' });
    expect(await readDataFolderOwner(dataDir)).toBeUndefined();
    await (await acquireDataFolder(dataDir)).release();
  });

  it('does not judge a holder on another host', async () => {
    await writeLock({ host: 'somewhere-else' });
    expect(await readDataFolderOwner(dataDir)).toBeUndefined();
    await expect(acquireDataFolder(dataDir)).rejects.toMatchObject({ ...HELD, details: { host: 'somewhere-else' } });
  });

  it('does not touch a file that is not its own', async () => {
    await writeFile(join(dataDir, 'aiops.lock'), 'my notes');
    await expect(acquireDataFolder(dataDir)).rejects.toMatchObject(HELD);
    expect(await readFile(join(dataDir, 'aiops.lock'), 'utf8')).toBe('my notes');
  });

  it('says why a folder cannot be used', async () => {
    await writeFile(join(dataDir, 'file'), '');
    await expect(acquireDataFolder(join(dataDir, 'file'))).rejects.toMatchObject(HELD);
  });

  it('lets exactly one of many take over a dead holder', async () => {
    for (let round = 0; round < 40; round += 1) {
      await writeLock({});
      const attempts = await Promise.allSettled(Array.from({ length: 12 }, () => acquireDataFolder(dataDir)));
      const won = attempts.flatMap((a) => (a.status === 'fulfilled' ? [a.value] : []));
      expect(won).toHaveLength(1);
      await won[0]?.release();
      expect(await readdir(dataDir)).toEqual([]);
    }
  });

  it('lets exactly one of many processes take over a dead holder', async () => {
    await writeLock({});
    const said = await Promise.all(Array.from({ length: 6 }, async () => (await otherProcess()).said));
    expect(said.filter((s) => s === 'held')).toHaveLength(1);
  });

  it('takes over from a process that died while it took over', async () => {
    const nonce = crypto.randomUUID();
    await writeLock({ nonce });
    const half = { pid: DEAD_PID, started_at: '', host: hostname(), nonce: crypto.randomUUID() };
    await writeFile(join(dataDir, `aiops.lock.${nonce.slice(0, 8)}`), JSON.stringify(half));
    const lock = await acquireDataFolder(dataDir);
    expect(await readdir(dataDir)).toEqual(['aiops.lock']);
    await lock.release();
  });
});
