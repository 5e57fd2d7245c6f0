import type { KubeObject } from './store.ts';

type Test = (object: KubeObject) => boolean;

/** Undefined when the selector does not parse. Equality, inequality, sets, existence. */
export function labelSelector(text: string): Test | undefined {
  const tests: ((labels: Readonly<Record<string, string>>) => boolean)[] = [];
  for (const part of text.split(/,(?![^(]*\))/).filter((one) => one.trim() !== '')) {
    const test = requirement(part.trim());
    if (!test) return undefined;
    tests.push(test);
  }
  return (object) => tests.every((test) => test(object.metadata.labels ?? {}));
}

function requirement(part: string): ((labels: Readonly<Record<string, string>>) => boolean) | undefined {
  const set = /^([\w./-]+) (in|notin) \(([^)]*)\)$/.exec(part);
  if (set) {
    const [, key = '', verb, list = ''] = set;
    const values = new Set(list.split(',').map((value) => value.trim()));
    return (labels) => values.has(labels[key] ?? '\0') === (verb === 'in');
  }
  const equality = /^([\w./-]+) *(==?|!=) *([\w.-]*)$/.exec(part);
  if (equality) {
    const [, key = '', operator, value = ''] = equality;
    return (labels) => (labels[key] === value) === (operator !== '!=');
  }
  const existence = /^(!?)([\w./-]+)$/.exec(part);
  if (!existence) return undefined;
  const [, not, key = ''] = existence;
  return (labels) => Object.hasOwn(labels, key) === (not === '');
}

/** `path=value` and `path!=value` over any field; the real server knows a few fields of each kind only. */
export function fieldSelector(text: string): Test | undefined {
  const tests: Test[] = [];
  for (const part of text.split(',').filter((one) => one.trim() !== '')) {
    const [, path = '', operator, value = ''] = /^([\w.]+)(==?|!=)(.*)$/.exec(part.trim()) ?? [];
    if (operator === undefined) return undefined;
    tests.push((object) => (fieldOf(object, path) === value) === (operator !== '!='));
  }
  return (object) => tests.every((test) => test(object));
}

function fieldOf(object: unknown, path: string): string {
  let value = object;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null) return '';
    value = new Map<string, unknown>(Object.entries(value)).get(key);
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}
