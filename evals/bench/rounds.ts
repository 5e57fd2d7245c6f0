/**
 * Gives every subject one turn a round, one after the other. Whoever begins rotates, so that neither a machine that slows
 * down nor the cache of the one before favours the same subject each time.
 */
export async function interleave<Subject>(
  subjects: readonly Subject[],
  rounds: number,
  turn: (subject: Subject, round: number) => Promise<void>,
): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    const first = round % subjects.length;
    for (const subject of [...subjects.slice(first), ...subjects.slice(0, first)]) await turn(subject, round);
  }
}

/** Milliseconds that one run takes. */
export async function timed(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await run();
  return performance.now() - started;
}
