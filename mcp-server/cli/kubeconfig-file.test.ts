import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { contextsAtHand, readKubeconfig, shellWord } from './kubeconfig-file.ts';

let home: string;
const file = (name: string) => path.join(home, name);
beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'aiops-kube-'));
  await mkdir(file('.kube'));
  await writeFile(file('.kube/config'), kubeconfig('home', { token: 't' }));
  await writeFile(file('a'), kubeconfig('prod EU/west', { token: 't' }));
  await writeFile(file('b'), kubeconfig('eks', { exec: { command: 'aws' } }));
  await writeFile(file('bad'), 'a: [');
});
afterAll(() => rm(home, { recursive: true, force: true }));

function kubeconfig(name: string, user: object): string {
  return stringify({
    clusters: [{ name, cluster: { server: 'https://api.example' } }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  });
}

const names = async (named: string | undefined, env: NodeJS.ProcessEnv) =>
  (await readKubeconfig(named, { HOME: home, ...env })).contexts.map((c) => c.context);

describe('which kubeconfig is read', () => {
  it('is the one named, else all of KUBECONFIG that exist, else the one at home', async () => {
    const KUBECONFIG = [file('nowhere'), file('a'), '', file('b')].join(path.delimiter);
    expect(await names(file('b'), { KUBECONFIG })).toEqual(['eks']);
    expect(await names(undefined, { KUBECONFIG })).toEqual(['prod EU/west', 'eks']);
    expect(await names(undefined, {})).toEqual(['home']);
    expect(await names(undefined, { KUBECONFIG: '' })).toEqual(['home']);
  });

  it('is refused by its name when there is none', async () => {
    await expect(names(undefined, { KUBECONFIG: file('nowhere') })).rejects.toThrow(file('nowhere'));
    await expect(names(file('nowhere'), {})).rejects.toMatchObject({ code: 'CREDENTIALS_INVALID' });
  });
});

describe('the contexts of a hint', () => {
  it('are those that can be used', async () => {
    const KUBECONFIG = `${file('b')}${path.delimiter}${file('a')}`;
    expect(await contextsAtHand({ KUBECONFIG })).toEqual({ from: KUBECONFIG, usable: ['prod EU/west'], total: 2 });
    expect(await contextsAtHand({ KUBECONFIG: file('bad') })).toBeUndefined();
    expect(await contextsAtHand({ HOME: file('nowhere') })).toBeUndefined();
  });
});

describe('a word for the shell', () => {
  it.each(['prod', 'admin@prod.example:6443', 'prod EU/west', "it's", '$(touch x)', 'a;b', '*', '', '-n'])(
    'is %j again once the shell has read it',
    (text) => {
      expect(execFileSync('sh', ['-c', `printf '%s' ${shellWord(text)}`], { encoding: 'utf8' })).toBe(text);
    },
  );

  it('is quoted only when it has to be', () => {
    expect(shellWord('admin@prod.example')).toBe('admin@prod.example');
    expect(shellWord('prod EU/west')).toBe(`'prod EU/west'`);
  });
});
