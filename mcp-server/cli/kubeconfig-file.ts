import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { defaultKubeconfig } from '../config.ts';

const ContextNames = z.object({ contexts: z.array(z.object({ name: z.string() })).default([]) });

/** The kubeconfig to read: the one named, else the first of KUBECONFIG, else `~/.kube/config`. */
export function kubeconfigFile(named: string | undefined, env: NodeJS.ProcessEnv): string {
  return named ?? defaultKubeconfig(env) ?? path.join(homedir(), '.kube', 'config');
}

/** Names of the contexts at hand, for a hint; none when there is no kubeconfig or it cannot be read. Reads no credential. */
export function contextsAtHand(env: NodeJS.ProcessEnv): { file: string; contexts: string[] } {
  const file = kubeconfigFile(undefined, env);
  if (!existsSync(file)) return { file, contexts: [] };
  try {
    const parsed = ContextNames.safeParse(parseYaml(readFileSync(file, 'utf8')));
    return { file, contexts: parsed.success ? parsed.data.contexts.map((c) => c.name) : [] };
  } catch {
    return { file, contexts: [] }; // only a hint: `cluster add` reports what is wrong with the file
  }
}
