import { describe, expect, it } from 'vitest';
import { fieldSelector, labelSelector } from './selectors.ts';

const object = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'n', labels: { app: 'shop', tier: '1' } },
  spec: { nodeName: 'w-0' },
};

describe('selectors', () => {
  it.each([
    ['', true],
    ['app=shop', true],
    ['app==shop,tier!=2', true],
    ['app!=shop', false],
    ['app in (shop, bank)', true],
    ['app notin (shop)', false],
    ['tier,!gpu', true],
    ['gpu', false],
  ])('by label: %s is %s', (text, expected) => {
    expect(labelSelector(text)?.(object)).toBe(expected);
  });

  it.each([
    ['metadata.name=p', true],
    ['metadata.namespace!=n', false],
    ['spec.nodeName=w-0,metadata.name=p', true],
    ['status.phase=Running', false],
  ])('by field: %s is %s', (text, expected) => {
    expect(fieldSelector(text)?.(object)).toBe(expected);
  });

  it('do not parse', () => {
    expect(labelSelector('a in b')).toBeUndefined();
    expect(fieldSelector('a')).toBeUndefined();
  });
});
