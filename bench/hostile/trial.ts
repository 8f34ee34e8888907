// One round of one part with one product: what a part is given, and what it says.

import type { Cluster, Product } from "../server-cluster.ts";
import { startCluster } from "../server-cluster.ts";
import { Crew } from "./worker.ts";

/** How much of everything. */
export type Sizes = Readonly<{
  rounds: number;
  seconds: number; // of each load that has no end of its own
  keys: number; // in the large store
  watchers: number; // that do not read
  puts: number; // of 100 kB beside them
  streams: number; // on one connection
  logins: number; // connections with wrong passwords
  megabytes: number; // of the store that is defragmented
}>;

export const SIZES: Sizes = {
  rounds: 3,
  seconds: 10,
  keys: 200_000,
  watchers: 200,
  puts: 600,
  streams: 5000,
  logins: 200,
  megabytes: 300,
};

export type Unit = "ms" | "s" | "MB" | "kB" | "count" | "1/s" | "MB/s";

export interface Trial {
  readonly product: Product;
  readonly sizes: Sizes;
  /** A cluster of so many members, which is stopped when the trial is over. */
  readonly start: (size: number, flags?: readonly string[]) => Promise<Cluster>;
  /** Who puts load on it, and who measures: each in a process of its own. */
  readonly crew: Crew;
  readonly figure: (name: string, unit: Unit, value: number) => void;
  /** What a figure does not say, or cannot: that a server has died, for instance. */
  readonly note: (text: string) => void;
}

export type Part = Readonly<{
  name: string;
  about: string; // for people, in one line
  measure: (trial: Trial) => Promise<void>;
}>;

export type Seen = Readonly<{ name: string; unit: Unit; value: number }>;

const TRIAL_MS_MAX = 10 * 60_000; // a server that hangs is reported, not waited for

/** What was seen, as far as it came. A server that dies, or that does not answer any more, ends the
 *  trial with a note. */
export async function runTrial(
  part: Part,
  product: Product,
  sizes: Sizes,
  note: (text: string) => void,
): Promise<readonly Seen[]> {
  const seen: Seen[] = [];
  const clusters: Cluster[] = [];
  const crew = new Crew();
  const cut = Promise.withResolvers<never>();
  const cutShort = (why: string): void => cut.reject(new Error(why));
  const trial: Trial = {
    product,
    sizes,
    start: async (size, flags = []) => {
      const cluster = await startCluster(product, size, flags);
      clusters.push(cluster);
      for (const { died } of cluster.members) void died.then(cutShort);
      return cluster;
    },
    crew,
    figure: (name, unit, value) => seen.push({ name, unit, value }),
    note,
  };
  const late = `given up after ${TRIAL_MS_MAX / 60_000} minutes`;
  const timer = setTimeout(() => cutShort(late), TRIAL_MS_MAX);
  await Promise.race([part.measure(trial), cut.promise]).catch((error: unknown) =>
    note(`cut short: ${error instanceof Error ? error.message : String(error)}`),
  );
  clearTimeout(timer);
  crew.end();
  const shown = [...seen]; // what is still under way shows nothing any more
  for (const cluster of clusters) await cluster.stop();
  return shown;
}
