import type { Card } from '../gpu-cards.ts';

/*
 * nvidia-smi as wire.md §6.2 has it: cells separated by `, ` without quotes, units in header and cells, and one unknown field ends
 * the whole query.
 */

/** It prints its errors to standard output as well. */
interface Outcome {
  readonly stdout: string;
  readonly stderr?: undefined;
  readonly code: number;
}

interface Field<T> {
  /** In the header when it differs from the field asked for. */
  readonly header?: string;
  readonly unit?: 'MiB' | '%' | 'W' | 'MHz';
  /** Undefined = the card has none. */
  cell(one: T): string | number | undefined;
}

const EXIT = { BAD_ARGUMENT: 2, NOTHING_FOUND: 6, LOST: 15 } as const;
const ABSENT = '[N/A]';
/** Of an H200, which DCGM's default counters leave out. */
const LIMIT_WATTS = 700;
const MEMORY_CLOCK_MHZ = 3201;
const IDLE = 0x1n;
const SW_THERMAL = 0x20n;

const dcgm =
  (name: string) =>
  ({ values }: Card): number | undefined =>
    values.get(`DCGM_FI_DEV_${name}`);
/** With MIG the card as a whole has none. */
const load = (name: string) => (card: Card) => (card.hasMig ? undefined : dcgm(name)(card));
const watts = (value: number | undefined) => value?.toFixed(2);

const reasons = ({ values, isThrottled, hasMig }: Card): string => {
  const idle = !hasMig && values.get('DCGM_FI_DEV_GPU_UTIL') === 0 ? IDLE : 0n;
  return `0x${(idle | (isThrottled ? SW_THERMAL : 0n)).toString(16).padStart(16, '0')}`;
};

const GPU_FIELDS: Readonly<Record<string, Field<Card>>> = {
  index: { cell: ({ index }) => index },
  uuid: { cell: ({ uuid }) => uuid },
  name: { cell: ({ name }) => name },
  'pci.bus_id': { cell: ({ pciBusId }) => pciBusId },
  driver_version: { cell: ({ driver }) => driver },
  'memory.total': {
    unit: 'MiB',
    cell: ({ values }) =>
      ['USED', 'FREE', 'RESERVED'].reduce((sum, part) => sum + (values.get(`DCGM_FI_DEV_FB_${part}`) ?? 0), 0),
  },
  'memory.reserved': { unit: 'MiB', cell: dcgm('FB_RESERVED') },
  'memory.used': { unit: 'MiB', cell: dcgm('FB_USED') },
  'memory.free': { unit: 'MiB', cell: dcgm('FB_FREE') },
  'utilization.gpu': { unit: '%', cell: load('GPU_UTIL') },
  'utilization.memory': { unit: '%', cell: load('MEM_COPY_UTIL') },
  'temperature.gpu': { cell: dcgm('GPU_TEMP') },
  'temperature.memory': { cell: dcgm('MEMORY_TEMP') },
  // Cooled by the case's air.
  'fan.speed': { unit: '%', cell: () => undefined },
  'power.draw': { unit: 'W', cell: (card) => watts(dcgm('POWER_USAGE')(card)) },
  'power.limit': { unit: 'W', cell: () => watts(LIMIT_WATTS) },
  'clocks.current.sm': { unit: 'MHz', cell: dcgm('SM_CLOCK') },
  'clocks.current.memory': { unit: 'MHz', cell: () => MEMORY_CLOCK_MHZ },
  'mig.mode.current': { cell: ({ hasMig }) => (hasMig ? 'Enabled' : 'Disabled') },
  'ecc.errors.corrected.volatile.total': { cell: dcgm('ECC_SBE_VOL_TOTAL') },
  'ecc.errors.uncorrected.volatile.total': { cell: dcgm('ECC_DBE_VOL_TOTAL') },
  'ecc.errors.uncorrected.aggregate.total': { cell: dcgm('ECC_DBE_VOL_TOTAL') },
  'remapped_rows.correctable': { cell: dcgm('CORRECTABLE_REMAPPED_ROWS') },
  'remapped_rows.uncorrectable': { cell: dcgm('UNCORRECTABLE_REMAPPED_ROWS') },
  'remapped_rows.pending': { cell: () => 'No' },
  'remapped_rows.failure': { cell: (card) => (dcgm('ROW_REMAP_FAILURE')(card) === 1 ? 'Yes' : 'No') },
};

