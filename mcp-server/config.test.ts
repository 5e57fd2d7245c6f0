import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeConfig, loadConfig } from './config.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'aiops-config-'));
const file = (name: string, content: string) => {
  const at = path.join(folder, name);
  writeFileSync(at, content);
  return at;
};

describe('loadConfig', () => {
  it('has defaults that run on loopback without a credential', () => {
    expect(loadConfig({})).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      data_dir: './data',
      auth_mode: 'none',
      log_level: 'info',
    });
  });

  it('puts the environment on top of the file', () => {
    const config = loadConfig({
      AIOPS_CONFIG: file('a.yaml', 'port: 9000\nhost: localhost\noutbound_allow: [10.0.0.0/8]\n'),
      AIOPS_PORT: '9001',
    });
    expect(config).toMatchObject({ port: 9001, host: 'localhost', outbound_allow: ['10.0.0.0/8'] });
  });

  it.each<[string, NodeJS.ProcessEnv, RegExp]>([
    ['a port that is none', { AIOPS_PORT: 'http' }, /AIOPS_PORT \(port\)/],
    ['a log level that is none', { LOG_LEVEL: 'loud' }, /LOG_LEVEL \(log_level\)/],
    ['an unknown key in the file', { AIOPS_CONFIG: file('b.yaml', 'prot: 1\n') }, /prot: unknown setting/],
    ['a file that is not there', { AIOPS_CONFIG: '/nowhere/aiops.yaml' }, /AIOPS_CONFIG: cannot read/],
    [
      'no authentication off loopback',
      { AIOPS_HOST: '0.0.0.0', AIOPS_AUTH_MODE: 'none', AIOPS_ALLOWED_HOSTS: 'x' },
      /none is allowed on loopback only/,
    ],
    ['no allowed hosts off loopback', { AIOPS_HOST: '0.0.0.0' }, /AIOPS_ALLOWED_HOSTS/],
    [
      'a public model when air-gapped',
      { AIOPS_AIR_GAPPED: 'true', LLM_LOCAL_URL: 'https://models.example.com/v1', LLM_MODEL: 'm' },
      /LLM_LOCAL_URL/,
    ],
    [
      'a public IPv6 model when air-gapped',
      { AIOPS_AIR_GAPPED: 'true', LLM_LOCAL_URL: 'http://[2606:4700:4700::1111]/v1', LLM_MODEL: 'm' },
      /LLM_LOCAL_URL/,
    ],
    [
      'a public name that looks like an address when air-gapped',
      { AIOPS_AIR_GAPPED: 'true', LLM_LOCAL_URL: 'https://10.evil.example.com/v1', LLM_MODEL: 'm' },
      /LLM_LOCAL_URL/,
    ],
    ['a database port that is none', { POSTGRES_HOST: 'db', POSTGRES_PORT: 'abc' }, /POSTGRES_PORT/],
    ['a provider without its URL', { LLM_PROVIDER: 'openai-compatible' }, /needs LLM_LOCAL_URL and LLM_MODEL/],
  ])('refuses %s in one line that names it', (_what, env, message) => {
    expect(() => loadConfig(env)).toThrow(message);
    expect(() => loadConfig(env)).not.toThrow(/\n/);
  });

  it('asks for tokens off loopback', () => {
    expect(loadConfig({ AIOPS_HOST: '0.0.0.0', AIOPS_ALLOWED_HOSTS: 'aiops.example.com' }).auth_mode).toBe('token');
  });

  it('reads secrets from files and builds the database URL from its parts', () => {
    const config = loadConfig({
      POSTGRES_HOST: 'db',
      POSTGRES_USER: 'u',
      POSTGRES_PASSWORD_FILE: file('pw', 's3cr&t\n'),
      POSTGRES_DATABASE: 'd',
    });
    expect(config.database_url).toBe('postgres://u:s3cr%26t@db:5432/d');
    const shown = describeConfig(config)
      .map((row) => row.value)
      .join(' ');
    expect(shown).toContain('postgres://u:***@db:5432/d');
    expect(shown).not.toContain('s3cr');
  });

  it('takes an IPv6 address and a socket folder as database host, and a file where the variable is empty', () => {
    expect(loadConfig({ POSTGRES_HOST: 'fd00::1' }).database_url).toBe('postgres://aiops@[fd00::1]:5432/aiops');
    expect(loadConfig({ POSTGRES_HOST: '/run/postgresql' }).database_url).toContain('?host=%2Frun%2Fpostgresql');
    expect(loadConfig({ DATABASE_URL: '', DATABASE_URL_FILE: file('url', 'postgres://u:p@h/d\n') }).database_url).toBe(
      'postgres://u:p@h/d',
    );
  });

  it('shows no secret of any URL', () => {
    const shown = JSON.stringify(
      describeConfig(
        loadConfig({
          DATABASE_URL: 'postgres://u:p@ss-secret@h/d?password=hunter2',
          OTEL_EXPORTER_OTLP_ENDPOINT: 'http://me:hunter3@otel:4318',
        }),
      ),
    );
    expect(shown).not.toMatch(/ss-secret|hunter2|hunter3/);
  });
});
