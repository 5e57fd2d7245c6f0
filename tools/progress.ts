import type { Progress } from '../backend/collectors/fanout/fanout.ts';
import type { Clock } from '../backend/platform/clock.ts';

/** How many of the clusters of a call have answered, in all the rounds it has put to them so far. */
export interface CallProgress {
  readonly answered: number;
  readonly total: number;
}

/** Often enough for a person to watch, seldom enough for a thousand clusters. */
const LEAST_INTERVAL_MS = 250;

/**
 * Counts clusters, not requests: one that is asked in two places has answered when both have. Reports only what is more than was
 * reported before, at most four times a second, and always the last of a round.
 */
export function createProgress(report: (progress: CallProgress) => void, clock: Clock): Progress {
  const open = new Map<string, number>();
  let answered = 0;
  let reported = 0;
  let reportedMs = -Infinity;
  return {
    asked: (clusterId) => {
      const before = open.get(clusterId);
      if (before === 0) answered -= 1;
      open.set(clusterId, (before ?? 0) + 1);
    },
    answered: (clusterId) => {
      const left = (open.get(clusterId) ?? 1) - 1;
      open.set(clusterId, left);
      if (left > 0) return;
      answered += 1;
      const nowMs = clock.monotonicMs();
      const isDue = answered === open.size || nowMs - reportedMs >= LEAST_INTERVAL_MS;
      if (answered <= reported || !isDue) return;
      reported = answered;
      reportedMs = nowMs;
      report({ answered, total: open.size });
    },
  };
}
