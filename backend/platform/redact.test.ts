import { describe, expect, it } from 'vitest';
import { redact, redactText } from './redact.ts';

const JWT = `eyJhbGciOiJSUzI1NiJ9.${'a'.repeat(40)}.${'b'.repeat(40)}`;

describe('what holds no secret', () => {
  it('is handed on as it is, and what holds one is copied only where it does', () => {
    const clean = { metric: { pod: 'a' }, values: [[1, '2']] };
    expect(redact(clean)).toBe(clean);
    const mixed = { clean, list: [clean, { token: 'abc' }] };
    const out = redact(mixed);
    expect(out).toEqual({ clean, list: [clean, { token: '[redacted]' }] });
    expect([out.clean === clean, mixed.list[1]]).toEqual([true, { token: 'abc' }]);
  });

  it('hides a secret under a key that names the prototype', () => {
    const odd: unknown = JSON.parse('{"__proto__": {"token": "abc"}, "x": "y"}');
    expect(JSON.stringify(redact(odd))).toBe('{"__proto__":{"token":"[redacted]"},"x":"y"}');
  });
});

describe('redactText', () => {
  it.each([
    ['an OpenShift token', `token sha256~${'x'.repeat(43)} used`],
    ['a JWT', `saw ${JWT} here`],
    ['an API token of ours', `aiops_${'k'.repeat(43)}`],
    ['a bearer header', `authorization: Bearer ${'t'.repeat(30)}`],
    ['a password in a URL', 'postgres://user:hunter2secret@db:5432/x'],
    ['a private key', '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----'],
  ])('removes %s', (_what, text) => {
    const out = redactText(text);
    expect(out).toContain('[redacted]');
    expect(out).not.toMatch(/x{43}|a{40}|k{43}|t{30}|hunter2|MHcCAQEE/);
  });

  it('leaves ordinary text, digests of images and metric names alone', () => {
    const text = 'image@sha256:0f1e2d container_memory_working_set_bytes{pod="checkout-5d4"} 12';
    expect(redactText(text)).toBe(text);
  });
});

describe('redact', () => {
  it('removes whatever stands under a secret key, at any depth, and keeps everything else', () => {
    const out = redact({
      cluster: 'hub-1',
      api_token: 'plain',
      nested: [{ password: ['p'], tokens_used: 12, apiToken: { v: 'x' }, clientKey: 7, passwort: 'q' }],
    });
    expect(out).toEqual({
      cluster: 'hub-1',
      api_token: '[redacted]',
      nested: [
        {
          password: '[redacted]',
          tokens_used: 12,
          apiToken: '[redacted]',
          clientKey: '[redacted]',
          passwort: '[redacted]',
        },
      ],
    });
  });

  it('leaves labels that workloads named after secrets alone, but not what looks like one in them', () => {
    const metric = { __name__: 'kube_secret_info', secret: 'db-tls', token: 'a' };
    expect(redact({ metric, labels: { password: `sha256~${'x'.repeat(43)}` } })).toEqual({
      metric,
      labels: { password: '[redacted]' },
    });
  });

  it('leaves words and log records whole', () => {
    for (const text of [
      'basic troubleshooting',
      'Basic authentication',
      '{"url":"http://prom:9090","user":"bob@example"}',
      '{"msg":"-----BEGIN PRIVATE KEY----- cut","next":1}',
    ]) {
      expect(redactText(text)).toMatch(
        text.includes('BEGIN') ? /^\{"msg":"\[redacted\]","next":1\}$/ : new RegExp(text.replaceAll(/[{}.]/g, '\\$&')),
      );
    }
  });

  it('survives a value that is nested deeper than any answer', () => {
    let deep: unknown = 'x';
    for (let i = 0; i < 200_000; i += 1) deep = [deep];
    expect(JSON.stringify(redact(deep))).toContain('[too deep]');
  });

  it('keeps what the caller says its owner may see', () => {
    expect(redact({ secret: `aiops_${'k'.repeat(43)}` }, new Set(['secret']))).toEqual({
      secret: `aiops_${'k'.repeat(43)}`,
    });
  });
});
