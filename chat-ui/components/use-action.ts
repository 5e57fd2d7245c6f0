import { useEffect, useRef, useState } from 'preact/hooks';
import { type ApiFailure, asFailure } from '../api/failure.ts';

export interface Action {
  readonly busy: boolean;
  /** Why the last attempt failed; gone with the next one. */
  readonly failure: ApiFailure | undefined;
  /** One at a time: while one runs, another is not begun. Never rejects. */
  run(work: () => Promise<void>): Promise<void>;
  clear(): void;
}

/** Something that a person asks the server to do. */
export function useAction(): Action {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<ApiFailure | undefined>(undefined);
  const running = useRef(false);
  const mounted = useRef(true);
  useEffect(() => () => void (mounted.current = false), []);
  return {
    busy,
    failure,
    clear: () => setFailure(undefined),
    run: async (work) => {
      if (running.current) return;
      running.current = true;
      setBusy(true);
      setFailure(undefined);
      try {
        await work();
      } catch (thrown) {
        if (mounted.current) setFailure(asFailure(thrown));
      } finally {
        running.current = false;
        if (mounted.current) setBusy(false);
      }
    },
  };
}
