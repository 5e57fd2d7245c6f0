import type { GpuNodesAnswer } from '../../backend/model/gpu-answers.ts';
import type { GPU, GPUNode, GpuFinding } from '../../backend/model/gpu.ts';
import { uuid } from '../test-support.ts';

/** What tests of the GPU pages build by hand; nothing here is part of the product. */

const AT = '2026-03-01T10:00:00.000Z';

export function gpu(index: number, rest: Partial<GPU> = {}): GPU {
  return {
    index,
    uuid: `GPU-${index}`,
    name: 'NVIDIA H200',
    pci_bus_id: null,
    driver_version: '580.1',
    cuda_version: null,
    memory_total_mb: 143_771,
    memory_used_mb: 71_885.5,
    memory_free_mb: 71_885.5,
    utilization_gpu_percent: 50,
    utilization_memory_percent: null,
    utilization_gpu_max_1h_percent: null,
    tensor_active_percent: null,
    temperature_celsius: 60,
    memory_temperature_celsius: null,
    power_draw_watts: 350,
    power_limit_watts: 700,
    fan_speed_percent: null,
    sm_clock_mhz: 1980,
    memory_clock_mhz: null,
    throttling: [],
    xids: [],
    ecc: {
      corrected_volatile: 0,
      uncorrected_volatile: 0,
      corrected_aggregate: null,
      uncorrected_aggregate: null,
      uncorrected_1h: null,
    },
    remapped_rows: { correctable: null, uncorrectable: null, pending: null, failed: null },
    retired_pages: { single_bit: null, double_bit: null, pending: null },
    nvlink_errors_1h: { crc: null, replay: null, recovery: null },
    pcie_replays_1h: null,
    mig_enabled: false,
    mig_instances: [],
    pods: [],
    processes: null,
    ...rest,
  };
}

export function gpuNode(name: string, rest: Partial<GPUNode> = {}): GPUNode {
  return {
    cluster_id: uuid(1),
    cluster_name: 'alpha',
    node_name: name,
    source: 'DCGM',
    not_used: [],
    last_updated: AT,
    age_seconds: 8,
    stale: false,
    gpu_count: rest.gpus?.length ?? 0,
    model: 'NVIDIA H200',
    driver_version: '580.1',
    sharing: 'EXCLUSIVE',
    replicas: null,
    allocation: [],
    pods: [],
    gpus: [],
    findings: [],
    ...rest,
  };
}

export function gpuFinding(node: string, index: number, rest: Partial<GpuFinding> = {}): GpuFinding {
  return {
    severity: 'CRITICAL',
    code: 'XID_79',
    cluster: 'alpha',
    node,
    gpu: index,
    uuid: `GPU-${index}`,
    message: 'The GPU has fallen off the bus.',
    evidence: [{ path: 'DCGM_FI_DEV_XID_ERRORS', value: '79' }],
    next_step: 'Drain the node and reset it.',
    ...rest,
  };
}

export function nodesAnswer(nodes: GPUNode[], rest: Partial<GpuNodesAnswer> = {}): GpuNodesAnswer {
  return {
    nodes,
    total: nodes.length,
    total_gpus: nodes.reduce((sum, node) => sum + (node.gpu_count ?? 0), 0),
    coverage: [],
    clusters_without_gpus: 0,
    clusters: [
      { cluster_id: uuid(1), cluster_name: 'alpha', status: 'SUCCESS', query_time_ms: 3, cached: false } as const,
    ],
    complete: true,
    ...rest,
  };
}
