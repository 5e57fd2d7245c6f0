import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { AppError } from '../../backend/model/errors.ts';
import { type KubeconfigContext, isUsable, parseKubeconfig } from '../../backend/registry/kubeconfig.ts';
import { readStdin } from './read-stdin.ts';

export interface Kubeconfig {
  /** Where it was read from, for people: one file, or several joined as in KUBECONFIG. */
  readonly from: string;
  readonly contexts: KubeconfigContext[];
}

/**
 * The kubeconfig named, `-` for standard input; else those files of KUBECONFIG that exist, together; else `~/.kube/config`.
 * Throws CREDENTIALS_INVALID when there is none or it cannot be read.
 */
export async function readKubeconfig(named: string | undefined, env: NodeJS.ProcessEnv): Promise<Kubeconfig> {
  if (named === '-') return { from: 'standard input', contexts: parseKubeconfig(await readStdin()) };
  const files = named === undefined ? defaultFiles(env) : [named];
  return { from: files.join(path.delimiter), contexts: parseKubeconfig(...(await Promise.all(files.map(read)))) };
}

/** As many of the default files as exist, and all of them, to be complained about, when none does. */
function defaultFiles(env: NodeJS.ProcessEnv): string[] {
  const listed = (env['KUBECONFIG'] ?? '').split(path.delimiter).filter((file) => file !== '');
  const files = listed.length > 0 ? listed : [path.join(env['HOME'] || homedir(), '.kube', 'config')];
  const existing = files.filter((file) => existsSync(file));
  return existing.length > 0 ? existing : files;
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    throw new AppError('CREDENTIALS_INVALID', `There is no readable kubeconfig at ${file}.`, {
      hint: 'Name one with --kubeconfig.',
    });
  }
}

/** What a hint can offer: names of contexts that `cluster add` will take, and how many there are in all. */
export interface ContextsAtHand {
  readonly from: string;
  readonly usable: string[];
  readonly total: number;
}

/** Undefined when there is no kubeconfig, or it cannot be read: it is only a hint, and `cluster add` says what is wrong. */
export async function contextsAtHand(env: NodeJS.ProcessEnv): Promise<ContextsAtHand | undefined> {
  try {
    const { from, contexts } = await readKubeconfig(undefined, env);
    const usable = contexts.filter((c) => isUsable(c) && !c.insecure_skip_tls_verify).map((c) => c.context);
    return { from, usable: usable.filter((name) => !/\p{Cc}/u.test(name)), total: contexts.length };
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}

/** `text` as one word of a POSIX shell, quoted only when it has to be. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
