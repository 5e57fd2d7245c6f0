import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { promisify } from 'node:util';
import { historyText } from './exposition.ts';
import type { World } from './world.ts';

const STEP_SECONDS = 60;

/**
 * Writes the hours before `end` (Unix seconds) into the TSDB folder as blocks, by promtool. A block ends with its last sample, so the first
 * live scrape may follow at once. Nothing is written for 0 hours.
 */
export async function backfill(request: {
  readonly world: World;
  readonly hours: number;
  readonly end: number;
  readonly folder: string;
  readonly promtool: string;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { world, hours, end, folder, promtool, signal } = request;
  await mkdir(folder, { recursive: true });
  if (hours <= 0) return;
  const file = path.join(path.dirname(folder), 'history.om');
  const stream = createWriteStream(file);
  for (const text of historyText(world.targets, { start: end - hours * 3600, end, step: STEP_SECONDS })) {
    signal.throwIfAborted();
    // Waiting for the disk also lets the process hear that its parent is gone.
    if (!stream.write(text)) await once(stream, 'drain', { signal });
  }
  stream.end();
  await finished(stream);
  // promtool reads the whole file once per block: one block of a day instead of twelve of two hours.
  const args = ['tsdb', 'create-blocks-from', 'openmetrics', '--quiet', '--max-block-duration=24h', file, folder];
  await promisify(execFile)(promtool, args, { signal });
  await rm(file);
}
