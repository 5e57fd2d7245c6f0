import type { GPU, GPUProcess } from '../../model/gpu.ts';
import { AppError, quoteForeign } from '../../model/errors.ts';
import { blankGpu } from './blank-gpu.ts';
import type { MeasuredNode } from './dcgm.ts';
import { smiFlag, smiMask, smiNumber, smiRows, smiText } from './smi-csv.ts';
import { throttleOf } from './throttle-mask.ts';

/** Runs one program in the pod where nvidia-smi is; a code other than 0 is a result. */
export type RunSmi = (
  command: readonly ['nvidia-smi', ...string[]],
) => Promise<{ readonly exitCode: number; readonly stdout: string; readonly stderr: string }>;

/** What every driver since 418 knows. An unknown field fails the whole query, so nothing else is asked for together with these. */
const CORE = [
  'index',
  'uuid',
  'pci.bus_id',
  'driver_version',
  'memory.total',
  'memory.used',
  'memory.free',
  'utilization.gpu',
  'utilization.memory',
  'temperature.gpu',
  'power.draw',
  'power.limit',
  'clocks.current.sm',
  'clocks.current.memory',
  // Last, because a name may have a comma.
  'name',
] as const;

type Cards = ReadonlyMap<number, GPU>;

/** Asked for one by one, each in the first spelling that the driver knows. */
const OPTIONAL: readonly { readonly fields: readonly string[]; readonly set: (gpu: GPU, cell: string) => void }[] = [
  // Before driver 535 the second name.
  {
    fields: ['clocks_event_reasons.active', 'clocks_throttle_reasons.active'],
    set: (gpu, cell) => {
      const mask = smiMask(cell);
      gpu.throttling = mask === null ? null : throttleOf(mask);
    },
  },
  { fields: ['temperature.memory'], set: (gpu, cell) => void (gpu.memory_temperature_celsius = smiNumber(cell)) },
  { fields: ['fan.speed'], set: (gpu, cell) => void (gpu.fan_speed_percent = smiNumber(cell)) },
  { fields: ['mig.mode.current'], set: (gpu, cell) => void (gpu.mig_enabled = smiFlag(cell)) },
  {
    fields: ['ecc.errors.corrected.volatile.total'],
    set: (gpu, cell) => void (gpu.ecc = { ...gpu.ecc, corrected_volatile: smiNumber(cell) }),
  },
  {
    fields: ['ecc.errors.uncorrected.volatile.total'],
    set: (gpu, cell) => void (gpu.ecc = { ...gpu.ecc, uncorrected_volatile: smiNumber(cell) }),
  },
  {
    fields: ['ecc.errors.uncorrected.aggregate.total'],
    set: (gpu, cell) => void (gpu.ecc = { ...gpu.ecc, uncorrected_aggregate: smiNumber(cell) }),
  },
  {
    fields: ['remapped_rows.uncorrectable'],
    set: (gpu, cell) => void (gpu.remapped_rows = { ...gpu.remapped_rows, uncorrectable: smiNumber(cell) }),
  },
  {
    fields: ['remapped_rows.pending'],
    set: (gpu, cell) => void (gpu.remapped_rows = { ...gpu.remapped_rows, pending: smiFlag(cell) }),
  },
  {
    fields: ['remapped_rows.failure'],
    set: (gpu, cell) => void (gpu.remapped_rows = { ...gpu.remapped_rows, failed: smiFlag(cell) }),
  },
];

/** Of a driver, by version: which spelling of each optional field it knows; undefined = none. */
export type KnownFields = Map<string, ReadonlyMap<string, string | undefined>>;

/**
 * What `nvidia-smi` says of the cards of one node. `known` remembers which optional fields a driver version has, so that a second
 * look asks for all of them in one query. Throws SPOKE_ERROR with what nvidia-smi printed when it cannot say anything.
 */
export async function readSmi(run: RunSmi, node: string, sampledAt: number, known: KnownFields): Promise<MeasuredNode> {
  const rows = await query(run, [...CORE]);
  if (!Array.isArray(rows)) throw failed(rows);
  const cards: Cards = new Map(rows.flatMap(cardOf));
  const driver = [...cards.values()][0]?.driver_version ?? '';
  const fields = known.get(driver) ?? (await probe(run));
  if (!known.has(driver)) known.set(driver, fields);
  const wanted = OPTIONAL.flatMap((one) => {
    const field = fields.get(one.fields[0] ?? '');
    return field === undefined ? [] : [{ field, set: one.set }];
  });
  if (wanted.length > 0) {
    const more = await query(run, ['index', ...wanted.map(({ field }) => field)]);
    // A driver that was replaced under the same version forgets nothing but these.
    if (Array.isArray(more))
      for (const [index = '', ...values] of more) {
        const gpu = cards.get(Number(index));
        if (gpu) for (const [at, { set }] of wanted.entries()) set(gpu, values[at] ?? '');
      }
    else known.delete(driver);
  }
  await readProcesses(run, cards);
  return { node, sampledAt, gpus: [...cards.values()].sort((a, b) => (a.index ?? 0) - (b.index ?? 0)) };
}

