/** For tests: an embedded database whose tables are made already, which takes a copy instead of seconds. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { systemClock } from '../clock.ts';
import { startJobs } from '../jobs.ts';
import { createLogger } from '../logger.ts';
import { MIGRATIONS_FOLDER } from './migrate.ts';
import { openStore } from './store.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const TEMPLATES = path.join(ROOT, '.cache/test-store');

/**
 * Makes the data folder as a first start leaves it: every table, of the job queue too, and no row of ours. The original is made
 * once for each set of migrations and kept below `.cache/`; any number of test processes may ask at once.
 */
export async function copyMigratedStore(dataDir: string): Promise<void> {
  const template = path.join(TEMPLATES, await versionOfTables());
  if (!existsSync(template)) await makeTemplate(template);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await cp(path.join(template, 'pglite'), path.join(dataDir, 'pglite'), { recursive: true });
}

/** Another one for other migrations, and for other versions of what makes tables. */
async function versionOfTables(): Promise<string> {
  const hash = createHash('sha256');
  for (const file of (await readdir(MIGRATIONS_FOLDER, { recursive: true })).sort())
    if (/\.(?:sql|json)$/.test(file)) hash.update(file).update(await readFile(path.join(MIGRATIONS_FOLDER, file)));
  for (const name of ['@electric-sql/pglite', 'pg-boss'])
    hash.update(await readFile(path.join(ROOT, 'node_modules', name, 'package.json')));
  return hash.digest('hex').slice(0, 16);
}

/** Only a complete template gets its name; when another process was faster, its own is as good. */
async function makeTemplate(template: string): Promise<void> {
  const draft = `${template}.${process.pid}`;
  try {
    const logger = createLogger({ level: 'silent' });
    const store = await openStore({ dataDir: draft, logger, clock: systemClock });
    const jobs = await startJobs({ store, logger });
    await jobs.stop();
    await store.close();
    await rename(draft, template).catch((error: unknown) => {
      if (!existsSync(template)) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  const older = (await readdir(TEMPLATES)).filter((name) => !name.includes('.') && name !== path.basename(template));
  for (const name of older) await rm(path.join(TEMPLATES, name), { recursive: true, force: true });
}
