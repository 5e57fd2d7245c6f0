import type { AppError } from '../../model/errors.ts';
import type { Clock } from '../../platform/clock.ts';
import { isTransient } from './spoke-failure.ts';

export const MAX_ATTEMPTS = 3;
const FIRST_DELAY_MS = 200;
/** Less time than this is none: no spoke answers in it. */
const LEAST_USEFUL_MS = 50;

export interface FailedAttempt {
  /** 1 = the first. */
  readonly attempt: number;
  readonly error: AppError;
  /** Until the deadline. */
  readonly remainingMs: number;
  /** Whether asking twice does the same as asking once. */
  readonly idempotent: boolean;
  /** Whether the cluster's retry budget has room for one more. */
  readonly budgetAllows: boolean;
  /** In [0, 1). */
  readonly random: number;
}

export type RetryDecision =
  | { readonly retry: true; readonly delayMs: number }
  | {
      readonly retry: false;
      readonly because: 'NOT_IDEMPOTENT' | 'NOT_TRANSIENT' | 'ATTEMPTS' | 'DEADLINE' | 'BUDGET';
    };

/**
 * Whether and when a failed read is tried again. Waits 100–200 ms, then 200–400 ms (exponential with equal jitter: half fixed,
 * half random), or as long as the spoke's Retry-After says and up to 100 ms more, so that those it turned away do not return
 * together. Never past the deadline, never after a refusal (401, 403, a wrong query) or a TLS failure.
 */
export function decideRetry(failed: FailedAttempt): RetryDecision {
  const { attempt, error, remainingMs, idempotent, budgetAllows, random } = failed;
  if (!idempotent) return { retry: false, because: 'NOT_IDEMPOTENT' };
  if (!isTransient(error)) return { retry: false, because: 'NOT_TRANSIENT' };
  if (attempt >= MAX_ATTEMPTS) return { retry: false, because: 'ATTEMPTS' };
  const told = error.details['retry_after_s'];
  const backoffMs = (FIRST_DELAY_MS * 2 ** (attempt - 1) * (1 + random)) / 2;
  const delayMs = typeof told === 'number' ? told * 1000 + random * 100 : backoffMs;
  if (delayMs + LEAST_USEFUL_MS > remainingMs) return { retry: false, because: 'DEADLINE' };
  if (!budgetAllows) return { retry: false, because: 'BUDGET' };
  return { retry: true, delayMs };
}

/** Bounds what retries add to a cluster's load while it struggles. */
export interface RetryBudget {
  /** A question begins. */
  asked(): void;
  readonly allows: boolean;
  spend(): void;
}

const EARNED_PER_QUESTION = 0.1;
const MOST_SAVED = 10;
/** So that a lone question has its three attempts; earned back before any other retry. */
const ADVANCE = 2;
const ADVANCE_EVERY_MS = 300_000;

/** Retries are a tenth of the questions; two may come before they are earned, once in five minutes. */
export function createRetryBudget(clock: Clock): RetryBudget {
  let balance = 0;
  let advanced = 0;
  let advanceSinceMs = clock.monotonicMs();
  return {
    asked: () => {
      balance = Math.min(MOST_SAVED, balance + EARNED_PER_QUESTION);
      if (clock.monotonicMs() - advanceSinceMs < ADVANCE_EVERY_MS) return;
      advanceSinceMs = clock.monotonicMs();
      advanced = 0;
      balance = Math.max(0, balance);
    },
    get allows() {
      return balance >= 1 || advanced < ADVANCE;
    },
    spend: () => {
      if (balance < 1) advanced += 1;
      balance -= 1;
    },
  };
}
