import type { IncomingMessage, RequestListener } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, ClusterCreate, type ClusterCredentials } from '../../model/cluster.ts';
import { testCluster } from '../../model/test-cluster.ts';
import { systemClock } from '../../platform/clock.ts';
import { createAddressPolicy } from '../../spokes/address-policy.ts';
import type { UsableCredentials } from '../../spokes/auth.ts';
import { createSpokes } from '../../spokes/spokes.ts';
import { type Certificates, type HttpDouble, makeCertificates, startHttp } from '../../spokes/test-servers.ts';
import { loopbackTransport } from '../../spokes/test-transport.ts';
import { createCredentials } from './credentials.ts';
import type { NewCredentials } from './vault.ts';

const servers: HttpDouble[] = [];
const transport = loopbackTransport();
const never = new AbortController().signal;
let certificates: Certificates;

beforeAll(async () => {
  certificates = await makeCertificates();
});
afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop())));
afterAll(() => transport.close());

type Behaviour = 'up' | 'down' | 'login' | 'broken';

/** A cluster whose every service knows some tokens; what each may is told by its name. */
async function fleet(endpoints: (keyof Cluster['endpoints'])[] = ['prometheus_url']) {
  const behaviour: Record<string, Behaviour> = {};
  const known = new Set(['good-token', 'old-token', 'weak-token']);
  const tokenOf = (request: IncomingMessage) => (request.headers.authorization ?? '').replace('Bearer ', '');
  const service =
    (name: string, answer: (path: string, token: string, body: string) => object | undefined): RequestListener =>
    (request, response) => {
      if (behaviour[name] === 'down') return void request.socket.destroy();
      if (behaviour[name] === 'login') return void response.writeHead(302, { location: '/login' }).end();
      if (behaviour[name] === 'broken') return void response.writeHead(503).end('no');
      const chunks: Buffer[] = [];
      request
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .on('end', () => {
          const token = tokenOf(request);
          const body = known.has(token)
            ? answer(request.url ?? '', token, Buffer.concat(chunks).toString())
            : undefined;
          const status = body ? (request.method === 'POST' ? 201 : 200) : known.has(token) ? 403 : 401;
          response.writeHead(status, { 'content-type': 'application/json' });
          response.end(
            JSON.stringify(body ?? { kind: 'Status', status: 'Failure', message: `no: ${token}`, code: status }),
          );
        });
    };
  const api = service('API', (path, token, body) => {
    const kind = path.includes('selfsubjectreviews') ? 'SelfSubjectReview' : 'SelfSubjectAccessReview';
    const sent = JSON.parse(body === '' ? '{}' : body) as { spec?: { resourceAttributes?: { resource?: string } } }; // proof: our own client
    const allowed = token !== 'weak-token' || sent.spec?.resourceAttributes?.resource !== 'nodes';
    const status = kind === 'SelfSubjectReview' ? { userInfo: { username: 'reader', groups: [] } } : { allowed };
    return { apiVersion: 'v1', kind, metadata: {}, spec: {}, status };
  });
  const answers: Record<string, (path: string, token: string) => object | undefined> = {
    prometheus_url: (_path, token) =>
      token === 'weak-token' ? undefined : { status: 'success', data: { resultType: 'scalar', result: [0, '1'] } },
    alertmanager_url: () => [],
    loki_url: () => ({ status: 'success', data: [] }),
    tempo_url: () => ({ traces: [] }),
  };
  const start = async (listener: RequestListener) => {
    const server = await startHttp(listener, { tls: certificates.server });
    servers.push(server);
    return server.url;
  };
  const cluster = testCluster('a-1', {
    api_server_url: await start(api),
    tls: { ca: certificates.ca, insecure_skip_verify: false },
    has_credentials: true,
    endpoints: Object.fromEntries(
      await Promise.all(
        endpoints.map(async (name) => [name, await start(service(name, answers[name] ?? (() => undefined)))]),
      ),
    ),
  });

  let stored: UsableCredentials | undefined = { auth_type: 'SERVICE_ACCOUNT', api_token: 'old-token' };
  const puts: { given: NewCredentials; action: string }[] = [];
  const vault = {
    get: async () => stored,
    put: async (_id: string, given: NewCredentials, action: 'SET' | 'ROTATED') => {
      puts.push({ given, action });
      stored = given.credentials;
    },
    remove: async () => void (stored = undefined),
    erase: async () => undefined,
    rewrap: async () => ({ rewrapped: 0, failed: [] }),
    keysInUse: async () => new Map<number, number>(),
  };
  const spokes = createSpokes({ transport, credentialsOf: vault.get });
  const credentials = createCredentials({
    vault,
    registry: { get: async () => cluster },
    spokes,
    policy: createAddressPolicy({ allow: ['127.0.0.0/8'], deny: [] }),
    clock: systemClock,
  });
  const ask = async () => {
    const target = await spokes.target(cluster, 'PROMETHEUS');
    return target?.auth;
  };
  return { cluster, credentials, behaviour, known, puts, ask, forgetStored: () => (stored = undefined) };
}

