import { AppError } from '../../model/errors.ts';
import type { Clock } from '../../platform/clock.ts';

export type BreakerState = 'CLOSED' | 'HALF_OPEN' | 'OPEN';

/** One admitted request; exactly one of its functions is called, once, when it is over. */
export interface Permit {
  answered(): void;
  failed(error: AppError): void;
  /** Its caller left before anything was known. */
  abandoned(): void;
}

/**
 * Stops asking a spoke that keeps failing. Opens at five failures in a row; after 30 s one request is let through, which
 * closes it or opens it for another 30 s. The library that is at hand for this reads the time itself and lets callers wait for
 * that one request; here time is an argument and nobody waits.
 */
export interface Breaker {
  readonly state: BreakerState;
  /** The error that {@link admit} would throw now. */
  refusal(): AppError | undefined;
  /** Throws BREAKER_OPEN. */
  admit(): Permit;
}

const OPENS_AT = 5;
const OPEN_MS = 30_000;

export interface BreakerOptions {
  readonly clock: Clock;
  /** Whose it is, for the message: `Prometheus`. */
  readonly service: string;
  readonly onChange?: (state: BreakerState) => void;
}

export function createBreaker({ clock, service, onChange }: BreakerOptions): Breaker {
  let state: BreakerState = 'CLOSED';
  let failures = 0;
  let openedMs = 0;
  let last: AppError | undefined;

  function become(next: BreakerState): void {
    if (state === next) return;
    state = next;
    onChange?.(next);
  }

  function open(error: AppError): void {
    last = error;
    openedMs = clock.monotonicMs();
    become('OPEN');
  }

  function refusal(): AppError | undefined {
    if (state === 'CLOSED') return undefined;
    const waitMs = openedMs + OPEN_MS - clock.monotonicMs();
    if (state === 'OPEN' && waitMs <= 0) return undefined;
    const next = state === 'OPEN' ? `It is tried again in ${Math.ceil(waitMs / 1000)} s` : 'It is being tried just now';
    const why = last === undefined ? '' : ` Last failure: ${last.sentence}`;
    return new AppError('BREAKER_OPEN', `Not asked, because its ${service} failed ${failures} times in a row.${why}`, {
      details: { service, failures, retry_after_s: Math.max(0, Math.ceil(waitMs / 1000)), last_code: last?.code },
      hint: `${next}.`,
    });
  }

  const probe: Permit = {
    answered: () => {
      failures = 0;
      become('CLOSED');
    },
    failed: (error) => {
      failures += 1;
      open(error);
    },
    abandoned: () => become('OPEN'), // its 30 s are over, so the next request is the probe
  };

  /** What was admitted before the breaker opened has no say in when it closes. */
  const ordinary: Permit = {
    answered: () => {
      if (state === 'CLOSED') failures = 0;
    },
    failed: (error) => {
      if (state !== 'CLOSED') return;
      failures += 1;
      if (failures >= OPENS_AT) open(error);
    },
    abandoned: () => undefined,
  };

  return {
    get state() {
      return state;
    },
    refusal,
    admit: () => {
      const refused = refusal();
      if (refused) throw refused;
      if (state === 'CLOSED') return ordinary;
      become('HALF_OPEN');
      return probe;
    },
  };
}
