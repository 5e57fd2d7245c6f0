import { describe, expect, it } from 'vitest';
import { ApiFailure } from '../api/failure.ts';
import { createQueryHistory } from './query-history.ts';
import { createQueryRun } from './query-run.ts';

function hanging() {
  let signal: AbortSignal | undefined;
  const question = (given: AbortSignal) => {
    signal = given;
    return new Promise<string>((_, reject) => given.addEventListener('abort', () => reject(given.reason as Error)));
  };
  return { question, aborted: () => signal?.aborted };
}

describe('a question', () => {
  it('keeps its answer while it is asked again, and with the failure when that fails', async () => {
    const run = createQueryRun<string>(() => 5);
    await run.ask('a', async () => 'first');
    expect(run.state.value).toMatchObject({ status: 'ready', value: 'first', at: 5 });
    await run.ask('a', () => Promise.reject(new ApiFailure('X', 'no')));
    expect(run.state.value).toMatchObject({ status: 'ready', value: 'first', failure: { code: 'X' } });
    await run.ask('b', () => Promise.reject(new ApiFailure('X', 'no')));
    expect(run.state.value.status).toBe('failed');
    expect(run.runningSince.value).toBeUndefined();
  });

  it('is stopped at the server when it is cancelled, and its late answer is not taken', async () => {
    const run = createQueryRun<string>(() => 5);
    const { question, aborted } = hanging();
    const asked = run.ask('a', question);
    expect([run.state.value.status, run.runningSince.value]).toEqual(['loading', 5]);
    run.cancel();
    await asked;
    expect([run.state.value.status, aborted(), run.runningSince.value]).toEqual(['cancelled', true, undefined]);
  });

  it('takes what its answer lacked in its place, as old as before, and stays when that fails', async () => {
    let now = 5;
    const run = createQueryRun<string>(() => now);
    await run.amend(async () => 'nothing to add to');
    expect(run.state.value.status).toBe('idle');
    await run.ask('a', async () => 'first');
    now = 9;
    await run.amend(async (shown) => `${shown} and second`);
    expect(run.state.value).toMatchObject({ status: 'ready', value: 'first and second', at: 5 });
    await run.amend(() => Promise.reject(new ApiFailure('X', 'no')));
    expect(run.state.value).toMatchObject({ value: 'first and second', failure: { code: 'X' } });
  });

  it('gives way to the next', async () => {
    const run = createQueryRun<string>(() => 5);
    const first = hanging();
    const asked = run.ask('a', first.question);
    await run.ask('b', async () => 'second');
    await asked;
    expect(first.aborted()).toBe(true);
    expect(run.state.value).toMatchObject({ status: 'ready', value: 'second' });
  });
});

describe('query history', () => {
  it('keeps the last thirty, newest first and each once, of every kind by itself', () => {
    const history = createQueryHistory(undefined);
    for (let n = 0; n < 40; n += 1) history.add('promql', `up == ${n}`);
    history.add('promql', ' up == 20 ');
    history.add('promql', '  ');
    history.add('promql', 'x'.repeat(5000));
    const kept = history.of('promql').value;
    expect([kept.length, kept[0], kept[1]]).toEqual([30, 'up == 20', 'up == 39']);
    expect(history.of('traceql').value).toEqual([]);
    history.clear('promql');
    expect(history.of('promql').value).toEqual([]);
  });

  it('reads what it stored and nothing that somebody else wrote', () => {
    localStorage.clear();
    createQueryHistory(localStorage).add('promql', 'up');
    expect(createQueryHistory(localStorage).of('promql').value).toEqual(['up']);
    localStorage.setItem('aiops.history.promql', '{"a":1}');
    expect(createQueryHistory(localStorage).of('promql').value).toEqual([]);
    localStorage.setItem('aiops.history.promql', 'nonsense');
    expect(createQueryHistory(localStorage).of('promql').value).toEqual([]);
  });
});
