import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { ImportRequest, Imports } from './imports.ts';

const FILE_EVERY_MS = 30_000;
const ACM_EVERY_MS = 300_000;

/**
 * Keeps the fleet in step with the clusters file and with the ACM hubs (names of clusters), from now on. Every process does
 * so: doing what another one has just done changes nothing.
 */
export function startImportSync(parts: {
  imports: Imports;
  file: boolean;
  hubs: readonly string[];
  clock: Clock;
  logger: Logger;
}): { stop(): Promise<void> } {
  const { imports, file, hubs, clock, logger } = parts;
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  const timers = new Map<string, () => void>();

  async function once(request: ImportRequest, of: string): Promise<void> {
    try {
      const { steps } = await imports.run(request, { dry_run: false, signal: stopping.signal });
      const changes = steps.filter(({ action }) => action !== 'UNCHANGED' && action !== 'SKIP');
      if (changes.length > 0) logger.info({ source: of, changes }, 'the fleet was brought in step');
    } catch (error) {
      if (!stopping.signal.aborted)
        logger.warn({ err: error, source: of }, 'the fleet could not be brought in step; trying again');
    }
  }

  function repeat(request: ImportRequest, of: string, everyMs: number): void {
    const turn = once(request, of).finally(() => {
      running.delete(turn);
      if (!stopping.signal.aborted)
        timers.set(
          of,
          clock.after(everyMs, () => repeat(request, of, everyMs)),
        );
    });
    running.add(turn);
  }

  if (file) repeat({ source: 'FILE' }, 'clusters file', FILE_EVERY_MS);
  for (const hub of hubs) repeat({ source: 'ACM', hub }, `ACM hub ${hub}`, ACM_EVERY_MS);

  return {
    stop: async () => {
      stopping.abort(new Error('imports stop'));
      for (const cancel of timers.values()) cancel();
      await Promise.allSettled(running);
    },
  };
}
