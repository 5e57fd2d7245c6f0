import type { GPU } from '../../model/gpu.ts';

/** A card of which nothing is known. */
export function blankGpu(): GPU {
  return {
    index: null,
    uuid: null,
    name: null,
    pci_bus_id: null,
    driver_version: null,
    cuda_version: null,
    memory_total_mb: null,
    memory_used_mb: null,
    memory_free_mb: null,
    utilization_gpu_percent: null,
    utilization_memory_percent: null,
    utilization_gpu_max_1h_percent: null,
    tensor_active_percent: null,
    temperature_celsius: null,
    memory_temperature_celsius: null,
    power_draw_watts: null,
    power_limit_watts: null,
    fan_speed_percent: null,
    sm_clock_mhz: null,
    memory_clock_mhz: null,
    throttling: null,
    xids: null,
    ecc: {
      corrected_volatile: null,
      uncorrected_volatile: null,
      corrected_aggregate: null,
      uncorrected_aggregate: null,
      uncorrected_1h: null,
    },
    remapped_rows: { correctable: null, uncorrectable: null, pending: null, failed: null },
    retired_pages: { single_bit: null, double_bit: null, pending: null },
    nvlink_errors_1h: { crc: null, replay: null, recovery: null },
    pcie_replays_1h: null,
    mig_enabled: null,
    mig_instances: [],
    pods: null,
    processes: null,
  };
}
