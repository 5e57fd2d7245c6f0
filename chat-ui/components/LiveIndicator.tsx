import { useServices } from '../services.ts';

const WORDS = { connecting: 'Connecting', live: 'Live', reconnecting: 'Reconnecting', stopped: 'Paused' } as const;

/** Whether events arrive as they happen. The words change within the moment the socket is lost. */
export function LiveIndicator() {
  const { live } = useServices();
  const state = live.state.value;
  return (
    <span class="live" data-live={state} role="status">
      <span class="live-dot" aria-hidden="true" />
      {WORDS[state]}
      {state === 'reconnecting' && (
        <span class="dots" aria-hidden="true">
          …
        </span>
      )}
    </span>
  );
}
