const startedAt = performance.now();

/** A line of progress, on stderr: standard output belongs to the program that is started. */
export function say(line) {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1).padStart(5);
  process.stderr.write(`[${seconds} s] ${line}\n`);
}

/** Something the person at the terminal can put right. Its message is all that is shown. */
export class Problem extends Error {}
