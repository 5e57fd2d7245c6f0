import type { IncomingMessage, ServerResponse } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../platform/clock.ts';
import { createKubernetesClient } from '../../spokes/kubernetes.ts';
import { type Certificates, type HttpDouble, makeCertificates, startHttp } from '../../spokes/test-servers.ts';
import { loopbackTransport } from '../../spokes/test-transport.ts';
import { createInClusterTarget } from './in-cluster.ts';
import { createSecretStore } from './secret-store.ts';

const ID = '7a3cf4f4-6c7f-4a0e-9b55-0f3b7a4d2f10';
const PATH = '/api/v1/namespaces/aiops-system/secrets';

interface StoredSecret {
  metadata: { name: string; resourceVersion?: string };
  data?: Record<string, string>;
}

/** As much of an API server as Secrets need: names, versions, conflicts, one account. */
function secretsDouble() {
  const secrets = new Map<string, StoredSecret>();
  const calls: string[] = [];
  let version = 0;
  let token = 'sa-token-1';
  /** Runs once before the next write, as if another client came first. */
  let before: (() => void) | undefined;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array)); // proof: no encoding set
    const path = (request.url ?? '').split('?')[0] ?? '';
    calls.push(`${request.method} ${path}`);
    const send = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const fail = (status: number, reason: string) =>
      send(status, { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message: reason, code: status });
    if (request.headers.authorization !== `Bearer ${token}`) return void fail(401, 'Unauthorized');
    if (!path.startsWith(PATH)) return void fail(403, 'Forbidden');
    if (request.method !== 'GET') {
      before?.();
      before = undefined;
    }
    const name = path.slice(PATH.length + 1);
    const known = secrets.get(name);
    const body = chunks.length === 0 ? undefined : (JSON.parse(Buffer.concat(chunks).toString()) as StoredSecret); // proof: ours
    if (request.method === 'POST' && name === '' && body) {
      if (secrets.has(body.metadata.name)) return void fail(409, 'AlreadyExists');
      return void send(201, put(body));
    }
    if (name === '') return void fail(403, 'Forbidden');
    if (!known) return void fail(404, 'NotFound');
    if (request.method === 'GET') return void send(200, known);
    if (request.method === 'PUT' && body) {
      if (body.metadata.resourceVersion !== known.metadata.resourceVersion) return void fail(409, 'Conflict');
      return void send(200, put(body));
    }
    if (request.method === 'DELETE') {
      secrets.delete(name);
      return void send(200, { kind: 'Status', apiVersion: 'v1', status: 'Success' });
    }
    return void fail(405, 'MethodNotAllowed');
  }

  function put(secret: StoredSecret): StoredSecret {
    version += 1;
    const stored = { ...secret, metadata: { ...secret.metadata, resourceVersion: String(version) } };
    secrets.set(secret.metadata.name, stored);
    return stored;
  }

  return {
    secrets,
    calls,
    put,
    listener: (request: IncomingMessage, response: ServerResponse) => void answer(request, response),
    newToken: (next: string) => (token = next),
    beforeNextWrite: (run: () => void) => (before = run),
    keys: () => Object.keys(secrets.get(`aiops-cluster-${ID}`)?.data ?? {}).sort(),
  };
}

