import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { Problem } from './say.mjs';

const SETPRIV = '/usr/bin/setpriv';
const SAME_SIGNAL_MS = 500;

/** The environment of our programs: `node` and every tool come from node_modules/.bin first. */
export function environment(root) {
  return { ...process.env, PATH: `${path.join(root, 'node_modules/.bin')}${path.delimiter}${process.env.PATH ?? ''}` };
}

/**
 * Runs a program to its end and gives its exit code. SIGINT, SIGTERM and SIGHUP are passed on, each once: the program has a
 * process group of its own, because Ctrl-C comes from the terminal and from npm at the same time, and twice means "at once".
 */
export function runProgram(root, file, args) {
  // With util-linux the kernel tells the program to stop when this process is killed without warning.
  const command = existsSync(SETPRIV) ? [SETPRIV, '--pdeathsig', 'TERM', '--', file, ...args] : [file, ...args];
  const child = spawn(command[0], command.slice(1), {
    cwd: root,
    env: environment(root),
    stdio: 'inherit',
    detached: true,
  });
  const lastSeen = new Map();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      const repeated = performance.now() - (lastSeen.get(signal) ?? Number.NEGATIVE_INFINITY) < SAME_SIGNAL_MS;
      lastSeen.set(signal, performance.now());
      if (!repeated) child.kill(signal);
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new Problem(`${file} could not be started: ${error.message}`)));
    child.once('exit', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}

/** A step of the way: its output goes to stderr, and its failure ends everything. */
export function runStep(root, bin, args) {
  const file = path.join(root, 'node_modules/.bin', bin);
  const result = spawnSync(file, args, { cwd: root, env: environment(root), stdio: ['ignore', 2, 2] });
  if (result.error) throw new Problem(`${bin} could not be started: ${result.error.message}`);
  if (result.status !== 0) throw new Problem(`${bin} ${args.join(' ')} failed; what it said stands above.`);
}
