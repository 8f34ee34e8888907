// How long something takes, as Prometheus counts it: so many took no longer than so.

/** etcd's buckets: the first, doubled again and again. */
export function doubled(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, at) => Number((first * 2 ** at).toPrecision(15)));
}

/** One millisecond to eight seconds, as for disks. */
export const DISK_SECONDS: readonly number[] = doubled(0.001, 14);

type Counted = { readonly counts: number[]; count: number; sum: number };

/** One distribution, or one for each of its labels. */
export class Histogram {
  readonly #name: string;
  readonly #help: string;
  readonly #bounds: readonly number[];
  readonly #all = new Map<string, Counted>();

  constructor(name: string, help: string, bounds: readonly number[] = DISK_SECONDS) {
    this.#name = name;
    this.#help = help;
    this.#bounds = bounds;
  }

  /** `labels` without braces, as `To="1f",Type="x"`. */
  observe(value: number, labels = ""): void {
    const counted = this.#of(labels);
    counted.count += 1;
    counted.sum += value;
    let at = 0;
    while (at < this.#bounds.length && value > (this.#bounds[at] as number)) at += 1;
    if (at < this.#bounds.length) counted.counts[at] = (counted.counts[at] as number) + 1;
  }

  /** A distribution without labels is there before anything was observed, as in etcd. */
  withZero(): this {
    this.#of("");
    return this;
  }

  text(): string {
    const name = this.#name;
    const all = Array.from(this.#all, ([labels, counted]) => this.#textOf(labels, counted));
    return `# HELP ${name} ${this.#help}\n# TYPE ${name} histogram\n${all.join("")}`;
  }

  #textOf(labels: string, { counts, count, sum }: Counted): string {
    const name = this.#name;
    const before = labels === "" ? "" : `${labels},`;
    const after = labels === "" ? "" : `{${labels}}`;
    let upTo = 0;
    const buckets = this.#bounds.map((bound, at) => {
      upTo += counts[at] as number;
      return `${name}_bucket{${before}le="${bound}"} ${upTo}\n`;
    });
    return (
      `${buckets.join("")}${name}_bucket{${before}le="+Inf"} ${count}\n` +
      `${name}_sum${after} ${sum}\n${name}_count${after} ${count}\n`
    );
  }

  #of(labels: string): Counted {
    const known = this.#all.get(labels);
    if (known !== undefined) return known;
    const fresh = { counts: this.#bounds.map(() => 0), count: 0, sum: 0 };
    this.#all.set(labels, fresh);
    return fresh;
  }
}
