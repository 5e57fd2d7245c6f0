import { once } from 'node:events';
import type { Server } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from './server-process.ts';

/** A server of this process on a loopback port that stays its own while it is closed. */
export interface Listener {
  /** host:port. */
  readonly address: string;
  open(): Promise<void>;
  /** Ends open connections too: to a caller it looks like a server that went away. */
  close(): Promise<void>;
}

const ATTEMPTS = 20;

/** Listens at once. */
export async function listen(createServer: () => Server): Promise<Listener> {
  let server: Server | undefined;
  const tryPort = async (port: number): Promise<boolean> => {
    const candidate = createServer();
    try {
      candidate.listen(port, '127.0.0.1');
      await once(candidate, 'listening');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
      throw error;
    }
    server = candidate;
    return true;
  };
  let port = await freePort();
  while (!(await tryPort(port))) port = await freePort();
  const address = `127.0.0.1:${port}`;
  return {
    address,
    open: async () => {
      if (server) return;
      for (let attempt = 1; !(await tryPort(port)); attempt++) {
        if (attempt === ATTEMPTS) throw new Error(`${address} is taken by another program`);
        await wait(100);
      }
    },
    close: async () => {
      const closing = server;
      if (!closing) return;
      server = undefined;
      const closed = once(closing, 'close');
      closing.close();
      closing.closeAllConnections();
      await closed;
    },
  };
}
