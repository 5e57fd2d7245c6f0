import type { CnfType } from '../../model/cluster.ts';
import type { CnfPrefix } from '../../registry/discovery/cnf.ts';

/** Labels whose value names a function, in the order they are looked at. */
const LABELS = ['cnf-type', 'nf-type', 'app.kubernetes.io/component', 'app.kubernetes.io/name', 'app', 'nf'] as const;
/** Words of 3GPP and O-RAN, as a whole word of the value: `open5gs-upf`, `oran-du`. */
const WORDS: readonly (readonly [RegExp, CnfType])[] = [
  [/(?:^|[^a-z0-9])(?:v|o)?du(?:$|[^a-z0-9])/, 'VDU'],
  [/(?:^|[^a-z0-9])(?:v|o)?cu(?:-?[cu]p)?(?:$|[^a-z0-9])/, 'VCU'],
  [/(?:^|[^a-z0-9])upf\d{0,3}(?:$|[^a-z0-9])/, 'UPF'],
  [/(?:^|[^a-z0-9])amf\d{0,3}(?:$|[^a-z0-9])/, 'AMF'],
  [/(?:^|[^a-z0-9])smf\d{0,3}(?:$|[^a-z0-9])/, 'SMF'],
  [/(?:^|[^a-z0-9])nrf\d{0,3}(?:$|[^a-z0-9])/, 'NRF'],
];

/** The kind of function that a text names, such as a label's value or Nephio's provider. */
export function typeInWords(text: string): CnfType | undefined {
  const lower = text.toLowerCase();
  return WORDS.find(([pattern]) => pattern.test(lower))?.[1];
}

export function typeOfLabels(labels: Readonly<Record<string, string>>): CnfType | undefined {
  for (const name of LABELS) {
    const type = typeInWords(labels[name] ?? '');
    if (type) return type;
  }
  return undefined;
}

export function typeOfNamespace(namespace: string, prefixes: readonly CnfPrefix[]): CnfType | undefined {
  return prefixes.find(({ prefix }) => namespace.startsWith(prefix))?.type;
}
