import { useEffect, useMemo, useRef } from 'preact/hooks';
import { ActionFailure } from '../../components/ActionFailure.tsx';
import { Banner } from '../../components/Banner.tsx';
import { Icon } from '../../components/Icon.tsx';
import { StateView } from '../../components/StateView.tsx';
import { isAmongRows, WaitingPill } from '../../components/WaitingPill.tsx';
import { useServices } from '../../services.ts';
import { createLogTail, type LogTail, MOST_LINES } from './log-tail.ts';
import { LogView } from './LogView.tsx';
import { type LogsView, tailQuery } from './logs-view.ts';

const WORDS = {
  connecting: 'Connecting',
  live: 'Live',
  reconnecting: 'Reconnecting',
  stopped: 'Stopped',
  failed: 'Refused',
} as const;

/** A tail of the query and clusters of a view; begun anew when they change, ended when the page goes. */
export function useLogTail(view: LogsView): { tail: LogTail; list: { current: HTMLDivElement | null } } {
  const { api, clock, credential, openSocket } = useServices();
  const list = useRef<HTMLDivElement>(null);
  const body = tailQuery(view);
  const key = JSON.stringify(body);
  const tail = useMemo(() => {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(body)) for (const one of [value].flat()) query.append(name, String(one));
    return createLogTail({
      plan: () => api.post('/logs/tail/plan', body),
      open: openSocket(`/api/v1/logs/tail?${query.toString()}`),
      token: () => credential.token.value,
      clock,
      random: Math.random,
      isHeld: () => isAmongRows(list.current),
    });
  }, [api, key]);
  useEffect(() => {
    if (view.query !== '') tail.start();
    return tail.stop;
  }, [tail]);
  return { tail, list };
}

/** Lines as they come, newest first. Rows stay where they are while the person is among them, or has paused. */
export function LiveLogs(props: {
  tail: LogTail;
  list: { current: HTMLDivElement | null };
  view: LogsView;
  onOpen: (key: string) => void;
  open: string;
}) {
  const { tail, list, view, open, onOpen } = props;
  const state = tail.state.value;
  const rows = tail.shown.value.filter(({ entry }) => view.levels.length === 0 || view.levels.includes(entry.level));
  const failure = tail.failure.value;
  const paused = tail.paused.value;
  if (state === 'failed' && failure) {
    // The editor says what is wrong with a query.
    return failure.code === 'INVALID_LOGQL' ? null : <ActionFailure failure={failure} />;
  }
  return (
    <>
      <div class="run-bar">
        <span class="live" data-live={state} role="status">
          <span class="live-dot" aria-hidden="true" />
          {paused ? 'Paused' : WORDS[state]}
        </span>
        {state === 'stopped' ? (
          <button type="button" class="button small" onClick={tail.start}>
            Begin again
          </button>
        ) : (
          <button type="button" class="button small" aria-pressed={paused} onClick={() => tail.pause(!paused)}>
            <Icon name={paused ? 'chevron' : 'pause'} />
            {paused ? 'Go on' : 'Pause'}
          </button>
        )}
        <span class="muted page-age">
          {tail.shown.value.length} lines, the newest {MOST_LINES} are kept
        </span>
      </div>
      <Losses tail={tail} />
      <WaitingPill
        count={tail.waiting.value}
        what={tail.waiting.value === 1 ? 'new line' : 'new lines'}
        onShow={() => {
          tail.showWaiting();
          document.documentElement.scrollTop = 0;
        }}
      />
      {rows.length === 0 && (
        <StateView
          title={tail.shown.value.length > 0 ? 'No line of these levels has come.' : 'Waiting for the first line…'}
        />
      )}
      <div ref={list}>{rows.length > 0 && <LogView {...{ rows, view, open, onOpen }} />}</div>
    </>
  );
}

/** What is missing, and who does not take part. */
function Losses({ tail }: { tail: LogTail }) {
  const { loki, server, here } = tail.dropped.value;
  const gaps = tail.gaps.value;
  const away = tail.clusters.value.filter(({ state }) => state === 'RECONNECTING' || state === 'FAILED');
  const skipped = tail.clusters.value.filter(({ state }) => state === 'SKIPPED');
  return (
    <>
      {(loki > 0 || server > 0 || here > 0 || gaps > 0 || away.length > 0) && (
        <Banner>
          <ul class="banner-list">
            {loki > 0 && <li>{loki} lines were dropped by Loki: it was read too slowly.</li>}
            {server > 0 && (
              <li>{server} lines were dropped on the server: they came faster than this browser took them.</li>
            )}
            {here > 0 && <li>{here} lines that waited had to go to make room for newer ones.</li>}
            {gaps > 0 && (
              <li>
                {gaps === 1 ? 'Once' : `${gaps} times`} the connection broke and lines of that time may be missing.
              </li>
            )}
            {away.map(({ name, state, reason }) => (
              <li key={name}>
                <b class="foreign">{name}</b> {state === 'FAILED' ? 'is not followed' : 'is being connected again'}:{' '}
                <span class="foreign">{reason}</span>
              </li>
            ))}
          </ul>
        </Banner>
      )}
      {skipped.length > 0 && (
        <details class="twin">
          <summary>{skipped.length === 1 ? '1 cluster is' : `${skipped.length} clusters are`} not followed</summary>
          <ul>
            {skipped.map(({ name, reason }) => (
              <li key={name} class="foreign">
                {name}: {reason}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}
