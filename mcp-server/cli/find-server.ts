import { setTimeout as wait } from 'node:timers/promises';
import { AppError } from '../../backend/model/errors.ts';
import { readDataFolderOwner } from '../../backend/platform/store/data-folder-lock.ts';
import type { EffectiveConfig } from '../config.ts';

export interface FoundServer {
  readonly url: string;
  /** Of this server alone: the next one on the same port has another. */
  readonly token: string;
}

const START_WITHIN_MS = 15_000;
const LOOK_EVERY_MS = 200;

/**
 * The server that holds the data folder, or undefined when none does. One that is just starting is waited for, and so is the
 * end of the one whose token is `ending`: it takes no more connections, but has not let go of the folder yet. With a
 * PostgreSQL database there is no folder to hold, and every command opens the database itself.
 */
export async function findServer(config: EffectiveConfig, ending?: string): Promise<FoundServer | undefined> {
  if (config.database_url !== undefined) return undefined;
  for (let waitedMs = 0; ; waitedMs += LOOK_EVERY_MS) {
    const owner = await readDataFolderOwner(config.data_dir);
    if (!owner) return undefined;
    if (owner.url !== undefined && owner.token !== undefined && owner.token !== ending)
      return { url: owner.url, token: owner.token };
    if (waitedMs > START_WITHIN_MS) {
      throw new AppError('STORE_UNAVAILABLE', `Process ${owner.pid} holds ${config.data_dir} and serves nobody.`, {
        hint: 'Wait until it has ended, or end it.',
      });
    }
    await wait(LOOK_EVERY_MS); // not the clock's timer, which does not keep a process alive that has nothing else to do
  }
}
