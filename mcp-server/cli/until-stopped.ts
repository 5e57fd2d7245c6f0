import type { Logger } from '../../backend/platform/logger.ts';

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. */
export function untilStopped(logger: Logger): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const stop = (signal: NodeJS.Signals) => {
      if (asked) process.exit(1);
      asked = true;
      logger.info({ signal }, 'stopping');
      resolve();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}
