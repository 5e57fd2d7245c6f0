import { execFileSync } from 'node:child_process';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { AppError } from '../model/errors.ts';
import { type UsableContext, isUsable, parseKubeconfig } from './kubeconfig.ts';

let folder: string;
let certificate = '';
let key = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aiops-kubeconfig-'));
  const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')];
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-subj',
      '/CN=test',
      ...files,
    ],
    { stdio: 'ignore' },
  );
  certificate = readFileSync(join(folder, 'cert.pem'), 'utf8');
  key = readFileSync(join(folder, 'key.pem'), 'utf8');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const base64 = (text: string) => Buffer.from(text).toString('base64');

function kubeconfig(parts: { cluster?: object; user?: object; context?: object } = {}): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'prod',
    clusters: [{ name: 'prod-cluster', cluster: { server: 'https://api.example:6443', ...parts.cluster } }],
    users: [{ name: 'admin', user: { token: 'canary-4711', ...parts.user } }],
    contexts: [
      { name: 'prod', context: { cluster: 'prod-cluster', user: 'admin', namespace: 'default', ...parts.context } },
    ],
    preferences: {},
  });
}

/** Why the text as a whole, or the one context in it, cannot be used. */
const refusal = (text: string): AppError => {
  try {
    const [context] = parseKubeconfig(text);
    if (context && !isUsable(context)) return context.refusal;
  } catch (error) {
    if (error instanceof AppError) return error;
  }
  throw new Error('was not refused');
};

function only(text: string): UsableContext {
  const [context] = parseKubeconfig(text);
  if (context && isUsable(context)) return context;
  throw new Error(`is refused: ${context?.reason}`);
}

