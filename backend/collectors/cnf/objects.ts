import { z } from 'zod';
import { Metadata, Pod, list, map, object, part, text } from '../workloads/objects.ts';

/*
 * What CNF answers read of Kubernetes objects. The custom resources are those of OpenShift's SR-IOV and PTP operators (wire.md §5.4);
 * a field that an older or newer operator leaves out is read as empty, never as a reason to refuse the object.
 */

const number = z
  .number()
  .nullish()
  .transform((value) => value ?? null);
const whole = z
  .int()
  .nullish()
  .transform((value) => value ?? 0);
const WithAnnotations = Metadata.extend({ annotations: map });

export const CnfPod = Pod.extend({ metadata: WithAnnotations });
export type CnfPod = z.infer<typeof CnfPod>;

export const CnfNode = object({
  metadata: Metadata,
  status: part({ allocatable: map, addresses: list(object({ type: z.string(), address: z.string() })) }),
});
export type CnfNode = z.infer<typeof CnfNode>;

/** Of a Deployment or StatefulSet: how many pods there should be. */
export const Controller = object({
  metadata: Metadata,
  spec: part({ replicas: z.int().nullish(), template: part({ metadata: part({ labels: map }) }) }),
});
export type Controller = z.infer<typeof Controller>;

export const DaemonSetSize = object({
  metadata: Metadata,
  spec: part({ template: part({ metadata: part({ labels: map }) }) }),
  status: part({ desiredNumberScheduled: whole }),
});
export type DaemonSetSize = z.infer<typeof DaemonSetSize>;

/** Nephio's description of a network function; `provider` such as `upf.free5gc.io`. */
export const NfDeployment = object({ metadata: Metadata, spec: part({ provider: text }) });
export type NfDeployment = z.infer<typeof NfDeployment>;

/** The operator writes capital `Vfs` and `Vlan`, and lower `totalvfs`. */
const Vf = object({
  name: text,
  pciAddress: text,
  vfID: whole,
  Vlan: z.int().nullish(),
  mac: text,
  driver: text,
});
export const NodeState = object({
  metadata: WithAnnotations,
  status: part({
    syncStatus: text,
    lastSyncError: text,
    interfaces: list(
      object({
        name: text,
        pciAddress: text,
        vendor: text,
        deviceID: text,
        driver: text,
        linkSpeed: text,
        mtu: whole,
        numVfs: whole,
        totalvfs: whole,
        Vfs: list(Vf),
      }),
    ),
  }),
});
export type NodeState = z.infer<typeof NodeState>;

export const NodePolicy = object({
  metadata: Metadata,
  spec: part({
    resourceName: text,
    priority: whole,
    numVfs: whole,
    deviceType: text,
    mtu: z.int().nullish(),
    nodeSelector: map,
    nicSelector: part({ pfNames: list(z.string()) }),
  }),
});
export type NodePolicy = z.infer<typeof NodePolicy>;

export const PtpConfig = object({
  metadata: Metadata,
  spec: part({
    profile: list(
      object({
        name: text,
        ptp4lOpts: text,
        ptp4lConf: text,
        ts2phcOpts: text,
        ts2phcConf: text,
        ptpClockThreshold: part({
          holdOverTimeout: number,
          maxOffsetThreshold: number,
          minOffsetThreshold: number,
        }),
      }),
    ),
  }),
  status: part({ matchList: list(object({ nodeName: text, profile: text })) }),
});
export type PtpConfig = z.infer<typeof PtpConfig>;

/** Where each kind lives. */
export const CNF_KINDS = {
  pods: { group: '', version: 'v1', resource: 'pods', item: CnfPod, limit: 10_000 },
  nodes: { group: '', version: 'v1', resource: 'nodes', item: CnfNode, limit: 5_000 },
  deployments: { group: 'apps', version: 'v1', resource: 'deployments', item: Controller, limit: 5_000 },
  statefulsets: { group: 'apps', version: 'v1', resource: 'statefulsets', item: Controller, limit: 5_000 },
  daemonsets: { group: 'apps', version: 'v1', resource: 'daemonsets', item: DaemonSetSize, limit: 5_000 },
  nfdeployments: {
    group: 'workload.nephio.org',
    version: 'v1alpha1',
    resource: 'nfdeployments',
    item: NfDeployment,
    limit: 2_000,
  },
  sriovnetworknodestates: {
    group: 'sriovnetwork.openshift.io',
    version: 'v1',
    resource: 'sriovnetworknodestates',
    item: NodeState,
    limit: 5_000,
  },
  sriovnetworknodepolicies: {
    group: 'sriovnetwork.openshift.io',
    version: 'v1',
    resource: 'sriovnetworknodepolicies',
    item: NodePolicy,
    limit: 1_000,
  },
  ptpconfigs: { group: 'ptp.openshift.io', version: 'v1', resource: 'ptpconfigs', item: PtpConfig, limit: 1_000 },
} as const;
