import { describe, expect, it } from 'vitest';
import {
  AUTH_TYPES,
  credentialProblems,
  credentialsOf,
  EMPTY_CREDENTIALS,
  fieldsOf,
  isEmpty,
} from './credentials-form.ts';

describe('the form of credentials', () => {
  it.each(AUTH_TYPES)('%s asks for what is missing and sends only its own fields', (auth_type) => {
    const required = fieldsOf(auth_type).filter((f) => f.required);
    const empty = { ...EMPTY_CREDENTIALS, auth_type };
    expect([...credentialProblems(empty).keys()]).toEqual(required.map((f) => f.name));
    const filled = {
      ...empty,
      values: {
        ...Object.fromEntries(required.map((f) => [f.name, `${f.name}-value`])),
        api_token: 'left over',
        prometheus_token: ' p ',
      },
    };
    const own = Object.fromEntries(
      required.map((f) => [f.name, f.name === 'api_token' ? 'left over' : `${f.name}-value`]),
    );
    const tokens = auth_type === 'BASIC' ? {} : { prometheus_token: 'p' };
    expect(credentialsOf(filled)).toEqual({ auth_type, ...own, ...tokens });
  });

  it('keeps the spaces of a password and of nothing else', () => {
    const form = { ...EMPTY_CREDENTIALS, auth_type: 'BASIC' as const, values: { username: ' u ', password: ' p ' } };
    expect(credentialsOf(form)).toEqual({ auth_type: 'BASIC', username: 'u', password: ' p ' });
  });

  it('sends an end in UTC', () => {
    const form = { ...EMPTY_CREDENTIALS, values: { api_token: 't' }, expires: '2026-05-01T12:00' };
    expect(credentialsOf(form)).toMatchObject({ expires_at: new Date('2026-05-01T12:00').toISOString() });
  });

  it('is empty only when there is nothing to store', () => {
    expect(isEmpty({ ...EMPTY_CREDENTIALS, auth_type: 'NONE' })).toBe(true);
    expect(isEmpty({ ...EMPTY_CREDENTIALS, auth_type: 'NONE', values: { loki_token: 'l' } })).toBe(false);
    expect(isEmpty(EMPTY_CREDENTIALS)).toBe(false);
  });
});
