/**
 * SIGKILL in the middle of registrations, rotations and deletions: what was acknowledged is there, and nothing is there by half.
 * `npm run test:crash` does it 50 times each, `AIOPS_CRASH_ROUNDS` as often as it says.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '../../backend/platform/store/store.ts';
import type { Cluster } from '../../backend/model/cluster.ts';
import { type KubeDouble, startKubeDouble } from '../../evals/fleet/kube-api/double.ts';
import { eventually } from '../support/server-process.ts';
import { type Call, type CrashingServer, createCrashingServer } from './crashing-server.ts';

const ROUNDS = Number(process.env['AIOPS_CRASH_ROUNDS'] ?? 5);
const ROUND_TIMEOUT_MS = 60_000;
const BASE = '/api/v1/clusters';
/** The tokens that rotations go back and forth between, and that of the server at the store of Secrets. */
const [FIRST, SECOND, OWN] = ['first-token', 'second-token', 'own-token'];
const RULES = [{ verbs: ['*'], resources: ['*'] }];

const count = async (store: Store, query: string): Promise<number> => {
  const { rows } = await store.query((db) =>
    db.execute<{ n: number }>(sql.raw(`select count(*)::int as n from ${query}`)),
  );
  return rows[0]?.n ?? -1;
};

/** Rows that only half of a change would leave behind. Events stay, so all rounds are judged. */
const WRONG: Readonly<Record<string, string>> = {
  'clusters that nothing checks': `clusters.clusters c where deleting_at is null and (
      not exists (select from clusters.health_schedule s where s.cluster_id = c.id)
      or not exists (select from clusters.discovery_schedule s where s.cluster_id = c.id))`,
  'clusters whose registration was not told exactly once': `clusters.clusters c where 1 <> (
      select count(*) from platform.outbox o where o.cluster_id = c.id and o.event_type = 'CLUSTER_REGISTERED')`,
  'clusters that are told to be gone and are there': `clusters.clusters c where deleting_at is null and exists (
      select from platform.outbox o where o.cluster_id = c.id and o.event_type = 'CLUSTER_DELETED')`,
  'registrations that are neither there nor told to be gone': `platform.outbox r where r.event_type = 'CLUSTER_REGISTERED'
      and not exists (select from clusters.clusters c where c.id = r.cluster_id)
      and 1 <> (select count(*) from platform.outbox d where d.cluster_id = r.cluster_id and d.event_type = 'CLUSTER_DELETED')`,
  'deletions that were never finished': 'clusters.clusters where deleting_at is not null',
  'credentials of nobody': `clusters.credentials k where not exists (
      select from clusters.clusters c where c.id = k.cluster_id)`,
};

async function judge(store: Store): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const [what, query] of Object.entries(WRONG)) found[what] = await count(store, query);
  return found;
}

