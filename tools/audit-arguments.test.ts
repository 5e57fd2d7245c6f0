import { describe, expect, it } from 'vitest';
import { auditArguments } from './audit-arguments.ts';
import { setClusterCredentials } from './clusters/set-cluster-credentials.ts';

const kept = (input: unknown) => auditArguments(setClusterCredentials, input);

describe('what the audit log keeps of an input', () => {
  it('is who and what, without the secrets', () => {
    expect(kept({ cluster: 'a-1', auth_type: 'BASIC', username: 'u', password: 'canary' })).toEqual({
      cluster: 'a-1',
      auth_type: 'BASIC',
      username: 'u',
      password: '[redacted]',
    });
  });

  it('is nothing that could hold a secret when the input is wrong', () => {
    const wrong = { pasword: 'canary', api_token: ['canary'], kubeconfig: { users: 'canary' }, client_secret: 4711 };
    expect(kept(wrong)).toEqual({
      pasword: '[not an argument]',
      api_token: '[redacted]',
      kubeconfig: '[redacted]',
      client_secret: '[redacted]',
    });
    expect([kept('canary'), kept(['canary']), kept(undefined), kept(null)]).toEqual([
      '[not an object]',
      '[not an object]',
      {},
      {},
    ]);
  });
});
