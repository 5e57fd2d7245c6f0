import { fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { KubeCommand, type KubeCommandInput } from './kube-api/control.ts';
import { Reply } from './messages.ts';
import type { ClusterState, Request, ServerKind, Setup } from './messages.ts';

/** The fleet's end of the channel to one cluster process. */
export interface ClusterChannel {
  setUp(setup: Setup): Promise<void>;
  start(kind: ServerKind): Promise<void>;
  kill(kind: ServerKind): Promise<void>;
  /** Rejects when the cluster has no such kind of object. */
  kube(command: KubeCommandInput): Promise<void>;
  /** Resolves when the process and everything it owns is gone. Never throws; may be called again. */
  stop(): Promise<void>;
  /** As of the last answer. Throws before `setUp` has resolved. */
  state(): ClusterState;
}

const STOP_WITHIN_MS = 6000;

/** A request without its id, for each member of the union. */
type Body<T> = T extends unknown ? Omit<T, 'id'> : never;

export function spawnCluster(name: string, logFile: string): ClusterChannel {
  const log = openSync(logFile, 'w');
  // The same extension as this file: .ts from the source, .js from dist.
  const program = path.join(import.meta.dirname, `cluster${path.extname(import.meta.filename)}`);
  const child = fork(program, [], {
    // A group of its own: a Ctrl-C in the terminal reaches the fleet only, which then stops its clusters in order.
    detached: true,
    execArgv: ['--max-old-space-size=512'],
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);

  const waiting = new Map<number, { resolve(state: ClusterState): void; reject(error: Error): void }>();
  let nextId = 1;
  let current: ClusterState | undefined;
  let gone = false;
  const exited = once(child, 'exit').then(async () => {
    gone = true;
    const lastWords = (await readFile(logFile, 'utf8').catch(() => 'its log is gone')).trim().slice(-1500);
    for (const { reject } of waiting.values()) reject(new Error(`the process of cluster ${name} ended: ${lastWords}`));
    waiting.clear();
  });
  child.on('message', (message) => {
    const reply = Reply.parse(message);
    const call = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (reply.outcome === 'DONE') {
      current = reply.state;
      call?.resolve(reply.state);
    } else call?.reject(new Error(reply.message));
  });

  const ask = (body: Body<Request>): Promise<ClusterState> =>
    new Promise((resolve, reject) => {
      if (gone) {
        reject(new Error(`the process of cluster ${name} has ended`));
        return;
      }
      const id = nextId++;
      waiting.set(id, { resolve, reject });
      child.send({ id, ...body }, (error) => {
        if (error) reject(error);
      });
    });

  return {
    setUp: async (setup) => void (await ask({ verb: 'SET_UP', setup })),
    start: async (kind) => void (await ask({ verb: 'START', kind })),
    kill: async (kind) => void (await ask({ verb: 'KILL', kind })),
    kube: async (command) => void (await ask({ verb: 'KUBE', command: KubeCommand.parse(command) })),
    stop: async () => {
      if (gone) return;
      const overdue = setTimeout(() => killGroup(child.pid), STOP_WITHIN_MS);
      // An orderly stop needs a cluster that was set up; one that was not ends by the closed channel alone.
      if (current) await ask({ verb: 'STOP' }).catch(() => undefined);
      if (child.connected) child.disconnect();
      await exited;
      clearTimeout(overdue);
    },
    state: () => {
      if (!current) throw new Error(`cluster ${name} is not set up`);
      return current;
    },
  };
}

/** Ends a process that does not listen any more, with the servers in its group. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // ESRCH: it ended by itself in the meantime.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
