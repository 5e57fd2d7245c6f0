import { execFileSync } from 'node:child_process';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { AppError } from '../model/errors.ts';
import { parseKubeconfig } from './kubeconfig.ts';

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

const refusal = (text: string): AppError => {
  try {
    parseKubeconfig(text);
  } catch (error) {
    if (error instanceof AppError) return error;
  }
  throw new Error('was not refused');
};

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
    expect(parseKubeconfig(kubeconfig({ user: mtls }))[0]?.credentials).toEqual({
      auth_type: 'MTLS',
      client_certificate: certificate,
      client_key: key,
    });
    const basic = { token: '', username: 'u', password: 'p' };
    expect(parseKubeconfig(kubeconfig({ user: basic }))[0]?.credentials).toEqual({
      auth_type: 'BASIC',
      username: 'u',
      password: 'p',
    });
    expect(parseKubeconfig(kubeconfig({ user: { token: '' } }))[0]).not.toHaveProperty('credentials');
    expect(parseKubeconfig(kubeconfig({ context: { user: '' } }))[0]).not.toHaveProperty('credentials');
  });

  it('reports insecure-skip-tls-verify and does not follow it', () => {
    const [context] = parseKubeconfig(kubeconfig({ cluster: { 'insecure-skip-tls-verify': true } }));
    expect(context).toMatchObject({ insecure_skip_tls_verify: true, tls: { insecure_skip_verify: false } });
  });

  it('runs no exec plugin', async () => {
    const marker = join(folder, 'marker');
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: '/bin/sh', args: ['-c', `touch ${marker}`] };
    expect(refusal(kubeconfig({ user: { exec } })).message).toContain('users[0].user.exec');
    await expect(access(marker)).rejects.toThrow('ENOENT');
  });

  it.each([
    ['users[0].user.auth-provider', { user: { 'auth-provider': { name: 'oidc' } } }],
    ['users[0].user.client-certificate', { user: { 'client-certificate': '/etc/passwd' } }],
    ['users[0].user.client-key', { user: { 'client-key': '/etc/passwd' } }],
    ['users[0].user.tokenFile', { user: { tokenFile: '/etc/passwd' } }],
    ['users[0].user.as', { user: { as: 'system:admin' } }],
    ['clusters[0].cluster.certificate-authority', { cluster: { 'certificate-authority': '/etc/passwd' } }],
    ['clusters[0].cluster.proxy-url', { cluster: { 'proxy-url': 'socks5://evil' } }],
  ])('refuses %s and names it', (field, parts) => {
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
