import type { MetricSeries } from '../../model/metrics.ts';

/** Series as Prometheus answers the queries of `dcgm-queries.ts`, for tests. */

export const SCRAPED_AT = Date.parse('2026-03-01T10:00:00Z') / 1000;

export function uuidOf(node: string, index: number): string {
  return `GPU-${node}-${index}`;
}

/** Labels of a card as scraped without `honor_labels`. */
export function cardLabels(node: string, index: number, more: Record<string, string> = {}): Record<string, string> {
  return {
    gpu: String(index),
    UUID: uuidOf(node, index),
    pci_bus_id: `00000000:${(16 + index).toString(16)}:00.0`,
    device: `nvidia${index}`,
    modelName: 'NVIDIA H200',
    Hostname: node,
    DCGM_FI_DRIVER_VERSION: '580.159.03',
    pod: 'nvidia-dcgm-exporter-x',
    namespace: 'gpu-operator',
    container: 'nvidia-dcgm-exporter',
    ...more,
  };
}

export function identity(labels: Record<string, string>, at = SCRAPED_AT): MetricSeries {
  return { metric: labels, values: [[SCRAPED_AT, String(at)]] };
}

/** A value of a card, or with `GPU_I_ID` of an instance, by a name without `DCGM_FI_`. */
export function value(
  labels: Record<string, string>,
  name: string,
  text: string | number,
  more: Record<string, string> = {},
): MetricSeries {
  const { UUID, uuid, GPU_I_ID } = labels;
  return {
    metric: {
      ...(name === '' ? {} : { __name__: `DCGM_FI_${name}` }),
      ...(UUID === undefined ? {} : { UUID }),
      ...(uuid === undefined ? {} : { uuid }),
      ...(GPU_I_ID === undefined ? {} : { GPU_I_ID }),
      ...more,
    },
    values: [[SCRAPED_AT, String(text)]],
  };
}

/** Part of the answer to CHANGE_QUERY. */
export function change(
  labels: Record<string, string>,
  part: string,
  number: number,
  more: Record<string, string> = {},
): MetricSeries {
  return value(labels, '', number, { aiops_part: part, ...more });
}