async function probe(run: RunSmi): Promise<ReadonlyMap<string, string | undefined>> {
  const found = new Map<string, string | undefined>();
  for (const { fields } of OPTIONAL) {
    let spelling: string | undefined;
    for (const field of fields) {
      if (spelling === undefined && Array.isArray(await query(run, ['index', field]))) spelling = field;
    }
    found.set(fields[0] ?? '', spelling);
  }
  return found;
}

interface Refused {
  readonly exitCode: number;
  readonly said: string;
}

async function query(run: RunSmi, fields: readonly string[]): Promise<string[][] | Refused> {
  const { exitCode, stdout, stderr } = await run(['nvidia-smi', `--query-gpu=${fields.join(',')}`, '--format=csv']);
  const rows = exitCode === 0 ? smiRows(stdout, fields.length) : undefined;
  return rows ?? { exitCode, said: `${stdout}\n${stderr}` };
}

/** Exit codes as `nvidia-smi --help` and NVML have them. */
const CODES: Readonly<Record<number, string>> = {
  2: 'an argument is not known to it',
  4: 'it has no permission',
  6: 'it found no device',
  9: 'the driver is not loaded',
  12: "NVIDIA's library is not there",
  15: 'a GPU fell off the bus',
};

function failed({ exitCode, said }: Refused): AppError {
  const why = CODES[exitCode] ?? (exitCode === 0 ? 'its output is not a table' : `it ended with ${exitCode}`);
  return new AppError('SPOKE_ERROR', `nvidia-smi cannot say anything: ${why} (${quoteForeign(said, 200)}).`, {
    details: { reason: 'NVIDIA_SMI', exit_code: exitCode },
  });
}

function cardOf(row: readonly string[]): [number, GPU][] {
  const cell = (field: (typeof CORE)[number]) => row[CORE.indexOf(field)] ?? '';
  const index = smiNumber(cell('index'));
  if (index === null || !Number.isInteger(index) || index < 0) return [];
  const gpu: GPU = {
    ...blankGpu(),
    index,
    uuid: smiText(cell('uuid')),
    name: smiText(cell('name')),
    pci_bus_id: smiText(cell('pci.bus_id')),
    driver_version: smiText(cell('driver_version')),
    memory_total_mb: smiNumber(cell('memory.total')),
    memory_used_mb: smiNumber(cell('memory.used')),
    memory_free_mb: smiNumber(cell('memory.free')),
    utilization_gpu_percent: smiNumber(cell('utilization.gpu')),
    utilization_memory_percent: smiNumber(cell('utilization.memory')),
    temperature_celsius: smiNumber(cell('temperature.gpu')),
    power_draw_watts: smiNumber(cell('power.draw')),
    power_limit_watts: smiNumber(cell('power.limit')),
    sm_clock_mhz: smiNumber(cell('clocks.current.sm')),
    memory_clock_mhz: smiNumber(cell('clocks.current.memory')),
  };
  return [[index, gpu]];
}

const MOST_PROCESSES = 512;

/**
 * Programs that compute. Without the host's process ids a pod sees none, so an empty list while memory is in use says nothing and
 * stays unknown.
 */
async function readProcesses(run: RunSmi, cards: Cards): Promise<void> {
  const command = ['nvidia-smi', '--query-compute-apps=gpu_uuid,pid,used_memory,process_name', '--format=csv'] as const;
  const { exitCode, stdout } = await run(command);
  const rows = exitCode === 0 ? smiRows(stdout, 4) : undefined;
  if (!rows) return;
  for (const gpu of cards.values()) {
    const own = rows
      .filter(([uuid]) => uuid === gpu.uuid)
      .slice(0, MOST_PROCESSES)
      .flatMap(([, pid = '', memory = '', name = '']): GPUProcess[] => {
        const number = smiNumber(pid);
        if (number === null || !Number.isInteger(number)) return [];
        return [{ pid: number, process_name: smiText(name), used_memory_mb: smiNumber(memory), type: 'COMPUTE' }];
      });
    if (own.length > 0 || gpu.memory_used_mb === null || gpu.memory_used_mb < IDLE_MB) gpu.processes = own;
  }
}

/** A card without any program holds some memory for its driver, on an H200 about half a gigabyte. */
const IDLE_MB = 1024;
