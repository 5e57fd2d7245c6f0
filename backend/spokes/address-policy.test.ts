import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../model/errors.ts';
import { createAddressPolicy } from './address-policy.ts';

const byDefault = createAddressPolicy({ allow: [], deny: [] });

function codeOf(action: () => void): string {
  try {
    action();
    return 'allowed';
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
}

describe('address policy', () => {
  it.each([
    ['loopback', 'http://127.0.0.1:9090'],
    ['loopback, any of it', 'http://127.8.9.10/'],
    ['loopback in octal', 'http://0177.0.0.1/'],
    ['loopback in hex', 'http://0x7f.0.0.1/'],
    ['loopback as one hex number', 'http://0x7f000001/'],
    ['loopback as one decimal number', 'http://2130706433/'],
    ['loopback in short form', 'http://127.1/'],
    ['loopback, IPv6', 'http://[::1]/'],
    ['loopback, IPv4-mapped', 'http://[::ffff:127.0.0.1]/'],
    ['loopback, IPv4-mapped in hex', 'http://[::ffff:7f00:1]/'],
    ['loopback, IPv4-compatible', 'http://[::127.0.0.1]/'],
    ['loopback by name', 'http://localhost:9090/'],
    ['loopback by name with a trailing dot', 'http://localhost./'],
    ['loopback below localhost', 'http://spoke.localhost/'],
    ['loopback by full-width digits', 'http://１２７.０.０.１/'],
    ['metadata', 'http://169.254.169.254/latest/meta-data'],
    ['metadata in octal', 'http://0251.0376.0251.0376/'],
    ['metadata in hex', 'http://0xa9fea9fe/'],
    ['metadata in decimal', 'http://2852039166/'],
    ['metadata, IPv4-mapped', 'http://[::ffff:169.254.169.254]/'],
    ['metadata, IPv4-mapped, expanded', 'http://[0:0:0:0:0:ffff:a9fe:a9fe]/'],
    ['metadata through NAT64', 'http://[64:ff9b::a9fe:a9fe]/'],
    ['metadata through 6to4', 'http://[2002:a9fe:a9fe::1]/'],
    ['metadata, AWS over IPv6', 'http://[fd00:ec2::254]/'],
    ['metadata, Azure wire server', 'http://168.63.129.16/'],
    ['metadata, Alibaba', 'http://100.100.100.200/'],
    ['link-local', 'http://169.254.1.2/'],
    ['link-local, IPv6', 'http://[fe80::1]/'],
    ['unspecified', 'http://0.0.0.0:9090/'],
    ['unspecified, IPv6', 'http://[::]/'],
    ['unspecified in short form', 'http://0/'],
    ['multicast', 'http://224.0.0.1/'],
    ['multicast, IPv6', 'http://[ff02::1]/'],
    ['broadcast', 'http://255.255.255.255/'],
    ['a URL with a password', 'https://user:secret@prometheus.example/'],
    ['another scheme', 'file:///etc/passwd'],
    ['something that is not a URL', 'not a url'],
  ])('refuses %s', (_what, url) => {
    expect(codeOf(() => byDefault.checkUrl(url))).toBe('ADDRESS_FORBIDDEN');
  });

  it('allows private and public addresses and names, because that is where spokes live', () => {
    for (const url of [
      'https://10.1.2.3:6443',
      'http://192.168.7.7:9090',
      'https://172.16.0.9',
      'https://[fd12::7]:6443',
      'https://203.0.113.9',
      'https://api.edge-1.example:6443',
    ]) {
      expect(codeOf(() => byDefault.checkUrl(url))).toBe('allowed');
    }
  });

  it('never shows the password of a refused URL', () => {
    expect(() => byDefault.checkUrl('https://user:hunter2@prometheus.example/')).toThrow(/^(?!.*hunter2)/);
  });

  it('adds allowed blocks to the default and keeps the rest of it', () => {
    const policy = createAddressPolicy({ allow: ['127.0.0.0/8', '::1'], deny: [] });
    expect(codeOf(() => policy.checkUrl('http://127.0.0.1:9090'))).toBe('allowed');
    expect(codeOf(() => policy.checkUrl('http://localhost:9090'))).toBe('allowed');
    expect(codeOf(() => policy.checkUrl('http://[::1]:9090'))).toBe('allowed');
    expect(codeOf(() => policy.checkUrl('http://10.0.0.1'))).toBe('allowed');
    expect(codeOf(() => policy.checkUrl('http://169.254.169.254'))).toBe('ADDRESS_FORBIDDEN');
  });

  it('lets deny win over allow, by block and by name', () => {
    const policy = createAddressPolicy({
      allow: ['10.0.0.0/8', 'prom.example'],
      deny: ['10.9.0.0/16', '*.evil.example'],
    });
    expect(codeOf(() => policy.check('10.1.0.1', 'a'))).toBe('allowed');
    expect(codeOf(() => policy.check('10.9.0.1', 'a'))).toBe('ADDRESS_FORBIDDEN');
    expect(codeOf(() => policy.check('::ffff:10.9.0.1', 'a'))).toBe('ADDRESS_FORBIDDEN');
    expect(codeOf(() => policy.check('203.0.113.1', 'x.evil.example'))).toBe('ADDRESS_FORBIDDEN');
    expect(codeOf(() => policy.checkUrl('https://x.evil.example/'))).toBe('ADDRESS_FORBIDDEN');
  });

  it('lets an allowed host live on loopback but never point at a metadata service', () => {
    const policy = createAddressPolicy({ allow: ['spoke.example'], deny: [] });
    expect(codeOf(() => policy.check('127.0.0.1', 'spoke.example'))).toBe('allowed');
    expect(codeOf(() => policy.check('127.0.0.1', 'other.example'))).toBe('ADDRESS_FORBIDDEN');
    expect(codeOf(() => policy.check('169.254.169.254', 'spoke.example'))).toBe('ADDRESS_FORBIDDEN');
  });

  it('refuses a list entry that is no known form instead of ignoring it', () => {
    for (const entry of ['10.0.0.0/33', '10.0.0', 'http://x', '1.2.3.4/', '*', 'a b', '']) {
      expect(() => createAddressPolicy({ allow: [entry], deny: [] })).toThrow(/Outbound allow list/);
    }
  });

  it('treats every IPv4 address and its mapped form alike', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(codeOf(() => byDefault.check(`::ffff:${address}`, 'h'))).toBe(
          codeOf(() => byDefault.check(address, 'h')),
        );
      }),
    );
  });

  it('finds every address of a block inside it, whatever the prefix length', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 0, max: 32 }), (address, prefix) => {
        const policy = createAddressPolicy({ allow: [], deny: [`${address}/${prefix}`] });
        expect(codeOf(() => policy.check(address, 'h'))).toBe('ADDRESS_FORBIDDEN');
      }),
    );
  });

  it('never crashes on anything that parses as IPv6', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        expect(['allowed', 'ADDRESS_FORBIDDEN']).toContain(codeOf(() => byDefault.check(address, 'h')));
      }),
    );
  });
});
