/** One time series of a counter or a gauge, to be increased or set. */
export interface Series {
  value: number;
}

type Labels<Name extends string> = Readonly<Record<Name, string>>;

/** The series of a counter or a gauge with the given labels; created with the value 0 if there is none. */
type FindSeries<Name extends string> = (labels: Labels<Name>) => Series;

interface Distribution {
  /** The number of observations by bucket, not cumulative. Observations beyond the last bucket are in `count` alone. */
  buckets: number[];
  sum: number;
  count: number;
}

/**
 * Creates a registry of metrics that writes them in Prometheus' text format, on any runtime
 * (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format). All functions throw if the name is taken.
 */
export function createMetricRegistry() {
  const metrics = new Map<string, () => Promise<string>>();

  function register(name: string, help: string, type: string, samples: () => string[] | Promise<string[]>): void {
    if (metrics.has(name)) throw new Error(`There is a metric with the name ${name} already. Choose another name.`);
    const header = [`# HELP ${name} ${escapeText(help)}`, `# TYPE ${name} ${type}`];
    metrics.set(name, async () => [...header, ...(await samples())].join('\n'));
  }

  function registerSeries(type: 'counter' | 'gauge') {
    return <Name extends string>(name: string, help: string, labelNames: readonly Name[]): FindSeries<Name> => {
      const series = new Map<string, Series>();
      register(name, help, type, () => Array.from(series, ([labels, { value }]) => formatSample(name, labels, value)));
      return (labels) => findOrCreate(series, formatLabels(labelNames, labels), () => ({ value: 0 }));
    };
  }

  return {
    counter: registerSeries('counter'),
    gauge: registerSeries('gauge'),
    /** Registers a gauge without labels. `read` is called at every scrape; while it returns undefined, the gauge has no value. */
    computedGauge(name: string, help: string, read: () => number | undefined | Promise<number | undefined>): void {
      register(name, help, 'gauge', async () => {
        const value = await read();
        return value === undefined ? [] : [formatSample(name, '', value)];
      });
    },
    /** `buckets` are the upper bounds in ascending order, without infinity. Returns the function that records an observation. */
    histogram<Name extends string>(
      name: string,
      help: string,
      { labelNames, buckets }: { labelNames: readonly Name[]; buckets: readonly number[] },
    ): (labels: Labels<Name>, value: number) => void {
      const series = new Map<string, Distribution>();
      register(name, help, 'histogram', () =>
        Array.from(series, ([labels, distribution]) => formatHistogram(name, labels, buckets, distribution)).flat(),
      );
      const create = (): Distribution => ({ buckets: buckets.map(() => 0), sum: 0, count: 0 });
      return (labels, value) => {
        const distribution = findOrCreate(series, formatLabels(labelNames, labels), create);
        const index = buckets.findIndex((bound) => value <= bound);
        if (index !== -1) distribution.buckets[index] = (distribution.buckets[index] ?? 0) + 1;
        distribution.sum += value;
        distribution.count += 1;
      };
    },
    /** All metrics in the order of their registration. Rejects if a computed gauge does. */
    async expose(): Promise<{ contentType: string; text: string }> {
      const texts = await Promise.all(Array.from(metrics.values(), (write) => write()));
      return { contentType: 'text/plain; version=0.0.4; charset=utf-8', text: `${texts.join('\n\n')}\n` };
    },
  };
}

function findOrCreate<Value>(values: Map<string, Value>, key: string, create: () => Value): Value {
  const found = values.get(key);
  if (found !== undefined) return found;
  const created = create();
  values.set(key, created);
  return created;
}

function formatHistogram(name: string, labels: string, bounds: readonly number[], distribution: Distribution) {
  const formatBucket = (bound: string, count: number): string =>
    formatSample(`${name}_bucket`, `le="${bound}"${labels === '' ? '' : `,${labels}`}`, count);
  let count = 0;
  const buckets = bounds.map((bound, index) => {
    count += distribution.buckets[index] ?? 0;
    return formatBucket(String(bound), count);
  });
  return [
    ...buckets,
    formatBucket('+Inf', distribution.count),
    formatSample(`${name}_sum`, labels, distribution.sum),
    formatSample(`${name}_count`, labels, distribution.count),
  ];
}

function formatSample(name: string, labels: string, value: number): string {
  const number = Number.isFinite(value) ? String(value) : String(value).replace('Infinity', 'Inf').replace(/^I/, '+I');
  return `${name}${labels === '' ? '' : `{${labels}}`} ${number}`;
}

function formatLabels<Name extends string>(names: readonly Name[], labels: Labels<Name>): string {
  let text = '';
  for (const name of names) text += `${text === '' ? '' : ','}${name}="${escapeLabel(labels[name])}"`;
  return text;
}

function escapeLabel(value: string): string {
  // Almost no value needs it, and this is called for every observation.
  return /[\\"\n]/.test(value) ? escapeText(value).replaceAll('"', String.raw`\"`) : value;
}

function escapeText(text: string): string {
  return text.replaceAll('\\', String.raw`\\`).replaceAll('\n', String.raw`\n`);
}
