// `npm run fuzz:wire`: says what no client should say to three members, for as long as asked.

import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { cleanUp } from "../../server/live/testing.ts";
import { attack } from "./members.ts";
import { roundOf } from "./rounds.ts";
import { fewest } from "./shrink.ts";

const USAGE = `usage: npm run fuzz:wire -- [flags]

Sends requests of every kind, mutated ones, and abuses of HTTP/2 to three members, which have to
live, to agree, and to restart from their data. With an odd seed authentication is on.

  --seconds N   how long (default 300)
  --seed S      of the first rounds (default: a fresh one, printed)
  --only A,B,…  only these rounds of the seed, as printed where harm was found

exit codes: 0 no harm was done, 1 some was, 2 wrong flags
`;
const SEED_MAX = 2 ** 31;
const ROUNDS = 400; // of one seed, with fresh members
const SHRINK_MS = 600_000;

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help")) {
    console.log(USAGE);
    return 0;
  }
  const flags = parse(args);
  if (typeof flags === "string") {
    console.error(`fuzz:wire: ${flags}\n\n${USAGE}`);
    return 2;
  }
  try {
    return await search(flags);
  } finally {
    await cleanUp();
  }
}

async function search({ seed: first, seconds, only }: Flags): Promise<number> {
  const until = performance.now() + 1000 * seconds;
  const isTime = (): boolean => only === null && performance.now() > until;
  const rounds = only ?? Array.from({ length: ROUNDS }, (_, at) => at);
  console.log(`seed ${first}, for ${seconds} s`);
  const last = only === null ? Infinity : first;
  let seed = first;
  do {
    const harm = await attack({ seed, rounds }, isTime);
    if (harm !== null) return await report(seed, rounds, harm);
    seed += 1;
  } while (seed <= last && !isTime());
  console.log(`no harm was done by the rounds of ${seed - first} seeds`);
  return 0;
}

async function report(seed: number, rounds: readonly number[], harm: string): Promise<number> {
  console.log(`seed ${seed}: ${harm}\n\nlooking for fewer rounds`);
  const until = performance.now() + SHRINK_MS;
  const harms = async (some: readonly number[]): Promise<boolean> =>
    (await attack({ seed, rounds: some }, () => false)) !== null;
  const few = await fewest(rounds, harms, () => performance.now() > until);
  for (const nth of few) console.log(`  ${nth}: ${roundOf(seed, nth, 3, "").text}`);
  console.log(`\nnpm run fuzz:wire -- --seed ${seed} --only ${few.join(",")}`);
  return 1;
}

type Flags = Readonly<{ seed: number; seconds: number; only: readonly number[] | null }>;

/** Or what is wrong with them. */
function parse(args: readonly string[]): Flags | string {
  const text = { type: "string" } as const;
  const options = { seconds: text, seed: text, only: text };
  let values: Readonly<Partial<Record<keyof typeof options, string>>>;
  try {
    ({ values } = parseArgs({ args: [...args], options }));
  } catch (error) {
    return (error as Error).message;
  }
  const seconds = Number(values.seconds ?? 300);
  const seed = Number(values.seed ?? randomInt(SEED_MAX));
  const only = values.only?.split(",").map(Number) ?? null;
  if (!(seconds >= 0)) return "--seconds must be a number";
  if (!Number.isSafeInteger(seed) || seed < 0) return "--seed must be a whole number";
  if (only !== null && !only.every(Number.isSafeInteger)) return "--only must be numbers";
  return { seconds, seed, only };
}

process.exitCode = await main(process.argv.slice(2));
