import { describe, expect, it } from 'vitest';
import { unexpectedStatus } from './spoke-error.ts';

const DATE = 'Sun, 01 Mar 2026 10:00:00 GMT';

describe('how long a spoke asks to be left alone', () => {
  it.each<[string, Record<string, string>, number | undefined]>([
    ['in seconds', { 'retry-after': '7' }, 7],
    ['by a date, against its own clock', { 'retry-after': 'Sun, 01 Mar 2026 10:00:05 GMT', date: DATE }, 5],
    ['by a date that is over', { 'retry-after': 'Sun, 01 Mar 2026 09:00:00 GMT', date: DATE }, 0],
    ['by a date without a clock to read it by', { 'retry-after': 'Sun, 01 Mar 2026 10:00:05 GMT' }, undefined],
    ['in words', { 'retry-after': 'later', date: DATE }, undefined],
    ['by a number without end', { 'retry-after': '9'.repeat(40), date: DATE }, undefined],
    ['not at all', {}, undefined],
  ])('is read %s', (_how, headers, seconds) => {
    for (const status of [429, 503]) {
      const error = unexpectedStatus('Prometheus', status, Buffer.from('later'), headers);
      expect(error.details['retry_after_s']).toBe(seconds);
    }
  });
});
