import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TempoSpan } from '../../spokes/tempo-trace.ts';
import { analyseTrace } from './analyse-trace.ts';
import { criticalPath, selfMs } from './critical-path.ts';
import { joinParts } from './span-tree.ts';
import { testSpan } from './test-spans.ts';
import { treeLines } from './tree-lines.ts';

const one = (...spans: TempoSpan[]) => joinParts([{ cluster: 'eu', spans }]);

/** Any spans whatever: parents that are missing, their own, or in circles; children outside their parents. */
const anySpans = fc
  .array(
    fc.record({
      parent: fc.option(fc.integer({ min: 0, max: 30 }), { nil: undefined }),
      at: fc.integer({ min: 0, max: 100 }),
      ms: fc.integer({ min: 0, max: 50 }),
      error: fc.boolean(),
      cluster: fc.constantFrom('eu', 'us'),
    }),
    { maxLength: 25 },
  )
  .map((rows) =>
    rows.map(({ parent, at, ms, error, cluster }, index) => ({
      cluster,
      span: testSpan(String(index), {
        at,
        ms,
        status: error ? 'ERROR' : 'UNSET',
        ...(parent === undefined ? {} : { parent: String(parent) }),
      }),
    })),
  );
const partsOf = (rows: readonly { readonly cluster: string; readonly span: TempoSpan }[]) =>
  ['eu', 'us'].map((cluster) => ({
    cluster,
    spans: rows.filter((row) => row.cluster === cluster).map(({ span }) => span),
  }));

describe('joining a trace', () => {
  it('keeps every span once, parents before children, whatever the parts claim', () => {
    fc.assert(
      fc.property(anySpans, (rows) => {
        const tree = joinParts(partsOf(rows));
        expect(tree.nodes.map(({ id }) => id).toSorted()).toEqual(rows.map(({ span }) => span.spanId).toSorted());
        const seen = new Set<unknown>();
        for (const node of tree.nodes) {
          expect(node.parent === undefined || seen.has(node.parent)).toBe(true);
          expect(node.depth).toBe(node.parent ? node.parent.depth + 1 : 0);
          seen.add(node);
        }
      }),
    );
  });

  it('does not depend on how the spans are spread over clusters, but for whose they are', () => {
    fc.assert(
      fc.property(anySpans, (rows) => {
        const shape = (parts: Parameters<typeof joinParts>[0]) =>
          joinParts(parts)
            .nodes.map(({ id, parent, startMs }) => `${id} below ${parent?.id ?? 'nothing'} at ${startMs}`)
            .toSorted((a, b) => (a < b ? -1 : 1));
        expect(shape(partsOf(rows))).toEqual(shape([{ cluster: 'eu', spans: rows.map(({ span }) => span) }]));
      }),
    );
  });

  it('counts a span that two clusters hold once', () => {
    const spans = [testSpan('a', { ms: 10 }), testSpan('b', { parent: 'a' })];
    const tree = joinParts([
      { cluster: 'eu', spans },
      { cluster: 'us', spans },
    ]);
    expect([tree.nodes.length, tree.duplicates]).toEqual([2, 2]);
  });

  it('keeps client and server apart where they share an id, in whatever order they come', () => {
    const client = testSpan('x', { kind: 'CLIENT', parent: 'root', service: 'front', at: 1, ms: 8 });
    const server = testSpan('x', { kind: 'SERVER', parent: 'root', service: 'back', at: 2, ms: 6 });
    const below = testSpan('y', { parent: 'x', service: 'back', at: 3, ms: 2 });
    for (const order of [
      [client, server],
      [server, client],
    ]) {
      const tree = one(testSpan('root', { ms: 10 }), ...order, below);
      expect(tree.nodes.map(({ span, depth }) => [span.service, span.kind, depth])).toEqual([
        ['shop', 'INTERNAL', 0],
        ['front', 'CLIENT', 1],
        ['back', 'SERVER', 2],
        ['back', 'INTERNAL', 3],
      ]);
      expect(new Set(tree.nodes.map(({ id }) => id)).size).toBe(4);
    }
  });

  it('reports parents that nobody holds', () => {
    const tree = one(
      testSpan('a', { parent: 'gone', at: 5 }),
      testSpan('root', { ms: 20 }),
      testSpan('b', { parent: 'a' }),
    );
    expect(tree.missingParents).toEqual(['gone']);
    expect(tree.roots.map(({ id, orphan }) => [id, orphan])).toEqual([
      ['root', false],
      ['a', true],
    ]);
  });
});

describe('the critical path', () => {
  it('covers the root from start to end without a gap, forwards in time', () => {
    fc.assert(
      fc.property(anySpans, (rows) => {
        for (const root of joinParts(partsOf(rows)).roots) {
          const path = criticalPath(root);
          if (root.endMs === root.startMs) continue;
          expect(path[0]?.fromMs).toBe(root.startMs);
          expect(path.at(-1)?.toMs).toBe(root.endMs);
          for (const [index, step] of path.entries()) {
            expect(step.toMs).toBeGreaterThan(step.fromMs);
            if (index > 0) expect(step.fromMs).toBe(path[index - 1]?.toMs);
            expect(step.fromMs >= step.node.startMs && step.toMs <= step.node.endMs).toBe(true);
          }
        }
      }),
    );
  });

  it('takes the child that ended last, and the one before it, not those that ran beside them', () => {
    const tree = one(
      testSpan('root', { ms: 100 }),
      testSpan('first', { parent: 'root', at: 10, ms: 20 }),
      testSpan('beside', { parent: 'root', at: 15, ms: 30 }),
      testSpan('last', { parent: 'root', at: 40, ms: 50 }),
      testSpan('inside', { parent: 'last', at: 50, ms: 30 }),
    );
    const [root] = tree.roots;
    const steps = root ? criticalPath(root).map(({ node, fromMs, toMs }) => [node.id, fromMs, toMs]) : [];
    expect(steps).toEqual([
      ['root', 0, 10],
      ['first', 10, 30],
      ['root', 30, 40],
      ['last', 40, 50],
      ['inside', 50, 80],
      ['last', 80, 90],
      ['root', 90, 100],
    ]);
  });
});

