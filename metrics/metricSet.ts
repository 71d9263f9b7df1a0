import { metrics, type MetricDefinition, type MetricName } from './definitions';

/** Values of labels by name. */
export type Labels = Readonly<Record<string, string>>;

/** Last values of casper's metrics, and their form in Prometheus' text exposition format 0.0.4. */
export class MetricSet {
  /** By metric and by labels as the text has them. */
  private readonly series = new Map<MetricName, Map<string, number>>();

  /** @param common labels of every series */
  constructor(private readonly common: Labels) {}

  set(name: MetricName, value: number, labels: Labels = {}): void {
    this.of(name).set(this.keyOf(name, labels), value);
  }

  /** Of a counter. */
  add(name: MetricName, value: number, labels: Labels = {}): void {
    const [of, key] = [this.of(name), this.keyOf(name, labels)];
    of.set(key, (of.get(key) ?? 0) + value);
  }

  /** Takes away what is no longer known: the last value would stand for ever. */
  forget(...names: readonly MetricName[]): void {
    for (const name of names) this.series.delete(name);
  }

  text(): string {
    const lines = (Object.entries(metrics) as [MetricName, MetricDefinition][]).flatMap(
      ([name, { type, help }]) => {
        const series = [...(this.series.get(name) ?? [])];
        if (series.length === 0) return [];
        const values = series.map(([labels, value]) => `${name}{${labels}} ${value}`);
        return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...values];
      },
    );
    return lines.map((line) => `${line}\n`).join('');
  }

  /**
   * Goes on from a text that a set with the same labels has written; lines that no set writes, of another version for
   * instance, are passed over.
   */
  goOnFrom(text: string): void {
    for (const line of text.split('\n')) {
      const [, name = '', labels = '', value = ''] = /^(\w+)\{(.*)\} (\S+)$/.exec(line) ?? [];
      if (!(name in metrics) || !labels.startsWith(textOf(this.common)) || Number.isNaN(Number(value)))
        continue;
      this.of(name as MetricName).set(labels, Number(value));
    }
  }

  private of(name: MetricName): Map<string, number> {
    const known = this.series.get(name) ?? new Map<string, number>();
    this.series.set(name, known);
    return known;
  }

  private keyOf(name: MetricName, labels: Labels): string {
    const wanted: readonly string[] = metrics[name].labels;
    if (Object.keys(labels).join() !== wanted.join()) {
      throw new Error(
        `${name} has the labels ${wanted.join(', ') || 'none'}, got ${Object.keys(labels).join(', ')}`,
      );
    }
    return textOf({ ...this.common, ...labels });
  }
}

function textOf(labels: Labels): string {
  const escaped = (value: string): string =>
    value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',');
}
