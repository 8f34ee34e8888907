// `npm run fuzz:etcd`: goes on comparing detcd with the etcd of this machine for as long as asked.

import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { HAS_ETCD } from "../../server/live/testing.ts";
import { ServerPair, USUAL_TERMS } from "./servers.ts";
import { describeFound, hunt } from "./hunt.ts";
import type { Found } from "./hunt.ts";
import { readScript } from "./steps/script.ts";
import type { Sequence } from "./steps/step.ts";

const USAGE = `usage: npm run fuzz:etcd -- [flags]

Says the same to a detcd and to an etcd, and compares all that they answer.

  --seconds N   how long (default 600)
  --seed S      of the first sequences (default: a fresh one, printed)
  --members N   one member each, or three (default 1)
  --steps S     only these steps, as printed where a difference was found

exit codes: 0 nothing differs, 1 something does, 2 wrong flags, 3 there is no etcd here
`;
const SEED_MAX = 2 ** 31;

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help")) {
    console.log(USAGE);
    return 0;
  }
  const flags = parse(args);
  if (typeof flags === "string") {
    console.error(`fuzz:etcd: ${flags}\n\n${USAGE}`);
    return 2;
  }
  if (!HAS_ETCD) {
    console.error("fuzz:etcd: etcd is not installed: apt-get install etcd-server etcd-client");
    return 3;
  }
  const servers = new ServerPair(flags.members);
  try {
    const found =
      flags.sequence === null ? await search(servers, flags) : await again(servers, flags.sequence);
    if (found !== null) console.log(`\n${describeFound(found)}`);
    return found === null ? 0 : 1;
  } finally {
    await servers.stop();
  }
}

async function search(servers: ServerPair, { seed, seconds }: Flags): Promise<Found | null> {
  console.log(`seed ${seed}, for ${seconds} s`);
  const hunted = await hunt(servers, { seed, budgetMs: 1000 * seconds }, USUAL_TERMS);
  console.log(`${hunted.sequences} sequences; known differences met:`);
  for (const [name, count] of hunted.excuses) console.log(`  ${count} × ${name}`);
  return hunted.found;
}

async function again(servers: ServerPair, sequence: Sequence): Promise<Found | null> {
  const report = await servers.run(sequence, USUAL_TERMS);
  if (report.differs) return { sequence, report };
  console.log("nothing differs");
  return null;
}

type Flags = Readonly<{
  seed: number;
  seconds: number;
  members: 1 | 3;
  sequence: Sequence | null;
}>;

/** Or what is wrong with them. */
function parse(args: readonly string[]): Flags | string {
  const text = { type: "string" } as const;
  const options = { seconds: text, seed: text, members: text, steps: text };
  let values: Readonly<Partial<Record<keyof typeof options, string>>>;
  try {
    ({ values } = parseArgs({ args: [...args], options }));
  } catch (error) {
    return (error as Error).message;
  }
  const seconds = Number(values.seconds ?? 600);
  const seed = Number(values.seed ?? randomInt(SEED_MAX));
  if (!(seconds >= 0)) return "--seconds must be a number";
  if (!Number.isSafeInteger(seed)) return "--seed must be a whole number";
  const members = Number(values.members ?? 1);
  if (members !== 1 && members !== 3) return "--members must be 1 or 3";
  const sequence = values.steps === undefined ? null : readScript(values.steps);
  if (values.steps !== undefined && sequence === null) return "--steps cannot be read";
  return { seconds, seed, members, sequence };
}

process.exitCode = await main(process.argv.slice(2));
