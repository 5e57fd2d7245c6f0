import { useEffect, useMemo } from 'preact/hooks';
import { useServices } from '../services.ts';
import { type ClusterStore, createClusterStore } from './cluster-store.ts';

/** The store of one cluster for as long as the component is there: polls, hears events, and fetches after a reconnect. */
export function useCluster(name: string): ClusterStore {
  const { api, clock, events, live } = useServices();
  const store = useMemo(() => createClusterStore(api, clock, name), [api, clock, name]);
  useEffect(() => {
    const stopPolling = store.poll(() => document.visibilityState === 'visible');
    const stopListening = events.subscribe(store.onEvent);
    const stopWatching = live.state.subscribe((state) => {
      if (state === 'live') void store.refresh();
    });
    return () => {
      stopPolling();
      stopListening();
      stopWatching();
    };
  }, [store]);
  return store;
}