const token = (api_token: string) => ({ auth_type: 'SERVICE_ACCOUNT', api_token }) as const;

describe('trying credentials', () => {
  it('asks every endpoint that the cluster has what takes permission', async () => {
    const { credentials, cluster, puts } = await fleet(['prometheus_url', 'alertmanager_url', 'tempo_url', 'loki_url']);
    const result = await credentials.validate(cluster.id, token('good-token'), never);
    expect(result.endpoints.map(({ endpoint, status, detail }) => [endpoint, status, detail])).toEqual(
      ['API', 'PROMETHEUS', 'ALERTMANAGER', 'TEMPO', 'LOKI'].map((kind) => [kind, 'valid', null]),
    );
    expect(result.valid).toBe(true);
    expect(result.endpoints.every(({ latency_ms }) => latency_ms > 0)).toBe(true);
    expect(puts).toEqual([]);
  });

  it('tells refused, forbidden, expired and unreachable apart, and quotes no secret', async () => {
    const { credentials, cluster, behaviour } = await fleet(['prometheus_url', 'alertmanager_url', 'loki_url']);
    const statuses = async (given: ClusterCredentials) => {
      const result = await credentials.validate(cluster.id, given, never);
      expect(JSON.stringify(result)).not.toMatch(/-token/);
      return result.endpoints.map(({ status }) => status);
    };
    expect(await statuses(token('bad-token'))).toEqual(['invalid', 'invalid', 'invalid', 'invalid']);
    expect(await statuses(token('weak-token'))).toEqual([
      'insufficient_permissions',
      'insufficient_permissions',
      'valid',
      'valid',
    ]);
    behaviour['alertmanager_url'] = 'login';
    behaviour['prometheus_url'] = 'down';
    behaviour['loki_url'] = 'broken';
    expect(await statuses(token('good-token'))).toEqual(['valid', 'unreachable', 'invalid', 'unreachable']);
    const ended: ClusterCredentials = { ...token('bad-token'), expires_at: '2020-01-01T00:00:00Z' };
    expect((await statuses(ended)).slice(0, 1)).toEqual(['expired']);
  });

  it('tries those that are stored when none are given, and says when there are none', async () => {
    const { credentials, cluster, forgetStored } = await fleet();
    expect((await credentials.validate(cluster.id, undefined, never)).valid).toBe(true);
    forgetStored();
    await expect(credentials.validate(cluster.id, undefined, never)).rejects.toMatchObject({
      code: 'CREDENTIALS_NOT_FOUND',
    });
  });

  it('tries a cluster that is not registered, under the rules of a registration, and stores nothing', async () => {
    const { credentials, cluster, puts } = await fleet(['prometheus_url']);
    const input = ClusterCreate.parse({
      name: 'new-1',
      api_server_url: cluster.api_server_url,
      endpoints: cluster.endpoints,
      tls: cluster.tls,
    });
    const tried = await credentials.validateNew(input, token('good-token'), never);
    expect(tried.endpoints.map(({ endpoint, status }) => [endpoint, status])).toEqual([
      ['API', 'valid'],
      ['PROMETHEUS', 'valid'],
    ]);
    expect((await credentials.validateNew(input, token('bad-token'), never)).valid).toBe(false);
    const inside = { ...input, api_server_url: 'https://169.254.169.254/' };
    await expect(credentials.validateNew(inside, token('good-token'), never)).rejects.toMatchObject({
      code: 'ADDRESS_FORBIDDEN',
    });
    expect(puts).toEqual([]);
  });

  it('sends no API server token to a plain http endpoint, and says so', async () => {
    const { credentials, cluster } = await fleet([]);
    const seen: (string | undefined)[] = [];
    const plain = await startHttp((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{"status":"success","data":{"resultType":"scalar","result":[0,"1"]}}');
    });
    servers.push(plain);
    Object.assign(cluster.endpoints, { prometheus_url: plain.url });
    const { endpoints } = await credentials.validate(cluster.id, token('good-token'), never);
    expect(endpoints[1]).toMatchObject({ status: 'valid', detail: expect.stringContaining('not https') });
    expect(seen).toEqual([undefined]);
  });

  it('stops when the caller goes away', async () => {
    const { credentials, cluster } = await fleet();
    const gone = new AbortController();
    gone.abort(new Error('gone'));
    await expect(credentials.validate(cluster.id, token('good-token'), gone.signal)).rejects.toThrow('gone');
  });
});

