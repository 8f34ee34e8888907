// What a scraper reads, in the words of Prometheus: a name, what it means, and a line per labels.

export type Kind = "gauge" | "counter";
export type Sample = readonly [labels: string, value: number];
export type Metric = readonly [name: string, kind: Kind, help: string, samples: readonly Sample[]];

export function one(name: string, kind: Kind, help: string, value: number | boolean): Metric {
  return [name, kind, help, [["", Number(value)]]];
}

/** As `{type="Put",success="true"}`. */
export function labelled(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `{${pairs.join(",")}}`;
}

export function inWords([name, kind, help, samples]: Metric): string {
  const lines = samples.map(([labels, value]) => `${name}${labels} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n${lines.join("")}`;
}

/** What is counted apart for each of its labels. */
export class Counters {
  readonly #counts = new Map<string, number>();

  add(labels: string, count = 1): void {
    this.#counts.set(labels, (this.#counts.get(labels) ?? 0) + count);
  }

  set(labels: string, value: number): void {
    this.#counts.set(labels, value);
  }

  samples(): readonly Sample[] {
    return [...this.#counts];
  }
}
