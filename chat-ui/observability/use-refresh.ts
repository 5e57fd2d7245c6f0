import { useEffect, useRef } from 'preact/hooks';
import { every } from '../clock.ts';
import { useServices } from '../services.ts';
import type { QueryRun } from './query-run.ts';
import { durationMs } from './time-range.ts';
import type { SharedView } from './view-url.ts';

/** Asks again as often as the view says, while somebody looks, the range ends now and nothing is running. */
export function useRefresh({ refresh, range }: SharedView, run: QueryRun<unknown>, ask: () => void): void {
  const { clock } = useServices();
  const latest = useRef(ask);
  latest.current = ask;
  const ms = range.to === 'now' ? durationMs(refresh) : undefined;
  useEffect(() => {
    if (ms === undefined) return undefined;
    return every(clock, ms, () => {
      const { status } = run.state.value;
      const idle = run.runningSince.value === undefined && status !== 'idle' && status !== 'cancelled';
      if (idle && document.visibilityState === 'visible') latest.current();
    });
  }, [clock, run, ms]);
}