/** For one store of credentials; each has a test file of its own, so that both run at once. */
export function killedDuringChangesSuite(kind: 'database' | 'kubernetes'): void {
  describe(`killed with credentials in the ${kind} store`, () => {
    let double: KubeDouble;
    let server: CrashingServer;

    /** At the double, besides the server's own account, only these tokens are good from now on. */
    const accept = (...tokens: string[]) =>
      double.control({
        action: 'ACCOUNTS',
        accounts: tokens.map((token) => ({ username: token, token, rules: RULES })),
      });

    beforeAll(async () => {
      double = await startKubeDouble({ token: OWN });
      accept(FIRST, SECOND);
      // The steps of one change lie further apart, so that more kills fall between them.
      double.control({ action: 'FAULTS', faults: [{ kind: 'DELAY', ms: 15 }] });
      server = await createCrashingServer(kind === 'kubernetes' ? { double, token: OWN } : undefined);
    });
    afterAll(async () => {
      await server.remove();
      await double.stop();
    });

    const atDouble = (name: string) => ({ name, api_server_url: double.url, tls: { ca: double.caPem } });
    const token = (api_token: string) => ({ auth_type: 'SERVICE_ACCOUNT', api_token });
    const register = async (name: string): Promise<string> => {
      const { status, body } = await server.call('POST', BASE, atDouble(name));
      expect(status).toBe(201);
      const id = String(body['id']);
      expect((await server.call('POST', `${BASE}/${id}/credentials`, token(FIRST))).status).toBe(200);
      return id;
    };
    const list = async (name: string): Promise<Cluster[]> => {
      const { body } = await server.call('GET', `${BASE}?name=${name}&page_size=100`);
      return body['items'] as Cluster[];
    };
    const rounds = Array.from({ length: ROUNDS }, (_, at) => at + 1);
    /** Early, late and in between; over many rounds every step is hit. */
    const moment = (ms: number) => Math.round(Math.random() * ms);

    it.each(rounds)(
      'during registrations, round %i',
      async (round) => {
        await server.start();
        const names = Array.from({ length: 12 }, (_, at) => `reg-${round}-${String(at).padStart(2, '0')}`);
        const calls = names.map((name): Call => ({ method: 'POST', route: BASE, body: atDouble(name) }));
        const statuses = await server.killDuring(calls, 4, moment(200));
        await server.start();
        const there = new Set((await list(`reg-${round}-`)).map((cluster) => cluster.name));
        for (const [at, name] of names.entries()) {
          if (statuses[at] !== undefined) expect([name, statuses[at], there.has(name)]).toEqual([name, 201, true]);
          // Whole or not at all: what is there is taken, what is not can be registered.
          const again = await server.call('POST', BASE, atDouble(name));
          expect([name, again.status]).toEqual([name, there.has(name) ? 409 : 201]);
        }
      },
      ROUND_TIMEOUT_MS,
    );

    it.each(rounds)(
      'during rotations, round %i',
      async (round) => {
        accept(FIRST, SECOND);
        await server.start();
        const id = await register(`rot-${round}`);
        const to = (at: number) => (at % 2 === 0 ? SECOND : FIRST);
        const calls = Array.from({ length: 10 }, (_, at): Call => {
          return { method: 'POST', route: `${BASE}/${id}/credentials/rotate`, body: token(to(at)) };
        });
        const statuses = await server.killDuring(calls, 1, 30 + moment(500));
        const acknowledged = statuses.filter((status) => status === 200).length;
        expect(statuses.filter((status) => status !== undefined && status !== 200)).toEqual([]);
        await server.start();
        const works = async (only: string) => {
          accept(only);
          const { body } = await server.call('POST', `${BASE}/${id}/credentials/validate`);
          return body['valid'];
        };
        const inUse = [await works(FIRST), await works(SECOND)];
        // The last that was acknowledged, or the one after it, which was under way; always one of the two, whole.
        const last = acknowledged === 0 ? FIRST : to(acknowledged - 1);
        const states = { [FIRST]: [true, false], [SECOND]: [false, true] };
        expect([states[last], states[to(acknowledged)]]).toContainEqual(inUse);
        accept(FIRST, SECOND);
      },
      ROUND_TIMEOUT_MS,
    );

    it.each(rounds)(
      'during deletions, round %i',
      async (round) => {
        accept(FIRST, SECOND);
        await server.start();
        const names = Array.from({ length: 6 }, (_, at) => `del-${round}-${at}`);
        const ids = await Promise.all(names.map(register));
        const calls = ids.map((id): Call => ({ method: 'DELETE', route: `${BASE}/${id}` }));
        const statuses = await server.killDuring(calls, 2, moment(200));
        await server.start();
        const there = new Set((await list(`del-${round}-`)).map((cluster) => cluster.id));
        for (const [at, id] of ids.entries()) {
          if (statuses[at] !== undefined) expect([id, statuses[at], there.has(id)]).toEqual([id, 204, false]);
          // Whole: with the credentials that it had.
          if (there.has(id))
            expect((await server.call('POST', `${BASE}/${id}/credentials/validate`)).body['valid']).toBe(true);
          else expect((await server.call('POST', BASE, atDouble(names[at] ?? ''))).status).toBe(201);
        }
        if (kind === 'kubernetes') {
          const gone = ids.filter((id) => !there.has(id));
          await eventually('the Secrets of what is gone are gone', async () => {
            const kept = await secretNames();
            return gone.every((id) => !kept.some((name) => name.includes(id)));
          });
          const kept = await secretNames();
          expect([...there].filter((id) => !kept.some((name) => name.includes(id)))).toEqual([]);
        }
      },
      ROUND_TIMEOUT_MS,
    );

    it(
      'leaves no half of a change, and nothing that is not deleted to its end',
      async () => {
        // What a server that was killed had begun, the next one finishes; its database shows only once it is gone as well.
        for (let tries = 0; tries < 10; tries += 1) {
          await server.start();
          await pause(1_000);
          const left = await server.inspect((store) => count(store, 'clusters.clusters where deleting_at is not null'));
          if (left === 0) break;
        }
        expect(await server.inspect(judge)).toEqual(Object.fromEntries(Object.keys(WRONG).map((what) => [what, 0])));
      },
      ROUND_TIMEOUT_MS,
    );

    async function secretNames(): Promise<string[]> {
      const agent = new Agent({ connect: { ca: double.caPem } });
      try {
        const { body } = await request(`${double.url}/api/v1/namespaces/aiops-system/secrets`, {
          dispatcher: agent,
          headers: { authorization: `Bearer ${OWN}` },
        });
        const { items } = (await body.json()) as { items: { metadata: { name: string } }[] };
        return items.map((secret) => secret.metadata.name);
      } finally {
        await agent.close();
      }
    }
  });
}
