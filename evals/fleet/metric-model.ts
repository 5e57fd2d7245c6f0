export type Labels = Readonly<Record<string, string>>;

/** One series of a family. `value` takes Unix seconds; undefined means that the series does not exist at that time. */
export interface Sample {
  readonly suffix: '' | '_bucket' | '_sum' | '_count';
  readonly labels: Labels;
  value(time: number): number | undefined;
}

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'untyped';
  readonly samples: readonly Sample[];
}

/** What one scrape reads: an exporter, the path it answers at, and the labels that service discovery gives it. */
export interface Target {
  readonly job: string;
  readonly instance: string;
  readonly path: string;
  readonly labels: Labels;
  /** Prometheus' `honor_labels`: whose label wins when exporter and service discovery use the same name. */
  readonly honorLabels: boolean;
  isUp(time: number): boolean;
  readonly families: readonly Family[];
}

export function sample(labels: Labels, value: (time: number) => number | undefined): Sample {
  return { suffix: '', labels, value };
}

/** A sample whose value never changes. */
export function constant(labels: Labels, value: number): Sample {
  return { suffix: '', labels, value: () => value };
}

export function family(type: Family['type'], name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help, type, samples };
}

/**
 * The labels that Prometheus stores for a scraped series: without `honor_labels` a clashing label of the exporter becomes
 * `exported_<name>`, with it the exporter's wins. An empty label value is no label.
 */
export function storedLabels(target: Target, exposed: Labels): Labels {
  const own: Record<string, string> = { job: target.job, instance: target.instance, ...target.labels };
  const stored: Record<string, string> = { ...own };
  for (const [name, value] of Object.entries(exposed)) {
    if (name in own && !target.honorLabels) stored[`exported_${name}`] = value;
    else stored[name] = value;
  }
  return Object.fromEntries(Object.entries(stored).filter(([, value]) => value !== ''));
}
