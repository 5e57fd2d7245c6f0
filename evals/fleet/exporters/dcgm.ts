import type { Gpu, Inventory, Node } from '../inventory.ts';
import { family, sample } from '../metric-model.ts';
import type { Target } from '../metric-model.ts';
import { gpuTroubles } from '../gpu-trouble.ts';
import { between } from '../random.ts';

const MODEL = 'NVIDIA H200';
const FRAMEBUFFER_MIB = 143_771;
const RESERVED_MIB = 669;
/** Half a card: an instance 3g.71gb. One that nobody holds has some of it taken. */
const INSTANCE = { profile: '3g.71gb', mib: Math.floor(FRAMEBUFFER_MIB / 2), emptyMib: 48 };
/** The place of an instance's id where the card is whole. */
const WHOLE = '';
/** Nanoseconds of each second that a hot card is held down. */
const THROTTLED_NS = 0.42e9;
/** Its temperature then. */
const HOT_CELSIUS = 91;

/** Counters of errors that have not happened. */
const ZEROS = [
  ['DCGM_FI_DEV_POWER_VIOLATION', 'Throttling duration due to power constraints (in ns).'],
  ['DCGM_FI_DEV_PCIE_REPLAY_COUNTER', 'Total number of PCIe retries.'],
  ['DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS', 'Number of remapped rows for uncorrectable errors.'],
  ['DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS', 'Number of remapped rows for correctable errors.'],
  ['DCGM_FI_DEV_ECC_SBE_VOL_TOTAL', 'Total number of single-bit volatile ECC errors.'],
  ['DCGM_FI_DEV_ECC_DBE_VOL_TOTAL', 'Total number of double-bit volatile ECC errors.'],
  ['DCGM_FI_DEV_NVLINK_REPLAY_ERROR_COUNT_TOTAL', 'Total number of NVLink retries.'],
  ['DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL', 'Total number of NVLink recovery errors.'],
] as const;

/**
 * dcgm-exporter of one node with GPUs; undefined on a node without. It is scraped without `honor_labels`, as a ServiceMonitor
 * does by default, so the workload's labels are stored as `exported_pod` and so on.
 */
