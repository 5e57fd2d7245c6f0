import type { GPU, GPUNode, GpuFinding, GpuPod } from '../../backend/model/gpu.ts';
import { words } from '../components/Status.tsx';
import type { GpuSort, GpuView, Kind, Measure } from './gpu-view.ts';

/** One card with its place and what rules found about it. `gpu` undefined = it is there and nothing measures it. */
export interface Card {
  readonly node: GPUNode;
  readonly gpu: GPU | undefined;
  /** `GPU 3`; a card without an index is called by its UUID. */
  readonly name: string;
  readonly kinds: ReadonlySet<Kind>;
  readonly findings: readonly GpuFinding[];
  /** Pods that hold it or a part of it; null = not known. */
  readonly pods: readonly GpuPod[] | null;
}

const THROTTLED = new Set(['THERMAL_THROTTLING', 'POWER_BRAKE', 'POWER_CAPPED']);

/** What a finding makes of its card, as the fleet's summary counts it (backend/collectors/gpu/summary.ts). */
function kindsOf({ code, severity }: GpuFinding): Kind[] {
  return [
    ...(code === 'ALLOCATED_IDLE' ? (['IDLE'] as const) : []),
    ...(code === 'HOT' ? (['HOT'] as const) : []),
    ...(code === 'MEMORY_NEAR_FULL' ? (['FULL'] as const) : []),
    ...(THROTTLED.has(code) ? (['THROTTLED'] as const) : []),
    ...(severity === 'CRITICAL' ? (['FAILING'] as const) : []),
  ];
}

/** `XID_79` → `XID 79`, `ALLOCATED_IDLE` → `Allocated idle`. */
export function ruleWords(code: string): string {
  return words(code).replace(/^Xid/, 'XID');
}

const cardsOfNode = new WeakMap<GPUNode, readonly Card[]>();

/** Every card of a node, by index; the same objects again for the same node. */
export function cardsOf(node: GPUNode): readonly Card[] {
  const known = cardsOfNode.get(node);
  if (known) return known;
  const measured = node.gpus.map((gpu, n) => cardOf(node, gpu, n));
  const missing = Math.max(0, (node.gpu_count ?? 0) - measured.length);
  const cards = [
    ...measured,
    ...Array.from({ length: missing }, (_, n) => cardOf(node, undefined, measured.length + n)),
  ];
  cardsOfNode.set(node, cards);
  return cards;
}

function cardOf(node: GPUNode, gpu: GPU | undefined, n: number): Card {
  const findings = node.findings.filter((f) => isAbout(f, gpu));
  const pods = gpu === undefined ? null : podsOf(gpu);
  const kinds = new Set<Kind>(findings.flatMap(kindsOf));
  if (gpu === undefined) kinds.add('NOT_MEASURED');
  if (pods !== null && pods.length > 0) kinds.add('ALLOCATED');
  if (node.stale) kinds.add('STALE');
  return { node, gpu, name: nameOf(gpu, n), kinds, findings, pods };
}

function isAbout({ gpu: index, uuid }: GpuFinding, gpu: GPU | undefined): boolean {
  if (gpu === undefined) return false;
  return uuid !== null ? uuid === gpu.uuid : index !== null && index === gpu.index;
}

function nameOf(gpu: GPU | undefined, n: number): string {
  if (gpu === undefined) return `GPU ${n}`;
  return gpu.index === null ? (gpu.uuid ?? `GPU ${n}`) : `GPU ${gpu.index}`;
}

function podsOf({ pods, mig_instances }: GPU): readonly GpuPod[] | null {
  const inParts = mig_instances.flatMap((instance) => instance.pods);
  return pods === null && inParts.length === 0 ? null : [...(pods ?? []), ...inParts];
}

export function modelOf({ node, gpu }: Card): string {
  return gpu?.name ?? node.model ?? '';
}

/** Cards that pass the filters, all but those of `except`. */
export function filterCards(cards: readonly Card[], view: GpuView, except?: 'kind' | 'model'): readonly Card[] {
  const words = view.text.toLowerCase().split(/\s+/).filter(Boolean);
  return cards.filter((card) => {
    if (except !== 'kind' && view.kind !== undefined && !card.kinds.has(view.kind)) return false;
    if (except !== 'model' && view.model !== '' && modelOf(card) !== view.model) return false;
    if (words.length === 0) return true;
    const text = searchText(card);
    return words.every((word) => text.includes(word));
  });
}

function searchText(card: Card): string {
  const { node, pods } = card;
  const held = (pods ?? []).map(({ namespace, pod }) => `${namespace}/${pod}`);
  return [node.node_name, node.cluster_name, modelOf(card), card.gpu?.uuid ?? '', ...held].join(' ').toLowerCase();
}

/** What is measured of a card: `value` in the unit of the measure, `share` 0–1 of its scale; undefined = not told. */
export interface Reading {
  readonly value: number;
  readonly share: number;
}