describe('kubeconfig', () => {
  it('gives its contexts in the order of the file', () => {
    expect(
      parseKubeconfig(
        kubeconfig({ cluster: { 'certificate-authority-data': base64(certificate), 'tls-server-name': 'kubernetes' } }),
      ),
    ).toEqual([
      {
        context: 'prod',
        cluster_name: 'prod-cluster',
        api_server_url: 'https://api.example:6443/',
        tls: { ca: certificate, server_name: 'kubernetes', insecure_skip_verify: false },
        insecure_skip_tls_verify: false,
        current: true,
        credentials: { auth_type: 'SERVICE_ACCOUNT', api_token: 'canary-4711' },
      },
    ]);
  });

  it('reads client certificates, user names, and users with nothing', () => {
    const mtls = { token: '', 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) };
    expect(only(kubeconfig({ user: mtls })).credentials).toEqual({
      auth_type: 'MTLS',
      client_certificate: certificate,
      client_key: key,
    });
    const basic = { token: '', username: 'u', password: 'p' };
    expect(only(kubeconfig({ user: basic })).credentials).toEqual({
      auth_type: 'BASIC',
      username: 'u',
      password: 'p',
    });
    expect(only(kubeconfig({ user: { token: '' } }))).not.toHaveProperty('credentials');
    expect(only(kubeconfig({ context: { user: '' } }))).not.toHaveProperty('credentials');
  });

  it('reports insecure-skip-tls-verify and does not follow it', () => {
    const [context] = parseKubeconfig(kubeconfig({ cluster: { 'insecure-skip-tls-verify': true } }));
    expect(context).toMatchObject({ insecure_skip_tls_verify: true, tls: { insecure_skip_verify: false } });
  });

  it('runs no exec plugin', async () => {
    const marker = join(folder, 'marker');
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: '/bin/sh', args: ['-c', `touch ${marker}`] };
    expect(refusal(kubeconfig({ user: { exec } })).message).toContain('user "admin" has exec, which runs a program');
    await expect(access(marker)).rejects.toThrow('ENOENT');
  });

  it.each([
    ['user "admin" has auth-provider,', { user: { 'auth-provider': { name: 'oidc' } } }],
    ['user "admin" has client-certificate,', { user: { 'client-certificate': '/etc/passwd' } }],
    ['user "admin" has client-key,', { user: { 'client-key': '/etc/passwd' } }],
    ['user "admin" has tokenFile,', { user: { tokenFile: '/etc/passwd' } }],
    ['user "admin" has as,', { user: { as: 'system:admin' } }],
    ['cluster "prod-cluster" has certificate-authority,', { cluster: { 'certificate-authority': '/etc/passwd' } }],
    ['cluster "prod-cluster" has proxy-url,', { cluster: { 'proxy-url': 'socks5://evil' } }],
  ])('refuses a context and says why: %s …', (field, parts) => {
    const error = refusal(kubeconfig(parts));
    expect(error).toMatchObject({ code: 'CREDENTIALS_INVALID' });
    expect(error.message).toContain(field);
    expect(error.sentence).not.toMatch(/canary|passwd|evil/);
  });

  it.each([
    ['a server that is not https', kubeconfig({ cluster: { server: 'http://api.example' } })],
    ['a password in the server URL', kubeconfig({ cluster: { server: 'https://u:canary-4711@api.example' } })],
    ['a CA that is none', kubeconfig({ cluster: { 'certificate-authority-data': base64('canary-4711') } })],
    ['half a client certificate', kubeconfig({ user: { 'client-key-data': base64('canary-4711') } })],
    ['half a password', kubeconfig({ user: { token: '', password: 'canary-4711' } })],
    ['a context without its cluster', kubeconfig({ context: { cluster: 'other' } })],
    ['a context without its user', kubeconfig({ context: { user: 'other' } })],
    ['no contexts', 'apiVersion: v1'],
    ['a number where text belongs', kubeconfig({ user: { token: 4711 } })],
    ['no YAML', 'token: "canary-4711\n  - ]'],
    ['aliases', 'a: &x canary-4711\nb: *x'],
    ['nothing', ''],
    ['two keys of one name', 'clusters: []\nclusters: [canary-4711]'],
    ['too much', `# ${'x'.repeat(1_048_576)}`],
  ])('refuses %s with CREDENTIALS_INVALID and without quoting a secret', (_what, text) => {
    const error = refusal(text);
    expect(error.code).toBe('CREDENTIALS_INVALID');
    expect(error.sentence).not.toContain('canary');
  });

  it('lists every context, and marks those that cannot be used with the reason', () => {
    const text = stringify({
      'current-context': 'eks',
      clusters: [
        { name: 'good', cluster: { server: 'https://good.example' } },
        { name: 'by-file', cluster: { server: 'https://file.example', 'certificate-authority': '/etc/passwd' } },
        { name: 'odd', cluster: 4711 },
        'no entry at all',
      ],
      users: [
        { name: 'token', user: { token: 'canary-4711' } },
        { name: 'aws', user: { exec: { command: 'aws' } } },
        { name: 'odd', user: { token: 4711 } },
      ],
      contexts: [
        { name: 'eks', context: { cluster: 'good', user: 'aws' } },
        { name: 'fine', context: { cluster: 'good', user: 'token' } },
        { name: 'file', context: { cluster: 'by-file', user: 'token' } },
        { name: 'number', context: { cluster: 'good', user: 'odd' } },
        { name: 'shape', context: { cluster: 'odd' } },
        { name: 'lost', context: { cluster: 'gone' } },
        { name: 'empty' },
      ],
    });
    const contexts = parseKubeconfig(text);
    expect(contexts.map((c) => [c.context, c.current, isUsable(c) ? 'usable' : c.reason])).toEqual([
      ['eks', true, 'user "aws" has exec, which runs a program'],
      ['fine', false, 'usable'],
      ['file', false, 'cluster "by-file" has certificate-authority, which names a file'],
      ['number', false, 'of user "odd", token is missing or of the wrong type'],
      ['shape', false, 'of cluster "odd", what it holds is missing or of the wrong type'],
      ['lost', false, 'there is no cluster "gone"'],
      ['empty', false, 'of context "empty", what it holds is missing or of the wrong type'],
    ]);
    expect(contexts[1]).toMatchObject({ credentials: { api_token: 'canary-4711' } });
    const [eks] = contexts;
    expect(eks && !isUsable(eks) && eks.refusal).toMatchObject({
      code: 'CREDENTIALS_INVALID',
      message: 'Context "eks" of the kubeconfig cannot be used: user "aws" has exec, which runs a program.',
      hint: expect.stringContaining('service account'),
    });
  });

  it('takes several files as one, in which the first to name a thing wins', () => {
    const second = stringify({
      'current-context': 'other',
      clusters: [{ name: 'prod-cluster', cluster: { server: 'https://impostor.example' } }],
      users: [{ name: 'second', user: { token: 't2' } }],
      contexts: [
        { name: 'prod', context: { cluster: 'none' } },
        { name: 'other', context: { cluster: 'prod-cluster', user: 'second' } },
      ],
    });
    expect(parseKubeconfig(kubeconfig(), '', second)).toMatchObject([
      { context: 'prod', current: true, api_server_url: 'https://api.example:6443/' },
      {
        context: 'other',
        current: false,
        api_server_url: 'https://api.example:6443/',
        credentials: { api_token: 't2' },
      },
    ]);
    expect(() => parseKubeconfig(kubeconfig(), '[')).toThrow('Kubeconfig file 2 of 2 is not YAML');
  });

  it('answers any text with contexts or CREDENTIALS_INVALID', () => {
    const attempt = (text: string) => {
      try {
        return Array.isArray(parseKubeconfig(text));
      } catch (error) {
        return error instanceof AppError && error.code === 'CREDENTIALS_INVALID';
      }
    };
    fc.assert(fc.property(fc.string({ maxLength: 200 }), attempt));
    fc.assert(
      fc.property(
        fc.object({
          key: fc.constantFrom('clusters', 'users', 'contexts', 'name', 'user', 'cluster', 'context', 'server'),
          maxDepth: 4,
        }),
        (o) => attempt(JSON.stringify(o)),
      ),
    );
  });
});
