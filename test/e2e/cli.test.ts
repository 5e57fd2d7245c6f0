import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { acquireDataFolder } from '../../backend/platform/store/data-folder-lock.ts';
import { copyMigratedStore } from '../../backend/platform/store/test-template.ts';
import { catalog } from '../../tools/catalog.ts';
import { MAIN, eventually, runCli, startServerProcess } from '../support/server-process.ts';

let dir: string;
let env: Record<string, string>;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'aiops-cli-'));
  env = {
    PATH: process.env['PATH'] ?? '',
    HOME: dir,
    KUBECONFIG: path.join(dir, 'kubeconfig'),
    AIOPS_DATA_DIR: path.join(dir, 'data'),
    AIOPS_PORT: '0',
    AIOPS_ENCRYPTION_KEY_FILE: path.join(dir, 'key'),
  };
  await writeFile(path.join(dir, 'kubeconfig'), MIXED);
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const MIXED = stringify({
  clusters: [
    { name: 'eu', cluster: { server: 'https://eu.example:6443' } },
    { name: 'us', cluster: { server: 'https://us.example:6443', 'certificate-authority': '/nowhere/ca.pem' } },
  ],
  users: [
    { name: 'robot', user: { token: 'canary-4711' } },
    { name: 'person', user: { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'aws' } } },
  ],
  contexts: [
    { name: 'eks', context: { cluster: 'eu', user: 'person' } },
    { name: 'prod EU/west', context: { cluster: 'eu', user: 'robot' } },
    { name: 'us', context: { cluster: 'us', user: 'robot' } },
  ],
});

const aiops = (...args: string[]) => runCli(args, env);

