import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { printExpr } from '../../backend/collectors/federation/print.ts';
import { askFleet, askWhole, difference, toleranceOf } from './compare.ts';
import { Grammar } from '../../backend/collectors/federation/test-grammar.ts';
import { Random } from '../../backend/collectors/federation/test-random.ts';
import { type Servers, startServers } from './servers.ts';
import { START, randomGrid } from './world.ts';

/** `AIOPS_DIFFERENTIAL=5000 AIOPS_SEED=7` runs longer and elsewhere. */
const EXPRESSIONS = Number(process.env['AIOPS_DIFFERENTIAL'] ?? 2000);
const SEED = Number(process.env['AIOPS_SEED'] ?? 1);

let servers: Servers;
beforeAll(async () => {
  servers = await startServers(SEED);
});
afterAll(() => servers.stop());

describe('FLEET over several real Prometheus servers', () => {
  it(`equals one Prometheus that holds all their data, for ${EXPRESSIONS} generated expressions`, async () => {
    const random = new Random(SEED);
    const grammar = new Grammar(random, (START + 1200) * 1000);
    const tally = { equal: 0, withData: 0, bothErr: 0, refused: 0, differ: 0 };
    const differences: string[] = [];
    const refusals = new Map<string, number>();
    const errors = new Set<string>();
    for (let i = 0; i < EXPRESSIONS; i += 1) {
      const query = printExpr(grammar.expression());
      const grid = randomGrid(random);
      // oxlint-disable-next-line no-await-in-loop -- one after the other, so that a failure can be told apart
      const [truth, ours] = await Promise.all([askWhole(servers, query, grid), askFleet(servers, query, grid)]);
      if (ours.kind === 'refused') {
        tally.refused += 1;
        const reason = ours.message.replaceAll(/\d+|"[^"]*"/g, '…');
        refusals.set(reason, (refusals.get(reason) ?? 0) + 1);
        continue;
      }
      if (truth.kind === 'error' && ours.kind === 'error') {
        tally.bothErr += 1;
        errors.add(`${classOf(truth.message)} / ${classOf(ours.message)}`);
        continue;
      }
      const wrong =
        truth.kind === 'series' && ours.kind === 'series'
          ? difference(truth.series, ours.series, toleranceOf(query))
          : `truth ${truth.kind} ${'message' in truth ? truth.message : ''}; ours ${ours.kind} ${'message' in ours ? ours.message : ''}`;
      if (wrong === undefined) {
        tally.equal += 1;
        if (truth.kind === 'series' && truth.series.length > 0) tally.withData += 1;
      } else {
        tally.differ += 1;
        differences.push(`${query}\n  on ${JSON.stringify(grid)}: ${wrong}`);
      }
    }
    const report = `${JSON.stringify(tally)}\n${[...refusals].map(([reason, n]) => `${n} × ${reason}`).join('\n')}`;
    if (process.env['AIOPS_DIFFERENTIAL'] !== undefined)
      process.stderr.write(`${report}\n${[...errors].sort().join('\n')}\n`);
    expect(differences.slice(0, 10), report).toEqual([]);
    expect(tally.refused / EXPRESSIONS, report).toBeLessThan(0.25);
    expect(tally.withData / EXPRESSIONS, report).toBeGreaterThan(0.4);
  }, 600_000);
});

function classOf(message: string): string {
  return message.replaceAll(/\{[^}]*\}|"[^"]*"|\d+/g, '…').slice(0, 60);
}
