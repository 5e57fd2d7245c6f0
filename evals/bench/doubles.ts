import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { type Child, startChild } from './child.ts';
import type { Grid } from './range-body.ts';

/** What `servers/spoke-doubles.ts` says of itself. */
export const Doubles = z.object({
  spokes: z.array(z.object({ name: z.string(), url: z.url(), delay_ms: z.number() })),
});
export type Doubles = z.infer<typeof Doubles>;

const Asked = z.object({ ms: z.number(), grown_mb: z.number() });
export type Asked = z.infer<typeof Asked>;

export interface FleetToAsk {
  readonly count: number;
  readonly series: number;
  readonly slowestMs: number;
  readonly grid: Grid;
  readonly rounds: number;
}

/** Asks so many spokes from a fresh hub, each side in a process of its own. */
export async function askFleet({ count, series, slowestMs, grid, rounds }: FleetToAsk, folder: string): Promise<Asked> {
  const window = { START: String(grid.start), END: String(grid.end), STEP: String(grid.step) };
  const env = { ...window, SPOKES: String(count), SLOWEST_MS: String(slowestMs), SERIES: String(series) };
  const doubles: Child<Doubles> = await startChild({ server: 'spoke-doubles', env, folder, ready: Doubles });
  try {
    const file = path.join(folder, `spokes-${count}-${series}.json`);
    await writeFile(file, JSON.stringify(doubles.ready));
    const asker = await startChild({
      server: 'fleet-asker',
      env: { ...window, SPOKES_FILE: file, ROUNDS: String(rounds) },
      folder,
      ready: Asked,
    });
    await asker.stop();
    return asker.ready;
  } finally {
    await doubles.stop();
  }
}
