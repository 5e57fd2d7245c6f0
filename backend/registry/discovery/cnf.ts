import { CnfType } from '../../model/cluster.ts';
import type { Namespace } from './objects.ts';

/** Namespaces whose name begins so hold network functions of this kind. */
export interface CnfPrefix {
  readonly prefix: string;
  readonly type: CnfType;
}

/** How a prefix is written in the configuration. */
export const CNF_NAMESPACE = new RegExp(`^([a-z0-9][a-z0-9-]{0,62})\\*=(${CnfType.options.join('|')})$`);

/** Product contract. */
export const CNF_NAMESPACES: readonly string[] = [
  'du-*=VDU',
  'cu-*=VCU',
  'upf-*=UPF',
  'amf-*=AMF',
  'smf-*=SMF',
  'nrf-*=NRF',
  'ran-*=OTHER',
  '5g-*=OTHER',
];

/** Of `du-*=VDU` and the like. What is not written so names no prefix; the configuration refuses it before. */
export function cnfPrefixesOf(written: readonly string[]): CnfPrefix[] {
  return written.flatMap((entry) => {
    const [, prefix, type] = CNF_NAMESPACE.exec(entry) ?? [];
    return prefix === undefined ? [] : [{ prefix, type: CnfType.parse(type) }];
  });
}

const CNF_PREFIXES = cnfPrefixesOf(CNF_NAMESPACES);

/** The kinds of network functions that the namespaces speak of, each once, sorted. A namespace that is going does not count. */
export function cnfTypesOf(namespaces: readonly Namespace[], prefixes: readonly CnfPrefix[] = CNF_PREFIXES): CnfType[] {
  const here = namespaces.filter(({ status }) => status?.phase !== 'Terminating').map(({ metadata }) => metadata.name);
  const found = prefixes.filter(({ prefix }) => here.some((name) => name.startsWith(prefix)));
  return [...new Set(found.map(({ type }) => type))].sort();
}
