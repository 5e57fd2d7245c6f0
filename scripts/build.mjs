import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runStep } from './run-program.mjs';
import { say } from './say.mjs';

const FOLDERS = ['backend', 'tools', 'personas', 'mcp-server', 'evals', 'test', 'chat-ui'];
const FILES = ['package-lock.json', 'tsconfig.base.json', 'tsconfig.json'];
const MIGRATIONS = 'backend/platform/store/migrations';
const PRODUCTS = ['dist/mcp-server/main.js', 'dist/chat-ui/app/index.html', `dist/${MIGRATIONS}`];

/** `dist/` from the sources, when any of them changed since the last build that succeeded. */
export async function build(root) {
  const stampFile = path.join(root, 'dist/.build-stamp');
  const sources = hashOfSources(root);
  const current = existsSync(stampFile) && readFileSync(stampFile, 'utf8') === sources;
  if (current && PRODUCTS.every((file) => existsSync(path.join(root, file)))) return;
  say('building the server (tsc) …');
  rmSync(stampFile, { force: true });
  runStep(root, 'tsc', ['-b']);
  const migrations = path.join(root, 'dist', MIGRATIONS);
  rmSync(migrations, { recursive: true, force: true });
  cpSync(path.join(root, MIGRATIONS), migrations, { recursive: true });
  say('building the user interface (vite) …');
  runStep(root, 'vite', ['build', 'chat-ui', '--logLevel', 'warn']);
  mkdirSync(path.dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, sources);
  say('built');
}

/** SHA-256 over path and content of every source, in a fixed order. */
function hashOfSources(root) {
  const hash = createHash('sha256');
  const add = (file) =>
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(path.join(root, file)))
      .update('\0');
  const walk = (folder) => {
    const entries = readdirSync(path.join(root, folder), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const name = `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (entry.name !== 'node_modules') walk(name);
      } else if (entry.isFile()) add(name);
    }
  };
  for (const file of FILES) add(file);
  for (const folder of FOLDERS) walk(folder);
  return `${hash.digest('hex')}\n`;
}
