import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateDrizzleJson, generateMigration } from 'drizzle-kit/api';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { MIGRATIONS_FOLDER } from './migrate.ts';
import * as schema from './schema.ts';

const Journal = z.object({ entries: z.array(z.object({ idx: z.int(), when: z.int(), tag: z.string() })).min(1) });

describe('migrations', () => {
  it('together give exactly the tables of the schema', async () => {
    const { entries } = Journal.parse(
      JSON.parse(await readFile(join(MIGRATIONS_FOLDER, 'meta/_journal.json'), 'utf8')),
    );
    const newest = String(entries.length - 1).padStart(4, '0');
    const snapshot: ReturnType<typeof generateDrizzleJson> = JSON.parse(
      await readFile(join(MIGRATIONS_FOLDER, 'meta', `${newest}_snapshot.json`), 'utf8'),
    ) as ReturnType<typeof generateDrizzleJson>; // proof: written by the same tool that reads it here
    expect(await generateMigration(snapshot, generateDrizzleJson(schema))).toEqual([]);
  });

  it('are in order of time, which is the order in which they are applied', async () => {
    const { entries } = Journal.parse(
      JSON.parse(await readFile(join(MIGRATIONS_FOLDER, 'meta/_journal.json'), 'utf8')),
    );
    expect(entries.map((e) => e.when)).toEqual(entries.map((e) => e.when).sort((a, b) => a - b));
    for (const { tag } of entries)
      expect((await readFile(join(MIGRATIONS_FOLDER, `${tag}.sql`), 'utf8')).length).toBeGreaterThan(0);
  });
});
