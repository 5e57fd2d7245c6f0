const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};
const QUANTITY = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([numkMGTPE]|[KMGTPE]i)?$/;

/**
 * The number behind a Kubernetes quantity such as `16Gi`, `3500m` or `1e3` (apimachinery, resource.Quantity), as a double: good for
 * shares and comparisons, not for adding bytes beyond 2^53. Undefined when it is none.
 */
export function quantity(text: string): number | undefined {
  const match = QUANTITY.exec(text);
  if (!match) return undefined;
  const scale = SUFFIXES[match[2] ?? ''];
  return scale === undefined ? undefined : Number(match[1]) * scale;
}
