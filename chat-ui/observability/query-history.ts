import { type ReadonlySignal, signal } from '@preact/signals';

/** Questions kept of each kind. */
const MOST = 30;
/** A question that is longer is not kept. */
const LONGEST = 4000;

export type QueryKind = 'promql' | 'traceql' | 'logql';

/** Questions that were asked in this browser, newest first, each once. They are kept in local storage and go nowhere else. */
export interface QueryHistory {
  of(kind: QueryKind): ReadonlySignal<readonly string[]>;
  add(kind: QueryKind, query: string): void;
  clear(kind: QueryKind): void;
}

export function createQueryHistory(storage: Storage | undefined): QueryHistory {
  const kinds = {
    promql: signal(read(storage, 'promql')),
    traceql: signal(read(storage, 'traceql')),
    logql: signal(read(storage, 'logql')),
  };
  const keep = (kind: QueryKind, queries: readonly string[]) => {
    kinds[kind].value = queries;
    try {
      storage?.setItem(keyOf(kind), JSON.stringify(queries));
    } catch {
      return; // storage is full or forbidden: the history lasts until the next reload
    }
  };
  return {
    of: (kind) => kinds[kind],
    add: (kind, query) => {
      const text = query.trim();
      if (text === '' || text.length > LONGEST) return;
      keep(kind, [text, ...kinds[kind].value.filter((known) => known !== text)].slice(0, MOST));
    },
    clear: (kind) => keep(kind, []),
  };
}

const keyOf = (kind: QueryKind) => `aiops.history.${kind}`;

function read(storage: Storage | undefined, kind: QueryKind): readonly string[] {
  try {
    const stored: unknown = JSON.parse(storage?.getItem(keyOf(kind)) ?? '[]');
    if (!Array.isArray(stored)) return [];
    return stored
      .filter((query): query is string => typeof query === 'string' && query.length <= LONGEST)
      .slice(0, MOST);
  } catch {
    return []; // what somebody else wrote there is no history
  }
}
