import { AppError } from '../../backend/model/errors.ts';
import { setTimeout as wait } from 'node:timers/promises';
import { readDataFolderOwner } from '../../backend/platform/store/data-folder-lock.ts';
import type { EffectiveConfig } from '../config.ts';

export interface FoundServer {
  readonly url: string;
  readonly token: string;
}

const START_WITHIN_MS = 15_000;
const LOOK_EVERY_MS = 200;

/**
 * The server that holds the data folder, or undefined when none does. One that is just starting is waited for. With a
 * PostgreSQL database there is no folder to hold, and every command opens the database itself.
 */
export async function findServer(config: EffectiveConfig): Promise<FoundServer | undefined> {
  if (config.database_url !== undefined) return undefined;
  for (let waitedMs = 0; ; waitedMs += LOOK_EVERY_MS) {
    const owner = await readDataFolderOwner(config.data_dir);
    if (!owner) return undefined;
    if (owner.url !== undefined && owner.token !== undefined) return { url: owner.url, token: owner.token };
    if (waitedMs > START_WITHIN_MS) {
      throw new AppError('STORE_UNAVAILABLE', `Process ${owner.pid} holds ${config.data_dir} and serves nobody.`, {
        hint: 'Wait until it has ended, or end it.',
      });
    }
    await wait(LOOK_EVERY_MS); // not the clock's timer, which does not keep a process alive that has nothing else to do
  }
}