export function dcgmExporter(seed: string, inventory: Inventory, node: Node, troubleStart: number): Target | undefined {
  if (node.gpus.length === 0) return undefined;
  const trouble = gpuTroubles(inventory.spec.gpuTroubles, troubleStart);
  const owner = (gpu: Gpu) => inventory.pods.find((pod) => pod.gpus.includes(gpu));
  const labelled = (
    more: (gpu: Gpu) => Readonly<Record<string, string>>,
    value: (gpu: Gpu, time: number, id: string) => number,
    parts = partsOf(node.gpus),
  ) =>
    parts.map(({ gpu, id }) => {
      const pod = isFirst(gpu, id) ? owner(gpu) : undefined;
      return sample(
        {
          gpu: String(gpu.index),
          UUID: gpu.uuid,
          pci_bus_id: gpu.pciBusId,
          device: `nvidia${gpu.index}`,
          modelName: MODEL,
          ...(id !== WHOLE && { GPU_I_PROFILE: INSTANCE.profile, GPU_I_ID: id }),
          Hostname: node.name,
          DCGM_FI_DRIVER_VERSION: '580.159.03',
          container: pod?.container ?? '',
          namespace: pod?.namespace ?? '',
          pod: pod?.name ?? '',
          ...more(gpu),
        },
        (time) => value(gpu, time, id),
      );
    });
  const isLost = (gpu: Gpu) => trouble.has('XID_79', gpu.index, troubleStart);
  const lost = partsOf(node.gpus).filter(({ gpu }) => isLost(gpu));
  const here = partsOf(node.gpus).filter(({ gpu }) => !isLost(gpu));
  /** Of a card that fell off the bus DCGM has blanks only, which the exporter leaves out. */
  const each = (value: (gpu: Gpu, time: number, id: string) => number) => labelled(() => ({}), value, here);
  const key = [seed, inventory.spec.name, node.name];
  const isIdle = (gpu: Gpu) => trouble.has('ALLOCATED_IDLE', gpu.index, troubleStart);
  const busy = (gpu: Gpu, time: number) => (isIdle(gpu) ? 0 : 0.52 * gpu.load.at(time));
  const watts = (gpu: Gpu, load: number) => 62 + between(300, 325, ...key, gpu.index, 'watts') * load;
  const usedMib = (gpu: Gpu, time: number) =>
    Math.floor(between(58_000, 66_000, ...key, gpu.index, 'memory') * (0.97 + 0.03 * gpu.load.at(time)));
  const used = (gpu: Gpu, time: number, id: string) => (isFirst(gpu, id) ? usedMib(gpu, time) : INSTANCE.emptyMib);
  const reserved = (id: string) => (id === WHOLE ? RESERVED_MIB : Math.floor(RESERVED_MIB / 2));
  const free = (gpu: Gpu, time: number, id: string) =>
    (id === WHOLE ? FRAMEBUFFER_MIB : INSTANCE.mib) - reserved(id) - used(gpu, time, id);
  const engine = (gpu: Gpu, time: number, id: string) => (isFirst(gpu, id) ? busy(gpu, time) : 0);
  /** Utilization is of whole cards only; DCGM has blanks of it for instances. */
  const ofWhole = (value: (gpu: Gpu, time: number) => number) =>
    labelled(
      () => ({}),
      value,
      here.filter(({ id }) => id === WHOLE),
    );
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
        each((gpu, time) =>
          trouble.has('THERMAL', gpu.index, time)
            ? HOT_CELSIUS
            : Math.round(31 + between(34, 42, ...key, gpu.index, 'temp') * busy(gpu, time - 20)),
        ),
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
            1000 *
              (62 * (time - node.bootTime) +
                (isIdle(gpu) ? 0 : (watts(gpu, 1) - 62) * 0.52 * gpu.load.integral(node.bootTime, time))),
          ),
        ),
      ),
      family(
        'gauge',
        'DCGM_FI_DEV_GPU_UTIL',
        'GPU utilization (in %).',
        ofWhole((gpu, time) => Math.round(100 * busy(gpu, time))),
      ),
      family(
        'gauge',
        'DCGM_FI_DEV_MEM_COPY_UTIL',
        'Memory utilization (in %).',
        ofWhole((gpu, time) => Math.round(58 * busy(gpu, time))),
      ),
      family('gauge', 'DCGM_FI_DEV_FB_FREE', 'Framebuffer memory free (in MiB).', each(free)),
      family('gauge', 'DCGM_FI_DEV_FB_USED', 'Framebuffer memory used (in MiB).', each(used)),
      family(
        'gauge',
        'DCGM_FI_DEV_FB_RESERVED',
        'Framebuffer memory reserved (in MiB).',
        each((_gpu, _time, id) => reserved(id)),
      ),
      // A new XID is a new series, with the code and what it means as labels; 0 until there is one.
      family('gauge', 'DCGM_FI_DEV_XID_ERRORS', 'Value of the last XID error encountered.', [
        ...labelled(
          () => ({ err_code: '0', err_msg: 'No Error' }),
          () => 0,
          here,
        ),
        ...labelled(
          () => ({ err_code: '79', err_msg: 'GPU has fallen off the bus' }),
          () => 79,
          lost,
        ),
      ]),
      family(
        'gauge',
        'DCGM_FI_DEV_MEMORY_TEMP',
        'Memory temperature (in C).',
        each((gpu, time) => Math.round(38 + 40 * busy(gpu, time - 30))),
      ),
      family(
        'counter',
        'DCGM_FI_DEV_THERMAL_VIOLATION',
        'Throttling duration due to thermal constraints (in ns).',
        each((gpu, time) => Math.floor(THROTTLED_NS * trouble.seconds('THERMAL', gpu.index, time))),
      ),
      ...ZEROS.map(([name, help]) =>
        family(
          'counter',
          name,
          help,
          each(() => 0),
        ),
      ),
      family(
        'gauge',
        'DCGM_FI_DEV_ROW_REMAP_FAILURE',
        'Whether remapping of rows has failed.',
        each(() => 0),
      ),
      family(
        'gauge',
        'DCGM_FI_PROF_GR_ENGINE_ACTIVE',
        'Ratio of time the graphics engine is active.',
        each((gpu, time, id) => Math.round(engine(gpu, time, id) * 1e6) / 1e6),
      ),
      family(
        'gauge',
        'DCGM_FI_PROF_DRAM_ACTIVE',
        'Ratio of cycles the device memory interface is active sending or receiving data.',
        each((gpu, time, id) => Math.round(0.61 * engine(gpu, time, id) * 1e6) / 1e6),
      ),
    ],
  };
}

/** What the exporter has a series of: each instance of a card that is cut, else the card. */
function partsOf(gpus: readonly Gpu[]): { readonly gpu: Gpu; readonly id: string }[] {
  return gpus.flatMap((gpu) => (gpu.migIds.length > 0 ? gpu.migIds : [WHOLE]).map((id) => ({ gpu, id })));
}

function isFirst({ migIds }: Gpu, id: string): boolean {
  return id === (migIds[0] ?? WHOLE);
}
