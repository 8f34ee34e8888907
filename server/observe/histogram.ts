// How long something takes, as Prometheus counts it: so many took no longer than so.

/** etcd's buckets for disks: one millisecond, doubled thirteen times. */
const BOUNDS_SECONDS: readonly number[] = Array.from({ length: 14 }, (_, at) => 2 ** at / 1000);

export class Histogram {
  readonly #name: string;
  readonly #help: string;
  readonly #counts = BOUNDS_SECONDS.map(() => 0); // of those that fall into each
  #count = 0;
  #sum = 0;

  constructor(name: string, help: string) {
    this.#name = name;
    this.#help = help;
  }

  observe(seconds: number): void {
    this.#count += 1;
    this.#sum += seconds;
    const at = BOUNDS_SECONDS.findIndex((bound) => seconds <= bound);
    if (at >= 0) this.#counts[at] = (this.#counts[at] as number) + 1;
  }

  text(): string {
    const name = this.#name;
    let upTo = 0;
    const buckets = BOUNDS_SECONDS.map((bound, at) => {
      upTo += this.#counts[at] as number;
      return `${name}_bucket{le="${bound}"} ${upTo}\n`;
    });
    return (
      `# HELP ${name} ${this.#help}\n# TYPE ${name} histogram\n${buckets.join("")}` +
      `${name}_bucket{le="+Inf"} ${this.#count}\n` +
      `${name}_sum ${this.#sum}\n${name}_count ${this.#count}\n`
    );
  }
}