describe('Kubernetes Secrets as a store of sealed credentials', () => {
  let certificates: Certificates;
  let folder: string;
  let server: HttpDouble;
  let double: ReturnType<typeof secretsDouble>;
  const clock = new ManualClock();
  const transport = loopbackTransport();

  beforeAll(async () => {
    certificates = await makeCertificates();
    folder = await mkdtemp(join(tmpdir(), 'aiops-sa-'));
    await writeFile(join(folder, 'ca.crt'), certificates.ca);
  });
  beforeEach(async () => {
    double = secretsDouble();
    await writeFile(join(folder, 'token'), 'sa-token-1\n');
    server = await startHttp(double.listener, { tls: certificates.server });
  });
  afterEach(() => server.stop());
  afterAll(async () => {
    await transport.close();
    await rm(folder, { recursive: true, force: true });
  });

  function store() {
    const target = createInClusterTarget(
      { apiServerUrl: server.url, tokenFile: join(folder, 'token'), caFile: join(folder, 'ca.crt') },
      clock,
    );
    const kubernetes = createKubernetesClient(transport);
    return createSecretStore({ kubernetes, target, namespace: 'aiops-system', prefix: 'aiops-cluster-', clock });
  }
  const revision = (name: string, current?: string) => ({
    id: `r${clock.now().getTime()}-${name}`,
    sealed: `v1.sealed.${name}`,
    current,
  });

  it('keeps revisions in one Secret of the cluster and asks for nothing but that one by its name', async () => {
    const secrets = store();
    const [a, b] = [revision('aaaa'), revision('bbbb')];
    expect(await secrets.read(ID, a.id)).toBeUndefined();
    await secrets.add(ID, a);
    await secrets.add(ID, { ...b, current: a.id });
    expect(await secrets.read(ID, a.id)).toBe('v1.sealed.aaaa');
    expect(await secrets.read(ID, b.id)).toBe('v1.sealed.bbbb');
    await secrets.drop(ID, a.id);
    await secrets.drop(ID, a.id);
    expect(double.keys()).toEqual([b.id]);
    await secrets.erase(ID);
    await secrets.erase(ID);
    expect(double.secrets.size).toBe(0);
    const allowed = new Set([
      `POST ${PATH}`,
      ...['GET', 'PUT', 'DELETE'].map((method) => `${method} ${PATH}/aiops-cluster-${ID}`),
    ]);
    expect(double.calls.filter((call) => !allowed.has(call))).toEqual([]);
  });

  it('loses no revision to another writer', async () => {
    const secrets = store();
    const theirs = { data: { 'r9999999999999-them': 'eA==' } };
    const name = `aiops-cluster-${ID}`;
    const a = revision('aaaa');
    double.beforeNextWrite(() => void double.put({ metadata: { name }, ...theirs }));
    await secrets.add(ID, a);
    const b = revision('bbbb', a.id);
    double.beforeNextWrite(() => {
      const now = double.secrets.get(name);
      if (now) double.put({ ...now, data: { ...now.data, 'r9999999999998-more': 'eA==' } });
    });
    await secrets.add(ID, b);
    expect(double.keys()).toEqual([a.id, b.id, 'r9999999999998-more', 'r9999999999999-them'].sort());
    expect(
      await Promise.all(Array.from({ length: 4 }, (_, at) => secrets.add(ID, revision(`c${at}`, b.id)))),
    ).toHaveLength(4);
    expect(double.keys()).toHaveLength(8);
  });

  it('clears away what killed processes left, never what counts', async () => {
    const secrets = store();
    const [a, dead] = [revision('aaaa'), revision('dead')];
    await secrets.add(ID, a);
    await secrets.add(ID, { ...dead, current: a.id });
    await clock.advance(601_000);
    const b = revision('bbbb', a.id);
    await secrets.add(ID, b);
    expect(double.keys()).toEqual([a.id, b.id].sort());
  });

  it('reads the token of the account again when Kubernetes has renewed it', async () => {
    const secrets = store();
    const a = revision('aaaa');
    await secrets.add(ID, a);
    double.newToken('sa-token-2');
    await writeFile(join(folder, 'token'), 'sa-token-2\n');
    expect(await secrets.read(ID, a.id)).toBe('v1.sealed.aaaa');
  });

  it('says what is missing when the account may not, and when the files are not there', async () => {
    double.newToken('another');
    const error: unknown = await store()
      .add(ID, revision('aaaa'))
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', details: { reason: 'UNAUTHORIZED' } });
    expect(String(error)).not.toContain('sa-token');
    const nowhere = createInClusterTarget(
      { apiServerUrl: server.url, tokenFile: '/nowhere', caFile: '/nowhere' },
      clock,
    );
    await expect(nowhere()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});
