import type { Inventory } from '../../inventory.ts';
import type { KubeObject } from '../store.ts';
import { deploymentObjects, eventObjects, namespaceObject, nodeObject, podObject } from './core.ts';
import { gpuObjects, nodeExtras, ptpObjects, sriovObjects } from './hardware.ts';
import { openshiftObjects } from './openshift.ts';
import { FEATURE_NAMESPACES, platformObjects } from './platform.ts';
import { workloadObjects } from './workloads.ts';

/** Everything that stands in one simulated cluster at a time (Unix seconds), the same that its exporters measure. */
export function clusterObjects(inventory: Inventory, epoch: number, time: number): KubeObject[] {
  const { spec, nodes, pods } = inventory;
  const has = (feature: (typeof spec.features)[number]) => spec.features.includes(feature);
  const namespaces = new Set([
    ...inventory.namespaces,
    ...spec.namespaces,
    ...spec.features.flatMap((feature) => FEATURE_NAMESPACES[feature]),
  ]);
  return [
    ...[...namespaces].map(namespaceObject),
    ...nodes.map((node, index) => nodeObject(inventory, node, index, nodeExtras(inventory, node))),
    ...pods.map((pod) => podObject(pod, time)),
    ...deploymentObjects(pods, time),
    ...workloadObjects(inventory, time),
    ...eventObjects(pods, time),
    ...(has('OPENSHIFT') ? openshiftObjects(spec, epoch - 40 * 86_400) : []),
    ...(has('GPU_OPERATOR') ? gpuObjects(inventory) : []),
    ...(has('SRIOV') ? sriovObjects(inventory) : []),
    ...(has('PTP') ? ptpObjects(nodes) : []),
    ...platformObjects(spec.features),
  ];
}
