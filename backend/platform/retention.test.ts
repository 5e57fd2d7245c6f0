import { describe, expect, it } from 'vitest';
import { ManualClock } from './clock.ts';
import { createLogger } from './logger.ts';
import { startRetention } from './retention.ts';

describe('retention', () => {
  it('runs every task at once and then every hour, also after one has failed', async () => {
    const clock = new ManualClock();
    const lines: string[] = [];
    const logger = createLogger({ level: 'info', destination: { write: (line) => void lines.push(line) } });
    const runs: string[] = [];
    const tasks = {
      broken: async () => {
        runs.push('broken');
        throw new Error('no database');
      },
      working: async () => runs.push('working'),
    };
    const retention = startRetention({ tasks, clock, logger });
    await clock.advance(0);
    expect(runs).toEqual(['broken', 'working']);
    await clock.advance(3_600_000);
    expect(runs).toEqual(['broken', 'working', 'broken', 'working']);
    expect(lines.filter((l) => l.includes('no database'))).toHaveLength(2);
    await retention.stop();
    await clock.advance(3_600_000);
    expect(runs).toHaveLength(4);
  });
});
