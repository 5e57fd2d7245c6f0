/** Tells the benchmark that this process serves, and stops it when the benchmark lets go of it or is gone. */
export function announce(ready: object, stop: () => Promise<unknown>): void {
  if (process.send === undefined) throw new Error('This program is started by evals/bench/main.ts.');
  process.once('disconnect', () => {
    void stop().then(() => process.exit(0));
  });
  process.send(ready);
}