/** Colours of temperature begin here and end 60 °C above: GPUs slow down between 83 and 93 °C. */
const COOL_C = 30;
const TEMPERATURE_SPAN_C = 60;

export function readingOf(gpu: GPU | undefined, measure: Measure): Reading | undefined {
  if (gpu === undefined) return undefined;
  switch (measure) {
    case 'utilisation': {
      // A card that is partitioned has no utilisation of its own: it is as busy as its busiest part.
      const parts = gpu.mig_instances.flatMap((instance) => instance.utilization_gpu_percent ?? []);
      const value = gpu.utilization_gpu_percent ?? (parts.length > 0 ? Math.max(...parts) : null);
      return value === null ? undefined : { value, share: value / 100 };
    }
    case 'memory': {
      const { memory_used_mb: used, memory_total_mb: total } = gpu;
      if (used === null || total === null || total <= 0) return undefined;
      return { value: (used / total) * 100, share: used / total };
    }
    case 'temperature': {
      const value = gpu.temperature_celsius;
      // Never the look of zero, which means that there is nothing.
      return value === null
        ? undefined
        : { value, share: Math.max(Number.MIN_VALUE, (value - COOL_C) / TEMPERATURE_SPAN_C) };
    }
    case 'power': {
      const { power_draw_watts: value, power_limit_watts: limit } = gpu;
      return value === null || limit === null || limit <= 0 ? undefined : { value, share: value / limit };
    }
  }
}

/** What each measure is called, counted in, and where its colours change. */
export const SCALES: Readonly<
  Record<Measure, { readonly title: string; readonly unit: string; readonly edges: readonly string[] }>
> = {
  utilisation: { title: 'Utilisation', unit: '%', edges: ['17', '33', '50', '67', '83'] },
  memory: { title: 'Memory', unit: '% of memory in use', edges: ['17', '33', '50', '67', '83'] },
  temperature: { title: 'Temperature', unit: '°C', edges: ['40', '50', '60', '70', '80'] },
  power: {
    title: 'Power',
    unit: 'W, coloured by the share of the limit',
    edges: ['17 %', '33 %', '50 %', '67 %', '83 %'],
  },
};

export function readingText(gpu: GPU | undefined, measure: Measure): string {
  const reading = readingOf(gpu, measure);
  if (reading !== undefined)
    return `${Math.round(reading.value)} ${measure === 'temperature' ? '°C' : measure === 'power' ? 'W' : '%'}`;
  const watts = gpu?.power_draw_watts ?? undefined;
  if (measure === 'power' && watts !== undefined) return `${Math.round(watts)} W`;
  return '—';
}

/** Undefined = the order of the answer. What is not told stands last. */
export function sortCards(cards: readonly Card[], sort: GpuSort | undefined): readonly Card[] {
  if (sort === undefined) return cards;
  const direction = sort.descending ? -1 : 1;
  const { by } = sort;
  if (by === 'node') {
    const name = ({ node }: Card) => `${node.cluster_name} ${node.node_name}`;
    return cards.toSorted((a, b) => direction * (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : 0));
  }
  return cards.toSorted((a, b) => {
    const [x, y] = [readingOf(a.gpu, by)?.value, readingOf(b.gpu, by)?.value];
    if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined);
    return direction * (x - y);
  });
}

export interface ModelRow {
  readonly model: string;
  readonly gpus: number;
  readonly allocated: number;
  /** Of how many it is known whether a pod holds them. */
  readonly allocationKnown: number;
  readonly measured: number;
  /** Mean over those that tell it; undefined when none does. */
  readonly utilisation: number | undefined;
  readonly usedMb: number;
  readonly totalMb: number;
}

/** Cards that are alike, most first. */
export function byModel(cards: readonly Card[]): ModelRow[] {
  return [...Map.groupBy(cards, modelOf)]
    .map(([model, alike]): ModelRow => {
      const busy = alike.flatMap(({ gpu }) => readingOf(gpu, 'utilisation')?.value ?? []);
      const full = alike.filter(({ gpu }) => readingOf(gpu, 'memory') !== undefined);
      return {
        model,
        gpus: alike.length,
        allocated: alike.filter(({ kinds }) => kinds.has('ALLOCATED')).length,
        allocationKnown: alike.filter(({ pods }) => pods !== null).length,
        measured: alike.filter(({ gpu }) => gpu !== undefined).length,
        utilisation: busy.length === 0 ? undefined : busy.reduce((sum, value) => sum + value, 0) / busy.length,
        usedMb: full.reduce((sum, { gpu }) => sum + (gpu?.memory_used_mb ?? 0), 0),
        totalMb: full.reduce((sum, { gpu }) => sum + (gpu?.memory_total_mb ?? 0), 0),
      };
    })
    .sort((a, b) => b.gpus - a.gpus || (a.model < b.model ? -1 : 1));
}
