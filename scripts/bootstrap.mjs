/**
 * Everything between a fresh clone and a running program. Runs on the Node of the host, which may be as old as 20, with nothing installed:
 * it may import `node:` modules and its neighbours only.
 *
 *   demo               the simulated fleet and the server, until Ctrl-C
 *   start …            the server alone
 *   test …             every test; arguments go to vitest
 *   build              `dist/`
 *   lint               linter, format check, unused code, types
 *   run <file.ts> …    a program of this repository, with everything the demo has
 *   exec <bin> …       a program of node_modules/.bin
 */
import path from 'node:path';
import { build } from './build.mjs';
import { provideServers, provideTestServers } from './debian.mjs';
import { currentNode, provideModules } from './modules.mjs';
import { runProgram } from './run-program.mjs';
import { Problem, say } from './say.mjs';

const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '..');
const [verb, ...rest] = process.argv.slice(2);

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof Problem)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

async function main() {
  switch (verb) {
    case 'demo': {
      const node = prepared();
      provideServers(root);
      await build(root);
      return runProgram(root, node, [path.join(root, 'evals/demo.ts'), ...rest]);
    }
    case 'start': {
      const node = prepared();
      await build(root);
      return runProgram(root, node, [path.join(root, 'dist/mcp-server/main.js'), 'serve', ...rest]);
    }
    case 'test': {
      prepared();
      provideServers(root);
      provideTestServers(root);
      await build(root);
      return runProgram(root, path.join(root, 'node_modules/.bin/vitest'), ['run', ...rest]);
    }
    case 'build':
      prepared();
      await build(root);
      return 0;
    case 'lint':
      prepared();
      for (const [bin, ...args] of [['oxlint', '--type-aware'], ['oxfmt', '--check', '.'], ['knip'], ['tsc', '-b']]) {
        const code = await runProgram(root, path.join(root, 'node_modules/.bin', bin), [...args, ...rest]);
        if (code !== 0) return code;
      }
      return 0;
    case 'run': {
      const [file, ...args] = rest;
      if (file === undefined) throw new Problem('run: name a file, such as evals/fleet/main.ts');
      const node = prepared();
      provideServers(root);
      await build(root);
      return runProgram(root, node, [path.resolve(root, file), ...args]);
    }
    case 'exec': {
      const [bin, ...args] = rest;
      if (bin === undefined) throw new Problem('exec: name a program of node_modules/.bin');
      prepared();
      return runProgram(root, path.join(root, 'node_modules/.bin', bin), args);
    }
    default:
      throw new Problem(
        `usage: node scripts/bootstrap.mjs demo | start | test | build | lint | run <file.ts> | exec <bin>`,
      );
  }
}

/** The packages of the lockfile are there; returns the Node to use. */
function prepared() {
  provideModules(root);
  const node = currentNode(root);
  say(`Node ${node.version}`);
  return node.file;
}
