import { describe, expect, it } from 'vitest';
import type { ErrorLogsAnswer } from '../../../../backend/model/logs.ts';
import type { Services } from '../../../../tools/services.ts';
import { analyst, metricsOf, outcome, uncitedNumbers } from '../../offline-analyst-fixture.ts';

type Asked = Parameters<Services['errorLogs']['search']>[0];

function errorLogs(over: Partial<ErrorLogsAnswer> = {}) {
  const asked: Asked[] = [];
  const search = async (request: Asked): Promise<ErrorLogsAnswer> => {
    asked.push(request);
    return {
      templates: [
        {
          template: 'request failed: dial tcp <_>: refused ![x](http://evil.example)',
          count: 41,
          previous_count: 0,
          novelty: 'NEW',
          clusters: [{ name: 'hub-1', count: 41 }],
          namespaces: ['shop'],
          namespaces_total: 1,
          pods: ['storefront-1', 'storefront-2'],
          pods_total: 2,
          first_seen: '2026-03-01T09:20:00.000Z',
          last_seen: '2026-03-01T09:50:00.000Z',
          source: 'MINED',
        },
      ],
      templates_total: 1,
      lines: 41,
      previous_lines: 3,
      counts_are_exact: true,
      by_novelty: { NEW: 1 },
      start: '2026-03-01T09:00:00.000Z',
      end: '2026-03-01T10:00:00.000Z',
      previous_start: '2026-03-01T08:00:00.000Z',
      clusters: request.clusters.map((one) => outcome(one)),
      complete: true,
      notes: [],
      ...over,
    };
  };
  return { asked, service: { search } };
}

describe('questions about error logs', () => {
  it('get what the lines say, how many, where and since when, each cited', async () => {
    const logs = errorLogs();
    const message = await analyst({ errorLogs: logs.service }).ask('error logs of hub-1 in the last 30 minutes');
    expect(logs.asked).toMatchObject([
      { clusters: [{ name: 'hub-1' }], start: Date.parse('2026-03-01T09:30:00Z') / 1000 },
    ]);
    expect(message.content).toContain(
      '41 [E2] error lines in hub-1 in the last 30m, after 3 [E2] in the 30m before, in 1 [E2] groups:',
    );
    expect(message.content).toContain(
      '- **NEW** 41 [E2] lines on hub-1, 2 [E2] pods, first at `2026-03-01T09:20:00.000Z` [E2]: `request failed: dial tcp <_>: refused ![x](http://evil.example)` [E2]',
    );
    expect(uncitedNumbers(message.content)).toEqual([]);
  });

  it('are narrowed to the workload that they name', async () => {
    const logs = errorLogs();
    const metrics = metricsOf({}, [], { pod: 'checkout' });
    const { content } = await analyst({ errorLogs: logs.service, metrics: metrics.service }).ask(
      'what do the logs say about checkout?',
    );
    expect(logs.asked).toMatchObject([{ workload: 'checkout' }]);
    expect(content).toContain('pods of checkout in the last 1h');
  });

  it('are answered as far as clusters answered, and say that it is not all', async () => {
    const logs = errorLogs({ templates: [], templates_total: 0, lines: 0, complete: false, counts_are_exact: false });
    const { content } = await analyst({ errorLogs: logs.service }).ask('any errors in the logs?');
    expect(content).toContain('No error line in all clusters in the last 1h [E2].');
  });
});
