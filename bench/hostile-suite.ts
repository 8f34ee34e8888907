// What a client, a neighbour or mere size can do to a server, and what the others feel of it: detcd
// and etcd under the same loads, by turns, each round with new clusters. Loads and those who
// measure are processes of their own.

import type { Report } from "./report.ts";
import type { Product } from "./server-cluster.ts";
import { versionsOf } from "./server-cluster.ts";
import { DEFRAGMENT } from "./hostile/parts/defragment.ts";
import { HANDOVER } from "./hostile/parts/handover.ts";
import { LOGINS } from "./hostile/parts/logins.ts";
import { RANGES } from "./hostile/parts/ranges.ts";
import { STEPS_PART } from "./hostile/parts/steps.ts";
import { STREAMS } from "./hostile/parts/streams.ts";
import { WATCHERS } from "./hostile/parts/watchers.ts";
import type { Part, Seen, Sizes } from "./hostile/trial.ts";
import { SIZES, runTrial } from "./hostile/trial.ts";
import { collect, figuresOf, table } from "./hostile/versus.ts";

export const PARTS: readonly Part[] = [
  RANGES,
  WATCHERS,
  STREAMS,
  LOGINS,
  STEPS_PART,
  HANDOVER,
  DEFRAGMENT,
];

export type HostileReport = Readonly<{ report: Report; text: string }>;

export async function benchHostile(
  part: Part,
  products: readonly Product[],
  sizes: Sizes,
): Promise<HostileReport> {
  const trials: (readonly [Product["name"], readonly Seen[]])[] = [];
  const notes: string[] = [];
  for (let round = 1; round <= sizes.rounds; round++) {
    for (const product of products) {
      const where = `${product.name}, round ${round} of ${sizes.rounds}`;
      console.error(`hostile ${part.name}: ${where} …`); // it takes minutes: say that it goes on
      const note = (text: string): unknown => notes.push(`${where}: ${text}`);
      trials.push([product.name, await runTrial(part, product, sizes, note)]);
    }
  }
  const rows = collect(trials);
  const [theirs, ours] = products.map(({ name, version }) => `${name} ${version}`);
  const command = `npm run bench -- hostile --only ${part.name}${sizesInWords(sizes)}`;
  const suite = `hostile-${part.name}`;
  const text = [
    `## ${suite}: ${part.about}`,
    `${command}\n`,
    table(rows, [theirs ?? "", ours ?? ""]),
    "",
    ...notes.map((note) => `- ${note}`),
    notes.length > 0 ? "" : "- nothing failed, and nothing died\n",
  ].join("\n");
  return {
    report: { suite, command, versions: versionsOf(products), figures: figuresOf(rows), notes },
    text,
  };
}

/** Whether figures of these sizes are the ones to keep. More or fewer rounds change nothing. */
export function isFullSize(sizes: Sizes): boolean {
  return sizesInWords({ ...sizes, rounds: SIZES.rounds }) === "";
}

function sizesInWords(sizes: Sizes): string {
  const changed = Object.entries(sizes).filter(([name, of]) => of !== SIZES[name as keyof Sizes]);
  return changed.map(([name, of]) => ` --${name} ${of}`).join("");
}
