import { useEffect, useState } from 'preact/hooks';
import { asFailure } from '../api/failure.ts';
import { LOADING, type Loadable, ready } from '../loadable.ts';
import { useServices } from '../services.ts';

/** What `get` answers of a path, asked whenever the path changes; undefined while there is none to ask. */
export function useAnswer<T>(
  path: string | undefined,
  get: (path: string, signal: AbortSignal) => Promise<T>,
): Loadable<T> | undefined {
  const { api } = useServices();
  const [answer, setAnswer] = useState<{ path: string; answer: Loadable<T> } | undefined>(undefined);
  useEffect(() => {
    if (path === undefined) return undefined;
    const asking = new AbortController();
    void get(path, asking.signal).then(
      (value) => setAnswer({ path, answer: ready(value, api.serverNow()) }),
      (thrown: unknown) => {
        if (!asking.signal.aborted) setAnswer({ path, answer: { status: 'failed', failure: asFailure(thrown) } });
      },
    );
    return () => asking.abort();
  }, [api, path]);
  if (path === undefined) return undefined;
  return answer?.path === path ? answer.answer : LOADING;
}
