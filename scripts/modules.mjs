import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Problem, say } from './say.mjs';

/** `node_modules` as the lockfile has it: `npm ci` when the lockfile changed since the last one, or when there was none. */
export function provideModules(root) {
  const stampFile = path.join(root, 'node_modules/.aiops-lock-hash');
  const lock = createHash('sha256')
    .update(readFileSync(path.join(root, 'package-lock.json')))
    .digest('hex');
  const wanted = `${lock} ${process.platform}-${process.arch}\n`;
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return;
  say('installing npm packages …');
  // An older npm warns that its Node is not the one the packages ask for; that one is among them.
  const result = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (result.error) throw new Problem(`npm could not be started: ${result.error.message}`);
  if (result.status !== 0)
    throw new Problem('npm ci failed; what it said stands above. The package registry must be reachable.');
  writeFileSync(stampFile, wanted);
}

/** The Node that the programs run on: the one among the packages, else the running one when it is new enough. */
export function currentNode(root) {
  const own = path.join(root, `node_modules/node-linux-${process.arch}/bin/node`);
  if (process.platform === 'linux' && existsSync(own)) {
    const { version } = JSON.parse(
      readFileSync(path.join(root, `node_modules/node-linux-${process.arch}/package.json`), 'utf8'),
    );
    return { file: own, version };
  }
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 24 || (major === 24 && minor >= 15)) return { file: process.execPath, version: process.versions.node };
  throw new Problem(
    `Node 24.15 or newer is needed; this one is ${process.versions.node}, and npm has none for ${process.platform}-${process.arch}.`,
  );
}
