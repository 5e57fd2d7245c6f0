import type { ServerResponse } from 'node:http';
import { statusObject } from './answers.ts';
import { groupVersionOf } from './kinds.ts';
import type { ObjectRoute } from './route.ts';
import { fieldSelector, labelSelector } from './selectors.ts';
import type { Change, KubeObject, ObjectStore } from './store.ts';

export interface WatchOptions {
  readonly bookmarkMs: number;
  /** The stream is cut off after so many milliseconds, in the middle of an event. */
  readonly cutAfterMs: number | undefined;
  readonly expired: boolean;
}

/** Streams changes until the time is up or the caller goes away. wire.md §5.1. */
export function streamChanges(
  store: ObjectStore,
  route: ObjectRoute,
  query: URLSearchParams,
  response: ServerResponse,
  options: WatchOptions,
): void {
  const { kind, namespace, name } = route;
  const byLabel = labelSelector(query.get('labelSelector') ?? '') ?? (() => true);
  const byField = fieldSelector(query.get('fieldSelector') ?? '') ?? (() => true);
  const fits = (object: KubeObject) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    (name === undefined || object.metadata.name === name) &&
    byLabel(object) &&
    byField(object);
  const send = (type: string, object: unknown) => response.write(`${JSON.stringify({ type, object })}\n`);
  const pass = ({ type, object }: Change) => {
    if (fits(object)) send(type, object);
  };

  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  const from = query.get('resourceVersion') ?? '';
  const changes = from === '' || from === '0' ? undefined : store.changesSince(kind, Number(from));
  if (options.expired || (from !== '' && from !== '0' && !changes)) {
    send('ERROR', statusObject(410, 'Expired', `too old resource version: ${from} (${store.revision()})`));
    response.end();
    return;
  }
  // Without a place to start from, a watch first tells everything there is.
  for (const change of changes ??
    store.list(kind).map((object) => ({ type: 'ADDED' as const, object, resourceVersion: 0 })))
    pass(change);

  const timers: NodeJS.Timeout[] = [];
  const unsubscribe = store.subscribe(kind, pass);
  const stop = () => {
    unsubscribe();
    for (const timer of timers) clearTimeout(timer);
  };
  response.once('close', stop);
  if (query.get('allowWatchBookmarks') === 'true') {
    const bookmark = () =>
      send('BOOKMARK', {
        kind: kind.kind,
        apiVersion: groupVersionOf(kind),
        metadata: { resourceVersion: String(store.revision()), creationTimestamp: null },
      });
    timers.push(setInterval(bookmark, options.bookmarkMs));
  }
  const seconds = Number(query.get('timeoutSeconds') ?? '1800');
  timers.push(setTimeout(() => response.end(), seconds * 1000));
  if (options.cutAfterMs !== undefined) {
    const cut = () => {
      stop(); // what came after half an event would not be a cut
      response.write('{"type":"MODIFIED","object":{"kind":');
      setImmediate(() => response.destroy());
    };
    timers.push(setTimeout(cut, options.cutAfterMs));
  }
}