describe('self time', () => {
  it('is what is left of a span when the union of its children is taken away', () => {
    fc.assert(
      fc.property(anySpans, (rows) => {
        for (const node of joinParts(partsOf(rows)).nodes) {
          let busy = 0;
          for (let ms = node.startMs; ms < node.endMs; ms++)
            if (node.children.some((child) => child.startMs <= ms && ms < child.endMs)) busy += 1;
          expect(selfMs(node)).toBeCloseTo(node.endMs - node.startMs - busy, 6);
        }
      }),
    );
  });
});

describe('the analysis', () => {
  it('finds where an error came from: the deepest span that failed with nothing failed below it', () => {
    const { analysis } = analyseTrace(
      one(
        testSpan('root', { ms: 100, status: 'ERROR', service: 'front' }),
        testSpan('call', {
          parent: 'root',
          at: 10,
          ms: 80,
          status: 'ERROR',
          kind: 'CLIENT',
          service: 'front',
          statusMessage: 'connection refused',
          attributes: { 'server.address': 'checkout' },
        }),
        testSpan('other', { parent: 'root', at: 5, ms: 2, status: 'ERROR', service: 'cache' }),
        testSpan('fine', { parent: 'root', at: 7, ms: 2, service: 'cache' }),
      ),
    );
    expect(analysis.error_origins.map(({ span_id, message, calls }) => [span_id, message, calls])).toEqual([
      ['other', undefined, undefined],
      ['call', 'connection refused', 'checkout'],
    ]);
    expect([analysis.error_span_count, analysis.error_origin_count]).toEqual([3, 2]);
    expect(analysis.services.map(({ service_name, spans, errors }) => [service_name, spans, errors])).toEqual([
      ['front', 2, 2],
      ['cache', 2, 1],
    ]);
  });

  it('sees clocks that differ between clusters, and by how much', () => {
    const call = (id: string, at: number) => [
      testSpan(id, { parent: 'root', at, ms: 10, kind: 'CLIENT' }),
      testSpan(`${id}s`, { parent: id, at: at + 2 + 40, ms: 6, kind: 'SERVER' }),
    ];
    const spans = [testSpan('root', { ms: 100 }), ...call('a', 10), ...call('b', 30)];
    const tree = joinParts([
      { cluster: 'eu', spans: spans.filter(({ kind }) => kind !== 'SERVER') },
      { cluster: 'us', spans: spans.filter(({ kind }) => kind === 'SERVER') },
    ]);
    expect(analyseTrace(tree).analysis.clock_skews).toEqual([
      { cluster_name: 'us', caller_cluster: 'eu', offset_ms: 40, calls: 2 },
    ]);
  });

  it('reads 50,000 spans in linear time, wide or deep', () => {
    const deep = Array.from({ length: 50_000 }, (_, i) =>
      testSpan(String(i), { at: i / 1000, ms: 1000 - i / 1000, ...(i === 0 ? {} : { parent: String(i - 1) }) }),
    );
    const wide = Array.from({ length: 50_000 }, (_, i) =>
      testSpan(String(i), i === 0 ? { ms: 60_000 } : { at: i, ms: 1, parent: '0' }),
    );
    for (const spans of [deep, wide]) {
      const started = performance.now();
      const tree = one(...spans);
      const analysed = analyseTrace(tree);
      const { lines, shown, total } = treeLines(tree.nodes, analysed, 60);
      // Quadratic, this would be minutes.
      expect(performance.now() - started).toBeLessThan(5000);
      expect([shown, total]).toEqual([60, 50_000]);
      expect(lines.length).toBeLessThanOrEqual(121);
    }
  });
});

describe('the lines of a tree', () => {
  it('shows what failed and what was waited for with its ancestors, and says what is left out where', () => {
    const spans = [
      testSpan('root', { ms: 100, service: 'front', name: 'GET /' }),
      ...Array.from({ length: 20 }, (_, i) => testSpan(`s${i}`, { parent: 'root', at: 1 + i, ms: 1 })),
      testSpan('group', { parent: 'root', at: 50, ms: 10 }),
      testSpan('bad', { parent: 'group', at: 51, ms: 1, status: 'ERROR', statusMessage: 'no "luck"\nat all' }),
    ];
    const tree = one(...spans);
    const { lines, shown, total } = treeLines(tree.nodes, analyseTrace(tree), 3);
    expect([shown, total]).toEqual([3, 23]);
    expect(lines).toEqual([
      'eu front "GET /" +0ms 100ms self 70ms *',
      ' … 20 more below',
      ' eu shop "op group" +50ms 10ms self 9ms *',
      '  eu shop "op bad" +51ms 1ms self 1ms ERROR "no \\"luck\\"\\nat all" *',
    ]);
  });
});
