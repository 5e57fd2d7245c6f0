import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../model/errors.ts';
import { ManualClock } from '../../platform/clock.ts';
import { type BreakerState, createBreaker } from './breaker.ts';

const broken = new AppError('SPOKE_ERROR', 'Prometheus answered with status 502.', { details: { status: 502 } });

function make() {
  const clock = new ManualClock();
  const changes: BreakerState[] = [];
  const breaker = createBreaker({ clock, service: 'Prometheus', onChange: (state) => changes.push(state) });
  const fail = (times: number) => {
    for (let i = 0; i < times; i += 1) breaker.admit().failed(broken);
  };
  return { clock, breaker, changes, fail };
}

describe('a breaker', () => {
  it('opens at five failures in a row, and not at five failures', () => {
    const { breaker, fail, changes } = make();
    fail(4);
    breaker.admit().answered();
    fail(4);
    expect(breaker.state).toBe('CLOSED');
    fail(1);
    expect(breaker.state).toBe('OPEN');
    expect(changes).toEqual(['OPEN']);
  });

  it('says whose it is, what failed last and when it is tried again', async () => {
    const { clock, breaker, fail } = make();
    fail(5);
    await clock.advance(12_000);
    expect(breaker.refusal()).toMatchObject({ code: 'BREAKER_OPEN', details: { retry_after_s: 18, failures: 5 } });
    expect(breaker.refusal()?.sentence).toBe(
      'Not asked, because its Prometheus failed 5 times in a row. Last failure: Prometheus answered with status 502. It is tried again in 18 s.',
    );
    expect(() => breaker.admit()).toThrow('failed 5 times');
  });

  it('lets one request through after 30 s, and closes when it is answered', async () => {
    const { clock, breaker, fail, changes } = make();
    fail(5);
    await clock.advance(29_999);
    expect(breaker.refusal()).toBeDefined();
    await clock.advance(1);
    const probe = breaker.admit();
    expect(breaker.state).toBe('HALF_OPEN');
    expect(() => breaker.admit()).toThrow('Not asked');
    probe.answered();
    expect(changes).toEqual(['OPEN', 'HALF_OPEN', 'CLOSED']);
    fail(4);
    expect(breaker.state).toBe('CLOSED');
  });

  it('stays open for another 30 s when that request fails, and lets the next one try when its caller leaves', async () => {
    const { clock, breaker, fail } = make();
    fail(5);
    await clock.advance(30_000);
    breaker.admit().failed(broken);
    await clock.advance(29_999);
    expect(breaker.refusal()).toMatchObject({ details: { failures: 6 } });
    await clock.advance(1);
    breaker.admit().abandoned();
    expect(breaker.refusal()).toBeUndefined();
    breaker.admit().answered();
    expect(breaker.state).toBe('CLOSED');
  });

  it('lets nothing that was sent before it opened decide when it closes', () => {
    const { breaker, fail } = make();
    const before = breaker.admit();
    const other = breaker.admit();
    fail(5);
    before.answered();
    other.failed(broken);
    expect(breaker.state).toBe('OPEN');
  });

  it('never has more than one request under way unless it is closed, whatever happens', async () => {
    const step = fc.constantFrom('admit', 'answer', 'fail', 'abandon', 'wait');
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
        const { clock, breaker } = make();
        const probes: ReturnType<typeof breaker.admit>[] = [];
        const ordinary: ReturnType<typeof breaker.admit>[] = [];
        for (const what of steps) {
          if (what === 'wait') await clock.advance(10_000);
          else if (what === 'admit') {
            const wasClosed = breaker.state === 'CLOSED';
            if (!breaker.refusal()) (wasClosed ? ordinary : probes).push(breaker.admit());
          } else {
            const permit = probes.pop() ?? ordinary.pop();
            if (what === 'answer') permit?.answered();
            else if (what === 'fail') permit?.failed(broken);
            else permit?.abandoned();
          }
          expect(probes.length).toBe(breaker.state === 'HALF_OPEN' ? 1 : 0);
        }
      }),
      { numRuns: 60 },
    );
  });
});
