import { z } from 'zod';
import { ClusterType, Environment } from '../../backend/model/cluster.ts';
import { GpuTrouble } from './gpu-trouble.ts';
import { Feature } from './kube-api/kinds.ts';

/** What one simulated cluster is. Everything it shows follows from this, the seed, and the time. */
export const ClusterSpec = z.strictObject({
  name: z.string(),
  displayName: z.string(),
  clusterType: ClusterType,
  environment: Environment,
  region: z.string(),
  labels: z.record(z.string(), z.string()),
  kubernetesVersion: z.string(),
  /** Empty where `features` has no OPENSHIFT. */
  openshiftVersion: z.string(),
  /** What is installed besides Kubernetes, as its API shows it. */
  features: z.array(Feature),
  /** Namespaces without workloads that are measured. */
  namespaces: z.array(z.string()),
  nodes: z.int().positive(),
  /** GPUs of the last node; 0 = a cluster without GPUs. */
  gpus: z.int().min(0),
  /** MIG instances (3g.71gb) that each GPU is cut into, in the single strategy; 0 = whole GPUs. */
  migInstances: z.int().min(0).max(2),
  gpuTroubles: z.array(GpuTrouble),
  workloads: z.array(z.enum(['PLATFORM', 'SHOP', 'INFERENCE', 'POINT_OF_SALE', 'USER_PLANE', 'RAN'])),
  /** Hour of day, UTC, of the busiest time. */
  peakHourUtc: z.number(),
  /** Requests per second of the storefront on an average hour. */
  requestsPerSecond: z.number(),
  /** Whether the incident of `incident.ts` happens here; needs the workload SHOP. */
  incident: z.boolean(),
  /** What goes wrong with network functions from the incident's time on; needs the features PTP and SRIOV. */
  cnfTroubles: z.array(z.enum(['PTP_HOLDOVER', 'VFS_EXHAUSTED'])),
  /** false = its Prometheus is down from the start, so the cluster is truly degraded until someone starts it. */
  prometheusRuns: z.boolean(),
});
export type ClusterSpec = z.infer<typeof ClusterSpec>;
export type Workload = ClusterSpec['workloads'][number];

const HUB_1: ClusterSpec = {
  name: 'hub-1',
  displayName: 'Hub',
  clusterType: 'HUB',
  environment: 'PRODUCTION',
  region: 'eu-central',
  labels: { tier: 'management' },
  kubernetesVersion: 'v1.31.6',
  openshiftVersion: '4.18.11',
  features: ['OPENSHIFT', 'ACM', 'ODF', 'SRIOV', 'PTP'],
  namespaces: [],
  nodes: 2,
  gpus: 0,
  migInstances: 0,
  gpuTroubles: [],
  workloads: ['PLATFORM', 'USER_PLANE'],
  peakHourUtc: 13,
  requestsPerSecond: 0,
  incident: false,
  cnfTroubles: [],
  prometheusRuns: true,
};

const PROD_EU_1: ClusterSpec = {
  ...HUB_1,
  name: 'prod-eu-1',
  displayName: 'Production Europe 1',
  clusterType: 'SPOKE',
  region: 'eu-west',
  labels: { tier: 'workload', app: 'shop' },
  features: ['OPENSHIFT', 'SERVICE_MESH'],
  nodes: 3,
  workloads: ['PLATFORM', 'SHOP'],
  requestsPerSecond: 42,
  incident: true,
};

const PROD_US_1: ClusterSpec = {
  ...PROD_EU_1,
  name: 'prod-us-1',
  displayName: 'Production US 1',
  region: 'us-east',
  labels: { tier: 'workload', app: 'shop', gpu: 'true' },
  kubernetesVersion: 'v1.31.4',
  openshiftVersion: '4.18.4',
  features: ['OPENSHIFT', 'GPU_OPERATOR'],
  gpus: 4,
  gpuTroubles: [
    { kind: 'XID_79', gpu: 1 },
    { kind: 'THERMAL', gpu: 2 },
    { kind: 'ALLOCATED_IDLE', gpu: 3 },
  ],
  workloads: ['PLATFORM', 'SHOP', 'INFERENCE'],
  peakHourUtc: 19,
  requestsPerSecond: 61,
  incident: false,
};

const STAGE_1: ClusterSpec = {
  ...PROD_EU_1,
  name: 'stage-1',
  displayName: 'Staging',
  environment: 'STAGING',
  kubernetesVersion: 'v1.32.1',
  openshiftVersion: '',
  features: ['GPU_OPERATOR'],
  nodes: 2,
  gpus: 1,
  migInstances: 2,
  workloads: ['PLATFORM', 'SHOP', 'INFERENCE'],
  requestsPerSecond: 3,
  incident: false,
};

const EDGE_LAB_1: ClusterSpec = {
  ...HUB_1,
  name: 'edge-lab-1',
  displayName: 'Edge laboratory 1',
  clusterType: 'EDGE',
  environment: 'LAB',
  region: 'lab',
  labels: { tier: 'edge' },
  kubernetesVersion: 'v1.30.9',
  openshiftVersion: '',
  features: ['SRIOV', 'PTP'],
  namespaces: ['du-site-1', 'cu-site-1'],
  nodes: 1,
  workloads: ['POINT_OF_SALE', 'RAN'],
  prometheusRuns: false,
};

/** The fleet of the demo: five clusters, one of them with an incident to come, one degraded from the start. */
export const DEMO_CLUSTERS: readonly ClusterSpec[] = [HUB_1, PROD_EU_1, PROD_US_1, STAGE_1, EDGE_LAB_1];

/** Three clusters for tests, all healthy until a test kills something. The incident is in `prod-eu-1`. */
export const TEST_CLUSTERS: readonly ClusterSpec[] = [HUB_1, PROD_EU_1, PROD_US_1];
