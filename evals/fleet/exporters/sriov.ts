import type { Inventory, Node, Vf } from '../inventory.ts';
import { constant, family, sample } from '../metric-model.ts';
import type { Target } from '../metric-model.ts';
import { between } from '../random.ts';

const RESOURCE = 'openshift.io/mlxnics';

/**
 * sriov-network-metrics-exporter of one node (wire.md §7.2); undefined on a node without virtual functions. As the operator's
 * ServiceMonitor has it, discovery sets `node`, and the exporter's `pod` and `namespace` are stored as `exported_…`.
 */
export function sriovExporter(seed: string, { spec, pods }: Inventory, node: Node): Target | undefined {
  if (node.vfs.length === 0) return undefined;
  const ownerOf = (vf: Vf) => pods.find((pod) => pod.node === node && pod.vfs.includes(vf));
  const counter = (name: string, help: string, perSecond: (vf: Vf) => number) =>
    family(
      'counter',
      `sriov_vf_${name}`,
      help,
      node.vfs.map((vf) => {
        const rate = ownerOf(vf) ? perSecond(vf) : 0;
        return sample({ pf: vf.pf, vf: String(vf.index), pciAddr: vf.pciAddress, numa_node: '0' }, (time) =>
          Math.floor(rate * (time - node.bootTime)),
        );
      }),
    );
  const rate = (vf: Vf, name: string, least: number, most: number) =>
    between(least, most, seed, spec.name, node.name, vf.index, name);
  const packets = (vf: Vf) => rate(vf, 'packets', 180_000, 320_000);
  return {
    job: 'sriov-network-metrics-exporter',
    instance: `${node.address}:9110`,
    path: `/sriov/${node.name}/metrics`,
    labels: {
      node: node.name,
      namespace: 'openshift-sriov-network-operator',
      pod: `sriov-network-metrics-exporter-${node.name}`,
      container: 'kube-rbac-proxy',
    },
    honorLabels: false,
    isUp: () => true,
    families: [
      counter('rx_bytes', 'received bytes', (vf) => packets(vf) * 840),
      counter('tx_bytes', 'sent bytes', (vf) => packets(vf) * 790),
      counter('rx_packets', 'received packets', packets),
      counter('tx_packets', 'sent packets', (vf) => packets(vf) * 0.94),
      counter('rx_dropped', 'received packets dropped', (vf) => rate(vf, 'dropped', 0, 0.4)),
      counter('tx_dropped', 'sent packets dropped', () => 0),
      family(
        'counter',
        'sriov_kubepoddevice',
        'pods and their devices',
        node.vfs.flatMap((vf) => {
          const pod = ownerOf(vf);
          return pod
            ? [
                constant(
                  {
                    pciAddr: vf.pciAddress,
                    dev_type: RESOURCE,
                    pod: pod.name,
                    namespace: pod.namespace,
                    container: pod.container,
                  },
                  1,
                ),
              ]
            : [];
        }),
      ),
    ],
  };
}
