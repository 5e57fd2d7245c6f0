import { describe, expect, it } from 'vitest';
import { type AuditEntry, createAuditLog } from './audit.ts';
import { ManualClock } from './clock.ts';
import { createEvidenceStore } from './evidence.ts';
import { silentLogger } from './store/test-store.ts';
import type { StoreUnderTest } from './store/store-under-test.ts';

const ENTRY: AuditEntry = {
  at: new Date('2026-03-01T10:00:00.000Z'),
  principal_id: 'local',
  door: 'mcp',
  tool: 'query_metrics',
  arguments: { query: 'up', z: 1, a: 2 },
  outcome: 'SUCCESS',
  duration_ms: 12.4,
  trace_id: 'abc',
  cluster_ids: ['0190f0a0-0000-4000-8000-000000000001'],
};

export function recordsSuite(store: StoreUnderTest): void {
  describe('audit log', () => {
    it('lists what was recorded, newest first, up to a limit', async () => {
      const log = createAuditLog(store(), { clock: new ManualClock(), logger: silentLogger });
      for (const tool of ['a', 'b', 'c']) await log.record({ ...ENTRY, tool });
      const records = await log.list({ limit: 2 });
      expect(records.map((r) => r.tool)).toEqual(['c', 'b']);
      expect(records[0]).toMatchObject({ ...ENTRY, tool: 'c', at: ENTRY.at.toISOString(), duration_ms: 12 });
    });

    it('stores what was noted a moment later, in order and in one go', async () => {
      const clock = new ManualClock();
      const log = createAuditLog(store(), { clock, logger: silentLogger });
      for (const tool of ['a', 'b', 'c']) await log.record({ ...ENTRY, tool }, 'SOON');
      expect(await log.list({ limit: 9 })).toEqual([]);
      await clock.advance(50);
      await log.flush();
      expect((await log.list({ limit: 9 })).map((r) => r.tool)).toEqual(['c', 'b', 'a']);
    });

    it('takes arguments of any shape', async () => {
      const log = createAuditLog(store(), { clock: new ManualClock(), logger: silentLogger });
      for (const value of [undefined, null, 'text', 7, ['a\u0000b'], { '\ud800': '\udfff' }])
        await log.record({ ...ENTRY, arguments: value });
      expect((await log.list({ limit: 9 })).map((r) => r.arguments)).toEqual([
        { '\ud800': '\udfff' },
        ['a\u0000b'],
        7,
        'text',
        {},
        {},
      ]);
    });

    it('purges what is older than a time', async () => {
      const log = createAuditLog(store(), { clock: new ManualClock(), logger: silentLogger });
      await log.record(ENTRY);
      expect(await log.purge(ENTRY.at)).toBe(0);
      expect(await log.purge(new Date(ENTRY.at.getTime() + 1))).toBe(1);
    });
  });

  describe('evidence', () => {
    it('gives its owner the content back, byte for byte', async () => {
      const evidence = createEvidenceStore(store(), new ManualClock());
      const content = { z: [1.5, 'NaN', null, 'a\u0000b'], a: { ü: '漢' } };
      const { id, uri, bytes } = await evidence.put({ owner: 'local', tool: 'query_metrics', content });
      expect(uri).toBe(`aiops://evidence/${id}`);
      expect(bytes).toBe(Buffer.byteLength(JSON.stringify(content)));
      const found = await evidence.get(id, 'local');
      expect(JSON.stringify(found.content)).toBe(JSON.stringify(content));
      expect(found).toMatchObject({ id, tool: 'query_metrics', created_at: '2026-03-01T10:00:00.000Z' });
    });

    it('is not there for anybody else, for an unknown id, and for an id that is none', async () => {
      const evidence = createEvidenceStore(store(), new ManualClock());
      const { id } = await evidence.put({ owner: 'local', tool: 't', content: null });
      for (const [wanted, owner] of [
        [id, 'token:x'],
        [crypto.randomUUID(), 'local'],
        ["' or 1=1", 'local'],
      ] as const) {
        await expect(evidence.get(wanted, owner)).rejects.toMatchObject({ code: 'EVIDENCE_NOT_FOUND' });
      }
    });

    it('lives for 24 hours and is then purged', async () => {
      const clock = new ManualClock();
      const evidence = createEvidenceStore(store(), clock);
      const { id } = await evidence.put({ owner: 'local', tool: 't', content: 1 });
      await clock.advance(24 * 3_600_000 - 1);
      expect((await evidence.get(id, 'local')).content).toBe(1);
      expect(await evidence.purgeExpired()).toBe(0);
      await clock.advance(1);
      await expect(evidence.get(id, 'local')).rejects.toMatchObject({ code: 'EVIDENCE_NOT_FOUND' });
      expect(await evidence.purgeExpired()).toBe(1);
    });
  });
}
