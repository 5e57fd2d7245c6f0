import { stringify } from 'yaml';
import { beforeAll, describe, expect, it } from 'vitest';
import { ClusterCredentials } from '../../model/cluster.ts';
import { AppError } from '../../model/errors.ts';
import { type Certificates, makeCertificates } from '../../spokes/test-servers.ts';
import { expiryOf, jwtExpiry } from './expiry.ts';
import { resolveCredentials } from './resolve.ts';

let certificates: Certificates;
beforeAll(async () => {
  certificates = await makeCertificates();
});

const base64 = (text: string) => Buffer.from(text).toString('base64');
const jwt = (claims: unknown) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;

function kubeconfig(parts: { cluster?: object; user?: object; current?: string } = {}): string {
  const user = { token: 'canary-4711', ...parts.user };
  return stringify({
    'current-context': parts.current ?? 'prod',
    clusters: [{ name: 'c', cluster: { server: 'https://api.example:6443', ...parts.cluster } }],
    users: [
      { name: 'u', user },
      { name: 'other', user: { token: 'other-canary' } },
    ],
    contexts: [
      { name: 'prod', context: { cluster: 'c', user: 'u' } },
      { name: 'stage', context: { cluster: 'c', user: 'other' } },
    ],
  });
}
const given = (fields: object) => ClusterCredentials.parse({ auth_type: 'KUBECONFIG', ...fields });
const refusal = (fields: object, insecure = false): AppError => {
  try {
    resolveCredentials(ClusterCredentials.parse(fields), insecure);
  } catch (error) {
    if (error instanceof AppError) return error;
  }
  throw new Error('it was not refused');
};

describe('credentials as a kubeconfig', () => {
  it('are what the named context holds, else the current one, and nothing of the others', () => {
    expect(resolveCredentials(given({ kubeconfig: kubeconfig() }), false)).toEqual({
      auth_type: 'SERVICE_ACCOUNT',
      api_token: 'canary-4711',
    });
    expect(resolveCredentials(given({ kubeconfig: kubeconfig(), context: 'stage' }), false)).toEqual({
      auth_type: 'SERVICE_ACCOUNT',
      api_token: 'other-canary',
    });
  });

  it('bring the CA of their API server, and take tokens for endpoints', () => {
    const text = kubeconfig({
      cluster: { 'certificate-authority-data': base64(certificates.ca), 'tls-server-name': 'x' },
    });
    expect(resolveCredentials(given({ kubeconfig: text, loki_token: 'l' }), false)).toEqual({
      auth_type: 'SERVICE_ACCOUNT',
      api_token: 'canary-4711',
      loki_token: 'l',
      api_tls: { ca: certificates.ca, server_name: 'x' },
    });
  });

  it.each([
    ['a context that is not there', { kubeconfig: kubeconfig(), context: 'nowhere' }],
    ['no current context', { kubeconfig: kubeconfig({ current: '' }) }],
    ['a user without credentials', { kubeconfig: kubeconfig({ user: { token: '' } }) }],
    ['insecure-skip-tls-verify', { kubeconfig: kubeconfig({ cluster: { 'insecure-skip-tls-verify': true } }) }],
    [
      'a token beside user and password',
      {
        kubeconfig: kubeconfig({ user: { token: '', username: 'u', password: 'canary' } }),
        loki_token: 'l',
      },
    ],
  ])('are refused with %s, without a secret in the words', (_what, fields) => {
    const error = refusal({ auth_type: 'KUBECONFIG', ...fields });
    expect(error.code).toBe('CREDENTIALS_INVALID');
    expect(error.sentence).not.toContain('canary');
  });

  it('may skip verification where the cluster itself does', () => {
    const text = kubeconfig({ cluster: { 'insecure-skip-tls-verify': true } });
    expect(resolveCredentials(given({ kubeconfig: text }), true)).toMatchObject({ api_token: 'canary-4711' });
  });

  it('are refused with 422 when they would run a program or read a file', () => {
    for (const user of [{ exec: { command: 'sh' } }, { 'auth-provider': {} }, { tokenFile: '/etc/passwd' }])
      expect(refusal({ auth_type: 'KUBECONFIG', kubeconfig: kubeconfig({ user }) }).status).toBe(422);
  });
});

describe('credentials that cannot work', () => {
  it('are refused before they are stored, without being quoted', () => {
    const pair = { client_certificate: certificates.client.cert, client_key: certificates.client.key };
    const cases = [
      { auth_type: 'SERVICE_ACCOUNT', api_token: 'canary-4711\n' },
      { auth_type: 'NONE', prometheus_token: 'canary 4711' },
      { auth_type: 'BASIC', username: 'a:b', password: 'canary-4711' },
      { auth_type: 'MTLS', ...pair, client_key: certificates.server.key },
      { auth_type: 'MTLS', ...pair, client_key: '-----BEGIN PRIVATE KEY-----\ncanary-4711\n-----END PRIVATE KEY-----' },
      { auth_type: 'MTLS', ...pair, client_certificate: 'canary-4711' },
    ];
    for (const fields of cases) {
      const error = refusal(fields);
      expect([fields.auth_type, error.code]).toEqual([fields.auth_type, 'CREDENTIALS_INVALID']);
      expect(error.sentence).not.toContain('canary');
      expect(error.cause).toBeUndefined();
    }
    expect(resolveCredentials(ClusterCredentials.parse({ auth_type: 'MTLS', ...pair }), false)).toMatchObject(pair);
  });
});

describe('the end of credentials', () => {
  it('is what was said, else the earliest that their secrets tell', () => {
    const token = jwt({ exp: 1_900_000_000 });
    const service = { auth_type: 'SERVICE_ACCOUNT', api_token: token } as const;
    expect(expiryOf(service)).toEqual(new Date(1_900_000_000_000));
    expect(expiryOf({ ...service, loki_token: jwt({ exp: 1_800_000_000 }) })).toEqual(new Date(1_800_000_000_000));
    expect(expiryOf({ ...service, expires_at: '2030-01-01T00:00:00Z' })).toEqual(new Date('2030-01-01T00:00:00Z'));
    expect(expiryOf({ auth_type: 'SERVICE_ACCOUNT', api_token: 'sha256~opaque' })).toBeUndefined();
    expect(expiryOf({ auth_type: 'BASIC', username: 'u', password: token })).toBeUndefined();
    const { cert, key } = certificates.expired;
    const ended = expiryOf({ auth_type: 'MTLS', client_certificate: cert, client_key: key });
    expect(ended?.getTime()).toBeLessThan(Date.now() - 86_400_000);
  });

  it.each([
    'a.b.c',
    'a.bm90IGpzb24.c',
    jwt({ exp: 'soon' }),
    jwt({ exp: 1e300 }),
    jwt({ exp: -1 }),
    jwt(null),
    jwt([1]),
    '',
  ])('is not guessed from %j', (token) => expect(jwtExpiry(token)).toBeUndefined());
});
