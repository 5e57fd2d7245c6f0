import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createKubernetesClient } from './kubernetes.ts';
import { type Certificates, type HttpDouble, makeCertificates, startHttp } from './test-servers.ts';
import { loopbackTransport, targetAt } from './test-transport.ts';

const transport = loopbackTransport();
const client = createKubernetesClient(transport);
const limits = { timeoutMs: 5_000 };
let certificates: Certificates;
const servers: HttpDouble[] = [];

/** An API server double over TLS; bodies are those of wire.md 5.1. */
async function target(answer: (url: URL, response: ServerResponse) => void) {
  const server = await startHttp((request, response) => answer(new URL(request.url ?? '', 'https://x'), response), {
    tls: certificates.server,
  });
  servers.push(server);
  return { ...targetAt(server.url, 'API'), tls: { ca: certificates.ca, insecure_skip_verify: false } };
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function namespaceList(names: string[], token?: string) {
  return {
    kind: 'NamespaceList',
    apiVersion: 'v1',
    metadata: { resourceVersion: '1', ...(token === undefined ? {} : { continue: token }) },
    items: names.map((name) => ({ metadata: { name } })),
  };
}

beforeAll(async () => {
  certificates = await makeCertificates();
});
afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop())));
afterAll(() => transport.close());

describe('Kubernetes client', () => {
  it('reads the version', async () => {
    const at = await target((_url, response) =>
      json(response, 200, {
        major: '1',
        minor: '31+',
        gitVersion: 'v1.31.4',
        goVersion: 'go1.22',
        platform: 'linux/amd64',
      }),
    );
    expect(await client.version(at, limits)).toEqual({ gitVersion: 'v1.31.4', major: '1', minor: '31+' });
  });

  it('is ready on 200, and names the failing checks otherwise', async () => {
    const up = await target((_url, response) => response.end('ok'));
    await expect(client.readyz(up, limits)).resolves.toBeUndefined();
    const down = await target((_url, response) =>
      response
        .writeHead(500)
        .end(
          '[+]ping ok\n[-]etcd failed: reason withheld\n[-]poststarthook/rbac failed: reason withheld\nreadyz check failed',
        ),
    );
    await expect(client.readyz(down, limits)).rejects.toThrow('"etcd, poststarthook/rbac"');
  });

  it('lists namespaces over all pages', async () => {
    const at = await target((url, response) => {
      expect(url.searchParams.get('limit')).toBe('500');
      json(
        response,
        200,
        url.searchParams.get('continue') === 'p2'
          ? namespaceList(['kube-system'])
          : namespaceList(['default', 'apps'], 'p2'),
      );
    });
    expect(await client.namespaces(at, limits)).toEqual(['apps', 'default', 'kube-system']);
  });

  it('starts over when a page has expired, but not for ever', async () => {
    let asked = 0;
    const expired = {
      kind: 'Status',
      status: 'Failure',
      reason: 'Expired',
      message: 'the continue token is too old',
      code: 410,
    };
    const once = await target((url, response) => {
      asked += 1;
      if (url.searchParams.has('continue') && asked < 3) json(response, 410, expired);
      else json(response, 200, url.searchParams.has('continue') ? namespaceList(['b']) : namespaceList(['a'], 't'));
    });
    expect(await client.namespaces(once, limits)).toEqual(['a', 'b']);
    const always = await target((url, response) =>
      url.searchParams.has('continue') ? json(response, 410, expired) : json(response, 200, namespaceList(['a'], 't')),
    );
    await expect(client.namespaces(always, limits)).rejects.toThrow('the continue token is too old');
  });

  it('tells missing from insufficient credentials', async () => {
    const status = (code: number, reason: string) => ({
      kind: 'Status',
      status: 'Failure',
      message: `namespaces is forbidden`,
      reason,
      code,
    });
    const anonymous = await target((_url, response) => json(response, 401, status(401, 'Unauthorized')));
    const weak = await target((_url, response) => json(response, 403, status(403, 'Forbidden')));
    await expect(client.namespaces(anonymous, limits)).rejects.toMatchObject({
      code: 'SPOKE_ERROR',
      details: { reason: 'UNAUTHORIZED' },
    });
    await expect(client.namespaces(weak, limits)).rejects.toMatchObject({
      code: 'SPOKE_ERROR',
      details: { reason: 'FORBIDDEN' },
    });
  });

  it('refuses what no API server says', async () => {
    const at = await target((_url, response) => json(response, 200, { hello: 'world' }));
    await expect(client.version(at, limits)).rejects.toMatchObject({
      code: 'SPOKE_ERROR',
      details: { reason: 'SHAPE' },
    });
  });
});
