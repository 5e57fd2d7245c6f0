import { describe, expect, it } from 'vitest';
import { sampleNumber, shortNumber } from './sample-value.ts';

describe('sample texts', () => {
  it.each([
    ['+Inf', Infinity],
    ['-Inf', -Infinity],
    ['1e-3', 0.001],
    ['0', 0],
    ['NaN', Number.NaN],
    ['', Number.NaN],
    ['up', Number.NaN],
  ])('%s is %d', (text, value) => expect(sampleNumber(text)).toBe(value));
});

describe('short numbers', () => {
  it.each([
    [0, '0'],
    [-0.5, '-0.5'],
    [281_234_567, '281.2M'],
    [999_999, '1M'],
    [-1_536, '-1.536k'],
    [0.000123456, '0.0001235'],
    [12.3456, '12.35'],
    [1e21, '1e+21'],
    [Infinity, '+Inf'],
    [Number.NaN, 'NaN'],
  ])('%d is written %s', (value, text) => expect(shortNumber(value)).toBe(text));
});
