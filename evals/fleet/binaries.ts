import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';

export interface Binaries {
  readonly prometheus: string;
  readonly promtool: string;
  readonly alertmanager: string;
}

/** The folder that holds `package-lock.json`, above this file in the source tree as in `dist/`. */
export function repositoryRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(path.join(folder, 'package-lock.json'))) {
    const parent = path.dirname(folder);
    if (parent === folder) throw new Error(`no package-lock.json above ${import.meta.dirname}`);
    folder = parent;
  }
  return folder;
}

/** Debian's servers, from PATH or from where `scripts/bootstrap.mjs` unpacks them. Throws a sentence when one is missing. */
export function findBinaries(root = repositoryRoot()): Binaries {
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), path.join(root, '.cache/debian/usr/bin')];
  // Debian calls its Alertmanager `prometheus-alertmanager`; upstream's own archive calls it `alertmanager`.
  return {
    prometheus: find(folders, ['prometheus']),
    promtool: find(folders, ['promtool']),
    alertmanager: find(folders, ['prometheus-alertmanager', 'alertmanager']),
  };
}

/** `setpriv` of util-linux, when the machine has it. */
export function findSetpriv(): string | undefined {
  return ['/usr/bin/setpriv', '/bin/setpriv'].find(isExecutable);
}

/** A program of the machine by any of its names, from PATH. Throws a sentence when it is missing. */
export function findProgram(names: readonly string[]): string {
  return find((process.env['PATH'] ?? '').split(path.delimiter), names, `${names[0]} is not on PATH.`);
}

const FETCHED =
  '`npm run demo` and `npm test` fetch it on Debian; elsewhere install the packages prometheus and prometheus-alertmanager.';

function find(folders: readonly string[], names: readonly string[], absent?: string): string {
  for (const folder of folders) {
    for (const name of names) {
      const file = path.join(folder, name);
      if (folder !== '' && isExecutable(file)) return file;
    }
  }
  throw new Error(
    absent ?? `The simulated fleet needs ${names[0]}, which is neither on PATH nor in .cache/debian. ${FETCHED}`,
  );
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
