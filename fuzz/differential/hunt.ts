// Looks for a sequence at which two servers differ, and for a simpler one at which they do, too.

import fc from "fast-check";
import type { ServerPair, Terms } from "./servers.ts";
import { sequences } from "./drawing/arbitraries.ts";
import type { Report } from "./comparison.ts";
import { writeScript } from "./steps/script.ts";
import { shrink } from "./shrink.ts";
import type { Sequence } from "./steps/step.ts";

export type Ground = Readonly<{ seed: number; budgetMs: number }>;

export type Hunted = Readonly<{
  sequences: number;
  excuses: ReadonlyMap<string, number>; // in how many each known difference was met
  found: Found | null;
}>;
export type Found = Readonly<{ sequence: Sequence; report: Report }>;

/** So many sequences have one seed; the next have the next. */
const SEQUENCES_OF_A_SEED = 20;
/** What looking for a simpler sequence may take on top. */
const SHRINK_MS = 120_000;

export async function hunt(
  servers: ServerPair,
  { seed, budgetMs }: Ground,
  terms: Terms,
): Promise<Hunted> {
  const end = performance.now() + budgetMs;
  const excuses = new Map<string, number>();
  let count = 0;
  for (let round = 0; ; round++) {
    const ground = { seed: seed + round, numRuns: SEQUENCES_OF_A_SEED };
    for (const drawn of fc.sample(sequences(servers.members), ground)) {
      if (performance.now() > end) return { sequences: count, excuses, found: null };
      const sequence = count === 0 ? { ...drawn, fresh: true } : drawn; // they start anyway
      const report = await servers.run(sequence, terms);
      count += 1;
      for (const name of report.excuses) excuses.set(name, (excuses.get(name) ?? 0) + 1);
      if (!report.differs) continue;
      const found = await simplify(servers, terms, { sequence, report });
      return { sequences: count, excuses, found };
    }
  }
}

/** The same difference with a simpler sequence, if there is one. */
async function simplify(servers: ServerPair, terms: Terms, found: Found): Promise<Found> {
  const end = performance.now() + SHRINK_MS;
  let best = found;
  const failsAfter = async (sequence: Sequence): Promise<number | null> => {
    const report = await servers.run(sequence, terms);
    const { taken } = report;
    if (subjectOf(report) !== subjectOf(found.report)) return null;
    best = { sequence: upTo(sequence, taken), report };
    return taken;
  };
  const { sequence, report } = found;
  await shrink(upTo(sequence, report.taken), failsAfter, () => performance.now() > end);
  return best;
}

/** What they differ about: the kind of the first step that they answer differently. */
function subjectOf({ lines }: Report): string | null {
  const line = lines.find(({ isSame }) => !isSame);
  if (line === undefined) return null;
  return /^(?:at (?:\d|the leader): )?(?:\w+: )?(\w+)/.exec(line.said)?.[1] ?? line.said;
}

function upTo(sequence: Sequence, taken: number): Sequence {
  return { ...sequence, steps: sequence.steps.slice(0, taken) };
}

/** What was said and answered, for a person, and the line that says it again. */
export function describeFound({ sequence, report }: Found): string {
  const lines = report.lines.flatMap(({ said, ours, theirs, isSame }) => {
    if (!isSame) return [`! ${said}`, `    detcd  ${ours}`, `    etcd   ${theirs}`];
    if (ours === theirs) return [`  ${said}`, ...(ours === "" ? [] : [`    both   ${ours}`])];
    return [`  ${said}`, `    detcd  ${ours}`, `    etcd   ${theirs} (known)`];
  });
  const again = `npm run fuzz:etcd -- --steps '${writeScript(sequence)}'`;
  return ["detcd and etcd differ:", "", ...lines, "", `again: ${again}`].join("\n");
}