describe('aiops cluster add', () => {
  it('lists every context with what bars those that cannot be used, and makes no data folder for that', async () => {
    const { code, stderr } = await aiops('cluster', 'add');
    expect(code).toBe(2);
    expect(stderr.split('\n').slice(1, 4)).toEqual([
      '  eks (cannot be used: user "person" has exec, which runs a program)',
      `  'prod EU/west'`,
      '  us (cannot be used: cluster "us" has certificate-authority, which names a file)',
    ]);
    expect(existsSync(path.join(dir, 'data'))).toBe(false);
  });

  it('refuses the context that has exec, and no other because of it', async () => {
    const refused = await aiops('cluster', 'add', '--context', 'eks');
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('CREDENTIALS_INVALID: Context "eks" of the kubeconfig cannot be used');
    const added = await aiops('cluster', 'add', '--context', 'prod EU/west');
    expect(added).toMatchObject({ code: 0, stderr: '' });
    expect(added.stdout).toMatch(/^Registered prod-eu-west \(\S+\)\. Its health is checked while a server runs/);
    expect(added.stdout).toContain('remove it (aiops cluster remove prod-eu-west) and add it again');
    expect((await aiops('cluster', 'remove', 'prod-eu-west')).code).toBe(0);
    const again = await aiops('cluster', 'add', '--context', 'prod EU/west', '--prometheus-url', 'https://p.example');
    expect(again.code).toBe(0);
    expect(again.stdout).not.toContain('--prometheus-url');
  });

  it('is offered at the start of an empty server for the contexts that can be used, quoted for the shell', async () => {
    const child = spawn(process.execPath, [MAIN, 'serve'], { env, stdio: ['ignore', 'pipe', 'ignore'] });
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
    try {
      await eventually('the hint', async () => printed.includes('--prometheus-url'), 60_000);
      expect(printed).toContain(`bin/aiops cluster add --context 'prod EU/west' --prometheus-url <url>\n`);
      expect(printed).toContain('1 of 3 contexts can be used');
      expect(printed).not.toMatch(/--context (?:eks|us)/);
    } finally {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
  });
});

describe('commands that only look', () => {
  it.each([[['cluster', 'list']], [['token', 'list']], [['call', 'get_fleet_summary']], [['cluster', 'remove', 'x']]])(
    'aiops %j makes no data folder, and says where there is none',
    async (args) => {
      const { code, stdout, stderr } = await aiops(...args);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toBe(
        `STORE_UNAVAILABLE: There is no data folder at ${dir}/data; start the server there once, or set AIOPS_DATA_DIR.\n`,
      );
      expect(existsSync(path.join(dir, 'data'))).toBe(false);
    },
  );

  it('aiops doctor reports the folder as missing', async () => {
    const { code, stdout } = await aiops('doctor');
    expect(code).toBe(1);
    expect(stdout).toContain(`✗ database: There is no data folder at ${dir}/data`);
    expect(existsSync(path.join(dir, 'data'))).toBe(false);
  });

  it('aiops tools lists every tool', async () => {
    const { code, stdout } = await aiops('tools');
    expect(code).toBe(0);
    for (const tool of catalog) expect(stdout).toContain(tool.description);
    expect((await aiops('call', '--help')).stdout).toContain('aiops tools');
  });

  it('aiops config check says all for toolsets that are left out', async () => {
    expect((await aiops('config', 'check')).stdout).toMatch(/^toolsets +AIOPS_TOOLSETS +all$/m);
    env['AIOPS_TOOLSETS'] = 'metrics';
    expect((await aiops('config', 'check')).stdout).toMatch(/^toolsets +AIOPS_TOOLSETS +metrics$/m);
  });
});

describe('tokens on the command line', () => {
  it('are made, listed and revoked', async () => {
    await copyMigratedStore(path.join(dir, 'data'));
    const created = await aiops('token', 'create', 'robot', '--expires', 'never');
    expect(created.stdout).toMatch(/^aiops_\S+\n$/);
    const listed = await aiops('token', 'list');
    const [, id = ''] = /^(\S+) +robot +viewer +all +never +never$/m.exec(listed.stdout) ?? [];
    expect(id).not.toBe('');
    expect(listed.stdout).not.toContain(created.stdout.trim());
    expect(await aiops('token', 'revoke', id)).toMatchObject({ code: 0, stdout: expect.stringContaining(id) });
    const twice = await aiops('token', 'revoke', id);
    expect(twice.code).toBe(1);
    expect(twice.stderr).toMatch(/^TOKEN_NOT_FOUND: .+ \(trace [0-9a-f]{32}\)\n$/s);
    expect((await aiops('token', 'list')).stdout).not.toContain('robot');
  });
});

describe('with a server', () => {
  it("an error has the trace id of the server's log, and a new cluster its check under way", async () => {
    const server = await startServerProcess({ KUBECONFIG: env['KUBECONFIG'] ?? '' });
    try {
      const { code, stderr } = await server.cli(['cluster', 'remove', 'nowhere-1']);
      expect(code).toBe(1);
      const [, trace = ''] = /^CLUSTER_NOT_FOUND: .+ \(trace ([0-9a-f]{32})\)\n$/s.exec(stderr) ?? [];
      expect(trace).not.toBe('');
      await eventually('the request is in the log', async () => server.log().includes(trace));
      const added = await server.cli(['cluster', 'add', '--context', 'prod EU/west']);
      expect(added.stdout).toContain('Its first health check is under way.');
    } finally {
      await server.stop();
    }
  });

  it('that is still starting, a command waits for it', async () => {
    const answering = createServer((_, response) => response.end('{"items":[],"total":0,"total_pages":0}'));
    answering.listen(0, '127.0.0.1');
    await once(answering, 'listening');
    const lock = await acquireDataFolder(path.join(dir, 'data')); // as a starting server holds it: without a URL
    try {
      const command = aiops('call', 'list_clusters', '--json');
      const early = await Promise.race([command, pause(2_000, 'still waiting')]);
      expect(early).toBe('still waiting');
      const { port } = answering.address() as AddressInfo; // proof: it listens on TCP
      await lock.publish({ url: `http://127.0.0.1:${port}`, token: 'local' });
      expect(await command).toMatchObject({ code: 0, stdout: expect.stringContaining('"items": []') });
    } finally {
      await lock.release();
      answering.closeAllConnections();
      answering.close();
    }
  });
});
