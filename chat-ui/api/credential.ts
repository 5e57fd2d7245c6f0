import { type ReadonlySignal, signal } from '@preact/signals';

const KEY = 'aiops.token';

/**
 * The API token of this browser tab. It lives in memory and in sessionStorage, so that a reload keeps it and closing the
 * tab forgets it; never in localStorage, a cookie or a URL. `required` turns true when the server refuses a call with 401.
 */
export interface Credential {
  readonly token: ReadonlySignal<string | undefined>;
  readonly required: ReadonlySignal<boolean>;
  set(token: string): void;
  /** Forgets the token; the next refused call asks for one. */
  clear(): void;
  /** The server refused `sentWith`. An answer to an older token is not news. */
  refused(sentWith: string | undefined): void;
}

export function createCredential(storage: Storage | undefined): Credential {
  const token = signal<string | undefined>(read(storage));
  const required = signal(false);
  return {
    token,
    required,
    set: (value) => {
      token.value = value;
      required.value = false;
      write(storage, value);
    },
    clear: () => {
      token.value = undefined;
      write(storage, undefined);
    },
    refused: (sentWith) => {
      if (sentWith === token.value) required.value = true;
    },
  };
}

// A browser may forbid storage altogether; memory alone still works until the next reload.
function read(storage: Storage | undefined): string | undefined {
  try {
    return storage?.getItem(KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

function write(storage: Storage | undefined, token: string | undefined): void {
  try {
    if (token === undefined) storage?.removeItem(KEY);
    else storage?.setItem(KEY, token);
  } catch {
    return;
  }
}
