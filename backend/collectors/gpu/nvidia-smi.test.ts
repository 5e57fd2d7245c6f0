import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KnownFields, RunSmi } from './nvidia-smi.ts';
import { readSmi } from './nvidia-smi.ts';
import { smiFlag, smiMask, smiNumber, smiRows, smiText } from './smi-csv.ts';
import { throttleOf } from './throttle-mask.ts';

/** Every way in which nvidia-smi says that it has no value (wire.md 6.2). */
const SENTINELS = [
  'N/A',
  'Not Supported',
  'Unknown Error',
  'GPU requires reset',
  'Insufficient Permissions',
  'ERR!',
  '',
];

const sentinel = fc
  .tuple(fc.constantFrom(...SENTINELS), fc.boolean(), fc.func(fc.boolean()), fc.constantFrom('', ' ', '  '))
  .map(([text, bracketed, isUpper, space]) => {
    const cased = [...text].map((letter, at) => (isUpper(at) ? letter.toUpperCase() : letter.toLowerCase())).join('');
    return `${space}${bracketed ? `[${cased}]` : cased}${space}`;
  });

describe('a cell of nvidia-smi', () => {
  it('is unknown, never zero, for every sentinel in any case, with or without brackets', () => {
    fc.assert(
      fc.property(sentinel, (cell) => {
        expect([smiText(cell), smiNumber(cell), smiFlag(cell), smiMask(cell)]).toEqual([null, null, null, null]);
      }),
    );
  });

  it('is its number with and without a unit', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 200_000 }),
        fc.constantFrom('', ' MiB', ' W', ' %', ' MHz'),
        fc.constantFrom('', '.00', '.12'),
        (whole, unit, part) => {
          expect(smiNumber(`${whole}${part}${unit}`)).toBe(Number(`${whole}${part}`));
        },
      ),
    );
    expect([smiNumber('12 apples'), smiNumber('0x10'), smiNumber('1e9'), smiNumber('1,5 W')]).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });

  it('is a flag or a mask', () => {
    expect(['Active', 'Not Active', 'Yes', 'No', 'Enabled', 'Disabled', '[N/A]'].map(smiFlag)).toEqual([
      true,
      false,
      true,
      false,
      true,
      false,
      null,
    ]);
    expect(throttleOf(smiMask('0x0000000000000044') ?? 0n).map(({ reason }) => reason)).toEqual([
      'POWER_CAP',
      'HW_THERMAL',
    ]);
    expect(throttleOf(smiMask('0x3') ?? 255n)).toEqual([]);
  });

  it('keeps the commas of the last column, and no line that is no row', () => {
    expect(smiRows('pid, name\n1, python, -m, x\nno row\n\n2, b\n', 2)).toEqual([
      ['1', 'python, -m, x'],
      ['2', 'b'],
    ]);
    expect(smiRows('Field "x" is not a valid field to query.', 2)).toBeUndefined();
  });
});

const CARD: Readonly<Record<string, string>> = {
  index: '0',
  uuid: 'GPU-a',
  'pci.bus_id': '00000000:2F:00.0',
  driver_version: '580.159.03',
  'memory.total': '143771 MiB',
  'memory.used': '4096 MiB',
  'memory.free': '139675 MiB',
  'utilization.gpu': '[N/A]',
  'utilization.memory': '0 %',
  'temperature.gpu': '41',
  'power.draw': '52.12 W',
  'power.limit': '[Insufficient Permissions]',
  'clocks.current.sm': '210 MHz',
  'clocks.current.memory': '3201 MHz',
  name: 'NVIDIA H200',
  'clocks_throttle_reasons.active': '0x0000000000000020',
  'mig.mode.current': 'Enabled',
  'remapped_rows.failure': 'No',
};

/** nvidia-smi of a driver that knows these fields. */
function driver(card: Readonly<Record<string, string>>, processes: readonly string[] = []) {
  const asked: string[] = [];
  const run: RunSmi = async ([, query = '']) => {
    const [, kind = '', list = ''] = /^--query-(gpu|compute-apps)=(.*)$/.exec(query) ?? [];
    const fields = list.split(',');
    asked.push(list);
    if (kind === 'compute-apps') {
      const header = 'gpu_uuid, pid, used_gpu_memory [MiB], process_name';
      return { exitCode: 0, stdout: `${[header, ...processes].join('\n')}\n`, stderr: '' };
    }
    const unknown = fields.find((field) => card[field] === undefined);
    if (unknown !== undefined)
      return { exitCode: 2, stdout: `Field "${unknown}" is not a valid field to query.\n\n`, stderr: '' };
    return {
      exitCode: 0,
      stdout: `${fields.join(', ')}\n${fields.map((field) => card[field]).join(', ')}\n`,
      stderr: '',
    };
  };
  return { run, asked };
}

describe('nvidia-smi', () => {
  it('is read with what this driver knows, in its own spelling', async () => {
    const known: KnownFields = new Map();
    const { run, asked } = driver(CARD, ['GPU-a, 4711, 3800 MiB, python3, serve.py']);
    const node = await readSmi(run, 'n1', 100, known);
    expect(node).toMatchObject({ node: 'n1', sampledAt: 100 });
    expect(node.gpus[0]).toMatchObject({
      index: 0,
      name: 'NVIDIA H200',
      memory_total_mb: 143_771,
      utilization_gpu_percent: null,
      utilization_memory_percent: 0,
      power_draw_watts: 52.12,
      power_limit_watts: null,
      throttling: [{ reason: 'SW_THERMAL', percent: null }],
      mig_enabled: true,
      remapped_rows: { failed: false, pending: null },
      ecc: { uncorrected_volatile: null },
      xids: null,
      processes: [{ pid: 4711, process_name: 'python3, serve.py', used_memory_mb: 3800, type: 'COMPUTE' }],
    });
    const first = asked.length;
    await readSmi(run, 'n1', 101, known);
    expect(asked.length - first).toBe(3); // core, what the driver has of the rest, processes
  });

  it('does not call a card free whose programs a pod cannot see', async () => {
    const busy = await readSmi(driver(CARD).run, 'n1', 1, new Map());
    const idle = await readSmi(driver({ ...CARD, 'memory.used': '512 MiB' }).run, 'n1', 1, new Map());
    expect([busy.gpus[0]?.processes, idle.gpus[0]?.processes]).toEqual([null, []]);
  });

  it.each([
    [9, 'the driver is not loaded'],
    [15, 'a GPU fell off the bus'],
    [77, 'it ended with 77'],
  ])('that ends with %i is an error that says: %s', async (exitCode, why) => {
    const run: RunSmi = async () => ({ exitCode, stdout: 'NVIDIA-SMI has failed', stderr: '' });
    await expect(readSmi(run, 'n1', 1, new Map())).rejects.toThrow(why);
  });
});