interface App {
  readonly card: Card;
  readonly process: Card['processes'][number];
}

const APP_FIELDS: Readonly<Record<string, Field<App>>> = {
  gpu_uuid: { cell: ({ card }) => card.uuid },
  pid: { cell: ({ process }) => process.pid },
  process_name: { cell: ({ process }) => process.name },
  used_memory: {
    header: 'used_gpu_memory',
    unit: 'MiB',
    cell: ({ card, process }) => (card.hasMig ? undefined : process.usedMib),
  },
};

/** `seesHost`: whether the container is in the host's process namespace; without that it sees no processes. */
export function nvidiaSmi(args: readonly string[], cards: readonly Card[], seesHost: boolean): Outcome {
  const options = new Map(
    args.map((arg): [string, string] => {
      const at = arg.indexOf('=');
      return at < 0 ? [arg, ''] : [arg.slice(0, at), arg.slice(at + 1)];
    }),
  );
  const [format, ...without] = (options.get('--format') ?? '').split(',');
  const known = new Set(['--query-gpu', '--query-compute-apps', '--format']);
  const wrong = [...options.keys()].find((option) => !known.has(option));
  if (wrong !== undefined)
    return {
      stdout: `Invalid combination of input arguments. Please run 'nvidia-smi -h' for help.\n\n`,
      code: EXIT.BAD_ARGUMENT,
    };
  const [gpus, apps] = [options.get('--query-gpu'), options.get('--query-compute-apps')];
  if (format !== 'csv' || (gpus === undefined) === (apps === undefined))
    return { stdout: 'ERROR: Option --format= is missing or is not csv.\n\n', code: EXIT.BAD_ARGUMENT };
  if (cards.length === 0) return { stdout: 'No devices were found\n', code: EXIT.NOTHING_FOUND };
  const lost = cards.find(({ isLost }) => isLost);
  if (lost) {
    const said = `Unable to determine the device handle for GPU${lost.pciBusId}: GPU is lost.  Reboot the system to recover this GPU\n\n`;
    return { stdout: said, code: EXIT.LOST };
  }
  if (gpus !== undefined) return table(gpus, fieldsOf(cards[0]?.driver ?? ''), cards, without);
  const running = cards.flatMap((card) => card.processes.map((process) => ({ card, process })));
  return table(apps ?? '', APP_FIELDS, seesHost ? running : [], without);
}

/** Driver 535 gave the reasons of clocks another name. */
function fieldsOf(driver: string): Readonly<Record<string, Field<Card>>> {
  const isNew = Number.parseInt(driver, 10) >= 535;
  return {
    ...GPU_FIELDS,
    [isNew ? 'clocks_event_reasons.active' : 'clocks_throttle_reasons.active']: { cell: reasons },
  };
}

function table<T>(
  asked: string,
  fields: Readonly<Record<string, Field<T>>>,
  rows: readonly T[],
  without: readonly string[],
): Outcome {
  const columns: { readonly name: string; readonly field: Field<T> }[] = [];
  for (const name of asked.split(',').map((one) => one.trim())) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (!field) return { stdout: `Field "${name}" is not a valid field to query.\n\n`, code: EXIT.BAD_ARGUMENT };
    columns.push({ name, field });
  }
  const units = !without.includes('nounits');
  const unitOf = ({ unit }: Field<T>, around: (unit: string) => string) => (unit && units ? ` ${around(unit)}` : '');
  const header = columns.map(({ name, field }) => `${field.header ?? name}${unitOf(field, (unit) => `[${unit}]`)}`);
  const lines = rows.map((row) =>
    columns.map(({ field }) => {
      const cell = field.cell(row);
      return cell === undefined ? ABSENT : `${cell}${unitOf(field, (unit) => unit)}`;
    }),
  );
  const shown = without.includes('noheader') ? lines : [header, ...lines];
  return { stdout: shown.map((cells) => `${cells.join(', ')}\n`).join(''), code: 0 };
}
