import { quantity } from '../workloads/quantity.ts';
import type { CnfPod } from './objects.ts';

/** Whether a pod still holds what it asked for. */
export function holds({ status }: CnfPod): boolean {
  return status.phase !== 'Succeeded' && status.phase !== 'Failed';
}

/**
 * What a pod asks for of each resource: the sum of its containers, or the most of one init container where that is more (Kubernetes'
 * own rule for effective requests).
 */
export function requestsOf({ spec }: CnfPod): Map<string, number> {
  const total = new Map<string, number>();
  for (const { resources } of spec.containers)
    for (const [name, amount] of amountsOf(resources)) total.set(name, (total.get(name) ?? 0) + amount);
  for (const { resources } of spec.initContainers)
    for (const [name, amount] of amountsOf(resources)) total.set(name, Math.max(total.get(name) ?? 0, amount));
  return total;
}

/** A limit alone stands for its request, which is how extended resources are written most often. */
function amountsOf({
  requests,
  limits,
}: {
  readonly requests: Readonly<Record<string, string>>;
  readonly limits: Readonly<Record<string, string>>;
}): [string, number][] {
  return Object.entries({ ...limits, ...requests }).flatMap(([name, text]) => {
    const amount = quantity(text);
    return amount === undefined ? [] : [[name, amount] as [string, number]];
  });
}
