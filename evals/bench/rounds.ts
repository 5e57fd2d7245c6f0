export interface Rounds {
  readonly rounds: number;
  /** No round begins after this time, but LEAST_ROUNDS are always made: a slow machine measures less and not for ever. */
  readonly budgetMs: number;
}

const LEAST_ROUNDS = 3;

/**
 * Gives every subject one turn a round, one after the other. Whoever begins rotates, so that neither a machine that slows
 * down nor what the one before left in the caches favours the same subject each time.
 */
export async function interleave<Subject>(
  subjects: readonly Subject[],
  { rounds, budgetMs }: Rounds,
  turn: (subject: Subject) => Promise<void>,
): Promise<void> {
  const started = performance.now();
  for (let round = 0; round < rounds; round += 1) {
    if (round >= LEAST_ROUNDS && performance.now() - started > budgetMs) return;
    const first = round % subjects.length;
    for (const subject of [...subjects.slice(first), ...subjects.slice(0, first)]) await turn(subject);
  }
}

/** Milliseconds that one run takes. */
export async function timed(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await run();
  return performance.now() - started;
}