describe('credentials that are kept in step', () => {
  it('are stored when they are other than those stored, and only then', async () => {
    const { credentials, cluster, puts, ask, forgetStored } = await fleet();
    expect(await credentials.keep(cluster.id, token('old-token'))).toBe(false);
    expect(puts).toEqual([]);
    expect(await credentials.keep(cluster.id, token('good-token'))).toBe(true);
    expect(await ask()).toEqual({ type: 'BEARER', token: 'good-token' });
    forgetStored();
    expect(await credentials.keep(cluster.id, token('good-token'))).toBe(true);
    expect(puts.map(({ action }) => action)).toEqual(['ROTATED', 'SET']);
  });
});

describe('rotation', () => {
  it('replaces credentials that prove themselves, and uses them from then on', async () => {
    const { credentials, cluster, puts, ask } = await fleet();
    expect(await ask()).toEqual({ type: 'BEARER', token: 'old-token' });
    expect((await credentials.rotate(cluster.id, token('good-token'), never)).valid).toBe(true);
    expect(puts.map(({ action }) => action)).toEqual(['ROTATED']);
    expect(await ask()).toEqual({ type: 'BEARER', token: 'good-token' });
  });

  it('leaves the old in use when the new are refused anywhere or may do less', async () => {
    const { credentials, cluster, puts, ask } = await fleet();
    for (const bad of ['bad-token', 'weak-token']) {
      const error: unknown = await credentials.rotate(cluster.id, token(bad), never).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'CREDENTIALS_INVALID', details: { validation: { valid: false } } });
      expect(JSON.stringify(error) + String(error)).not.toContain(bad);
    }
    expect(puts).toEqual([]);
    expect(await ask()).toEqual({ type: 'BEARER', token: 'old-token' });
  });

  it('is not held up by an endpoint that is down for the old ones too, but by a cluster that is', async () => {
    const { credentials, cluster, behaviour, puts } = await fleet();
    behaviour['prometheus_url'] = 'down';
    expect((await credentials.rotate(cluster.id, token('good-token'), never)).valid).toBe(false);
    expect(puts).toHaveLength(1);
    behaviour['API'] = 'down';
    await expect(credentials.rotate(cluster.id, token('good-token'), never)).rejects.toMatchObject({
      code: 'CLUSTER_UNREACHABLE',
    });
    expect(puts).toHaveLength(1);
  });

  it('needs old ones, and new ones that have not ended', async () => {
    const { credentials, cluster, forgetStored } = await fleet();
    const ended: ClusterCredentials = { ...token('good-token'), expires_at: '2020-01-01T00:00:00Z' };
    await expect(credentials.rotate(cluster.id, ended, never)).rejects.toMatchObject({ code: 'CREDENTIALS_INVALID' });
    await expect(credentials.set(cluster.id, ended)).rejects.toMatchObject({ code: 'CREDENTIALS_INVALID' });
    forgetStored();
    await expect(credentials.rotate(cluster.id, token('good-token'), never)).rejects.toMatchObject({
      code: 'CREDENTIALS_NOT_FOUND',
    });
  });
});

describe('setting', () => {
  it('refuses a token issuer at a forbidden address', async () => {
    const { credentials, cluster } = await fleet([]);
    const oidc = {
      auth_type: 'OIDC',
      token_url: 'https://169.254.169.254/t',
      client_id: 'c',
      client_secret: 's',
    } as const;
    await expect(credentials.set(cluster.id, oidc)).rejects.toMatchObject({ code: 'ADDRESS_FORBIDDEN' });
  });
});
