import type { Gpu, Inventory, Node } from '../inventory.ts';
import { family, sample } from '../metric-model.ts';
import type { Target } from '../metric-model.ts';
import { between } from '../random.ts';

const MODEL = 'NVIDIA A100-SXM4-80GB';
const FRAMEBUFFER_MIB = 81_251;
const RESERVED_MIB = 669;

/**
 * dcgm-exporter of one node with GPUs; undefined on a node without. It is scraped without `honor_labels`, as a ServiceMonitor
 * does by default, so the workload's labels are stored as `exported_pod` and so on.
 */
export function dcgmExporter(seed: string, inventory: Inventory, node: Node): Target | undefined {
  if (node.gpus.length === 0) return undefined;
  const owner = (gpu: Gpu) => inventory.pods.find((pod) => pod.gpus.includes(gpu));
  const each = (value: (gpu: Gpu, time: number) => number) =>
    node.gpus.map((gpu) => {
      const pod = owner(gpu);
      return sample(
        {
          gpu: String(gpu.index),
          UUID: gpu.uuid,
          pci_bus_id: gpu.pciBusId,
          device: `nvidia${gpu.index}`,
          modelName: MODEL,
          Hostname: node.name,
          DCGM_FI_DRIVER_VERSION: '550.144.03',
          container: pod?.container ?? '',
          namespace: pod?.namespace ?? '',
          pod: pod?.name ?? '',
        },
        (time) => value(gpu, time),
      );
    });
  const key = [seed, inventory.spec.name, node.name];
  const busy = (gpu: Gpu, time: number) => 0.52 * gpu.load.at(time);
  const watts = (gpu: Gpu, load: number) => 62 + between(300, 325, ...key, gpu.index, 'watts') * load;
  const usedMib = (gpu: Gpu, time: number) =>
    Math.floor(between(58_000, 66_000, ...key, gpu.index, 'memory') * (0.97 + 0.03 * gpu.load.at(time)));
  return {
    job: 'nvidia-dcgm-exporter',
    instance: `${node.address}:9400`,
    path: `/dcgm-exporter/${node.name}/metrics`,
    labels: {
      namespace: 'gpu-operator',
      pod: 'nvidia-dcgm-exporter-0',
      container: 'nvidia-dcgm-exporter',
      service: 'nvidia-dcgm-exporter',
    },
    honorLabels: false,
    isUp: () => true,
    families: [
      family(
        'gauge',
        'DCGM_FI_DEV_SM_CLOCK',
        'SM clock frequency (in MHz).',
        each((gpu, time) => Math.round(1095 + 315 * busy(gpu, time))),
      ),
      family(
        'gauge',
        'DCGM_FI_DEV_GPU_TEMP',
        'GPU temperature (in C).',
        each((gpu, time) => Math.round(31 + between(34, 42, ...key, gpu.index, 'temp') * busy(gpu, time - 20))),
      ),
      family(
        'gauge',
        'DCGM_FI_DEV_POWER_USAGE',
        'Power draw (in W).',
        each((gpu, time) => Math.round(watts(gpu, busy(gpu, time)) * 1000) / 1000),
      ),
      family(
        'counter',
        'DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION',
        'Total energy consumption since boot (in mJ).',
        each((gpu, time) =>
          // 0.52 × load stays below 1, so its integral is a closed form like every other counter.
          Math.floor(
            1000 * (62 * (time - node.bootTime) + (watts(gpu, 1) - 62) * 0.52 * gpu.load.integral(node.bootTime, time)),
          ),
        ),
      ),
      family(
        'gauge',
        'DCGM_FI_DEV_GPU_UTIL',
        'GPU utilization (in %).',
        each((gpu, time) => Math.round(100 * busy(gpu, time))),
      ),
      family(
        'gauge',
        'DCGM_FI_DEV_MEM_COPY_UTIL',
        'Memory utilization (in %).',
        each((gpu, time) => Math.round(58 * busy(gpu, time))),
      ),
      family(
        'gauge',
        'DCGM_FI_DEV_FB_FREE',
        'Framebuffer memory free (in MiB).',
        each((gpu, time) => FRAMEBUFFER_MIB - usedMib(gpu, time)),
      ),
      family('gauge', 'DCGM_FI_DEV_FB_USED', 'Framebuffer memory used (in MiB).', each(usedMib)),
      family(
        'gauge',
        'DCGM_FI_DEV_FB_RESERVED',
        'Framebuffer memory reserved (in MiB).',
        each(() => RESERVED_MIB),
      ),
      family(
        'gauge',
        'DCGM_FI_DEV_XID_ERRORS',
        'Value of the last XID error encountered.',
        each(() => 0),
      ),
      family(
        'gauge',
        'DCGM_FI_PROF_GR_ENGINE_ACTIVE',
        'Ratio of time the graphics engine is active.',
        each((gpu, time) => Math.round(busy(gpu, time) * 1e6) / 1e6),
      ),
      family(
        'gauge',
        'DCGM_FI_PROF_DRAM_ACTIVE',
        'Ratio of cycles the device memory interface is active sending or receiving data.',
        each((gpu, time) => Math.round(0.61 * busy(gpu, time) * 1e6) / 1e6),
      ),
    ],
  };
}
