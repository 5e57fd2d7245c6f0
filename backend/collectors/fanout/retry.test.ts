import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError, type ErrorCode } from '../../model/errors.ts';
import { ManualClock } from '../../platform/clock.ts';
import { type FailedAttempt, createRetryBudget, decideRetry } from './retry.ts';

const error = (code: ErrorCode, details: Record<string, unknown> = {}) => new AppError(code, 'it failed', { details });
const unavailable = error('SPOKE_ERROR', { reason: 'STATUS', status: 503 });
const failed = (over: Partial<FailedAttempt> = {}): FailedAttempt => ({
  attempt: 1,
  error: unavailable,
  remainingMs: 10_000,
  idempotent: true,
  budgetAllows: true,
  random: 0,
  ...over,
});

describe('the decision to try again', () => {
  it.each([
    ['a connection that was refused', error('CLUSTER_UNREACHABLE', { reason: 'REFUSED' })],
    ['a connection that was reset', error('CLUSTER_UNREACHABLE', { reason: 'RESET' })],
    ['a body that broke off', error('SPOKE_ERROR', { reason: 'TRUNCATED', status: 200 })],
    ['a gateway without a backend', error('SPOKE_ERROR', { reason: 'STATUS', status: 502 })],
    ['a spoke that is asked too often', error('SPOKE_ERROR', { reason: 'RATE_LIMITED', status: 429 })],
  ])('is yes after %s', (_what, passing) => {
    expect(decideRetry(failed({ error: passing }))).toEqual({ retry: true, delayMs: 100 });
  });

  it.each([
    ['credentials that are not accepted', error('SPOKE_ERROR', { reason: 'UNAUTHORIZED', status: 401 })],
    ['a missing permission', error('SPOKE_ERROR', { reason: 'FORBIDDEN', status: 403 })],
    ['a wrong query', error('INVALID_PROMQL', { position: 3 })],
    ['a query that cannot be run', error('SPOKE_ERROR', { reason: 'QUERY', status: 422 })],
    ['an answer over the cap', error('SPOKE_ERROR', { reason: 'TOO_LARGE' })],
    ['JSON that is not what the API promises', error('SPOKE_ERROR', { reason: 'SHAPE', status: 200 })],
    ['a redirect', error('SPOKE_ERROR', { reason: 'REDIRECT', status: 302 })],
    ['an expired certificate', error('CLUSTER_UNREACHABLE', { reason: 'TLS_EXPIRED' })],
    ['an untrusted certificate', error('CLUSTER_UNREACHABLE', { reason: 'TLS_UNTRUSTED' })],
    ['a forbidden address', error('ADDRESS_FORBIDDEN')],
    ['a deadline', error('QUERY_TIMEOUT')],
    ['an open breaker', error('BREAKER_OPEN')],
    ['a defect of ours', error('INTERNAL_ERROR')],
  ])('is no after %s', (_what, lasting) => {
    expect(decideRetry(failed({ error: lasting }))).toEqual({ retry: false, because: 'NOT_TRANSIENT' });
  });

  it.each([
    [{ idempotent: false }, 'NOT_IDEMPOTENT'],
    [{ attempt: 3 }, 'ATTEMPTS'],
    [{ budgetAllows: false }, 'BUDGET'],
    [{ remainingMs: 149 }, 'DEADLINE'],
    [{ error: error('SPOKE_ERROR', { status: 429, retry_after_s: 10 }) }, 'DEADLINE'],
  ] as const)('is no with %j', (over, because) => {
    expect(decideRetry(failed(over))).toEqual({ retry: false, because });
  });

  it('waits longer each time, half of it by chance, or as long as the spoke says', () => {
    const delay = (over: Partial<FailedAttempt>) => {
      const decision = decideRetry(failed(over));
      return decision.retry ? decision.delayMs : undefined;
    };
    expect([delay({ random: 0 }), delay({ random: 0.5 }), delay({ attempt: 2, random: 0.5 })]).toEqual([100, 150, 300]);
    const told = error('SPOKE_ERROR', { status: 503, retry_after_s: 2 });
    expect([delay({ error: told }), delay({ error: told, random: 0.5 })]).toEqual([2000, 2050]);
  });

  it('never goes past the deadline, nor past three attempts', () => {
    const any = fc.record({
      attempt: fc.integer({ min: 1, max: 5 }),
      remainingMs: fc.integer({ min: -1000, max: 5000 }),
      idempotent: fc.boolean(),
      budgetAllows: fc.boolean(),
      random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      error: fc
        .record({ status: fc.constantFrom(401, 403, 422, 429, 500, 503), retry_after_s: fc.option(fc.nat(4)) })
        .map((details) => error('SPOKE_ERROR', details)),
    });
    fc.assert(
      fc.property(any, (attempt) => {
        const decision = decideRetry(attempt);
        if (!decision.retry) return;
        expect(attempt.idempotent && attempt.budgetAllows && attempt.attempt < 3).toBe(true);
        expect([429, 500, 503]).toContain(attempt.error.details['status']);
        expect(decision.delayMs).toBeGreaterThanOrEqual(0);
        expect(decision.delayMs).toBeLessThan(attempt.remainingMs);
      }),
    );
  });
});

describe('the retry budget of a cluster', () => {
  it('allows two retries that are not earned yet, then one for ten questions', () => {
    const budget = createRetryBudget(new ManualClock());
    let retries = 0;
    const use = () => {
      if (!budget.allows) return;
      budget.spend();
      retries += 1;
    };
    budget.asked();
    for (let i = 0; i < 5; i += 1) use();
    expect(retries).toBe(2);
    for (let i = 1; i < 40; i += 1) {
      budget.asked();
      use();
    }
    expect(retries).toBe(4);
  });

  it('keeps all attempts within 1.1 of the questions in any storm of at least twenty', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(4), { minLength: 20, maxLength: 400 }), (wanted) => {
        const budget = createRetryBudget(new ManualClock());
        let attempts = 0;
        for (const retries of wanted) {
          budget.asked();
          attempts += 1;
          for (let i = 0; i < retries && budget.allows; i += 1) {
            budget.spend();
            attempts += 1;
          }
        }
        expect(attempts).toBeLessThanOrEqual(wanted.length * 1.1 + 1e-6);
      }),
    );
  });

  it('gives the advance again after five minutes', async () => {
    const clock = new ManualClock();
    const budget = createRetryBudget(clock);
    budget.asked();
    budget.spend();
    budget.spend();
    expect(budget.allows).toBe(false);
    await clock.advance(300_000);
    budget.asked();
    expect(budget.allows).toBe(true);
  });
});
