import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';

const EVERY_MS = 3_600_000;

/**
 * Deletes what is past its time: once now and then every hour, one task after the other. Each task returns how many rows it
 * deleted. A task that fails is logged and has its next turn in an hour.
 */
export function startRetention(parts: {
  tasks: Readonly<Record<string, () => Promise<number>>>;
  clock: Clock;
  logger: Logger;
}): { stop(): Promise<void> } {
  const { tasks, clock, logger } = parts;
  let stopped = false;
  let cancelTimer = (): void => undefined;
  let running: Promise<void> = Promise.resolve();

  async function round(): Promise<void> {
    for (const [name, task] of Object.entries(tasks)) {
      if (stopped) return;
      try {
        const deleted = await task();
        if (deleted > 0) logger.info({ task: name, deleted }, 'retention');
      } catch (error) {
        logger.warn({ err: error, task: name }, 'retention failed; trying again in an hour');
      }
    }
  }

  function run(): void {
    running = round().then(() => {
      if (!stopped) cancelTimer = clock.after(EVERY_MS, run);
    });
  }

  run();
  return {
    stop: async () => {
      stopped = true;
      cancelTimer();
      await running;
    },
  };
}
