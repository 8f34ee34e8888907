// The command lines of `detcd sim` and `detcd replay`.

import { parseArgs } from "node:util";
import type { GivenSizes } from "../sim/options/sizes.ts";
import { SIZE_FLAGS } from "../sim/options/sizes.ts";
import type { Shard } from "./campaign/campaign.ts";
import { SCENARIOS, scenarioOf } from "./catalogue/catalogue.ts";
import type { Scenario } from "./catalogue/scenario.ts";

export type SimFlags = Readonly<{
  scenarios: readonly Scenario[];
  seeds: number;
  firstSeed: number | null; // null: a fresh one
  budgetMs: number | null;
  shrinkMs: number; // for each failure
  jobs: number | null; // threads; null: one for each processor
  shard: Shard;
  keepsGoing: boolean;
  sizes: GivenSizes;
  twice: boolean;
  json: boolean;
  list: boolean;
  help: boolean;
}>;

export type ReplayFlags = Readonly<{
  seed: number;
  scenario: Scenario;
  path: string | null;
  hash: string | null; // what the trace must be
  sizes: GivenSizes;
  trace: boolean;
  json: boolean;
  help: boolean;
}>;

/** A sentence for the person at the keyboard. */
export type Misuse = Readonly<{ misuse: string }>;

const SIZES_USAGE = `  --keys N           how large the world is (default: as drawn): its keys,
  --value-bytes N    bytes of their values,
  --leased N         how many of them hang on one lease,
  --lease-seconds N  and how long that lasts,
  --giants N         clients whose calls are as large as they may be,
  --watchers N       watches that these open at once,
  --name-bytes N     bytes of the longest names,
  --past-entries N   entries that lie behind the members when the run begins,
  --past-terms N     and terms`;

export const SIM_USAGE: string = `usage: detcd sim [flags]

Runs simulated clusters under faults, and judges each run.

  --seeds N          runs of each scenario (default 20)
  --seed S           the first seed, in decimal or 0x… (default: a fresh one, printed)
  --scenario NAME    only this scenario; may be repeated (default: all)
  --budget T         stop after this time, such as 60s or 10m
  --jobs N           so many runs at a time (default: one for each processor)
  --shard I/N        make the I-th of N parts of the campaign, which together make all of it; give
                     each the same --seed
  --keep-going       go on behind a failure, and tell each kind once
  --shrink-budget T  how long to look for a simpler schedule of a failure (default 30s)
${SIZES_USAGE}
  --twice            run each seed twice and compare (default where CI is set; --no-twice: never)
  --json             the summary as JSON on stdout
  --list             the scenarios, and what each promises

exit codes: 0 every promise held           4 a seed was not the same run twice
            1 one about safety is broken   5 one about liveness is broken
            2 the flags are wrong          6 a history could not be judged
            3 the command cannot run       7 cut short, or not all was seen that must be
`;

export const REPLAY_USAGE: string = `usage: detcd replay SEED --scenario NAME [flags]

Runs one seed again, exactly, and prints the hash of its trace and the verdict.

  --scenario NAME    which scenario (detcd sim --list)
  --path P           which simpler schedule of the seed, as printed by detcd sim
${SIZES_USAGE}
  --hash H           the trace hash to expect: another one means that the code is not the same
  --trace            every event on stdout
  --json             the result as JSON on stdout

exit codes: 0 every promise held           4 the trace is not the expected one
            1 one about safety is broken   5 one about liveness is broken
            2 the flags are wrong          3 the command cannot run
`;

export function parseSimFlags(args: readonly string[], isCi: boolean): SimFlags | Misuse {
  const parsed = parse(args, {
    seeds: { type: "string", default: "20" },
    seed: { type: "string" },
    scenario: { type: "string", multiple: true },
    budget: { type: "string" },
    jobs: { type: "string" },
    shard: { type: "string", default: "1/1" },
    "keep-going": { type: "boolean", default: false },
    "shrink-budget": { type: "string", default: "30s" },
    ...SIZE_OPTIONS,
    twice: { type: "boolean", default: isCi },
    json: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  });
  if ("misuse" in parsed) return parsed;
  const { values, positionals } = parsed;
  if (positionals.length > 0) return misuse(`what is ${JSON.stringify(positionals[0])}?`, "sim");
  const seeds = wholeNumber(String(values["seeds"]));
  if (seeds === null || seeds < 1) return misuse("--seeds must be a number from 1 on", "sim");
  const given = values["seed"];
  const firstSeed = typeof given === "string" ? parseSeed(given) : null;
  if (typeof given === "string" && firstSeed === null) return misuse(badSeed(given), "sim");
  const budget = values["budget"];
  const budgetMs = typeof budget === "string" ? parseTime(budget) : null;
  if (typeof budget === "string" && budgetMs === null) {
    return misuse(`--budget ${budget} is no time: write 90s or 10m`, "sim");
  }
  const shrinkMs = parseTime(String(values["shrink-budget"]));
  if (shrinkMs === null) return misuse("--shrink-budget is a time, such as 90s or 10m", "sim");
  const jobs = textOf(values["jobs"]);
  if (jobs !== null && (wholeNumber(jobs) ?? 0) < 1) {
    return misuse(`--jobs ${jobs} is no number from 1 on`, "sim");
  }
  const shard = parseShard(String(values["shard"]));
  if (shard === null) return misuse("--shard is a part of the whole, such as 1/4", "sim");
  const sizes = sizesOf(values, "sim");
  if ("misuse" in sizes) return sizes;
  const names = (values["scenario"] as readonly string[] | undefined) ?? [];
  const strange = names.find((name) => scenarioOf(name) === null);
  if (strange !== undefined) return misuse(badScenario(strange), "sim");
  const chosen = SCENARIOS.filter(({ name }) => names.length === 0 || names.includes(name));
  return {
    scenarios: chosen,
    seeds,
    firstSeed,
    budgetMs,
    shrinkMs,
    jobs: jobs === null ? null : Number(jobs),
    shard,
    keepsGoing: values["keep-going"] === true,
    sizes,
    twice: values["twice"] === true,
    json: values["json"] === true,
    list: values["list"] === true,
    help: values["help"] === true,
  };
}

export function parseReplayFlags(args: readonly string[]): ReplayFlags | Misuse {
  const parsed = parse(args, {
    scenario: { type: "string", default: "everything" },
    path: { type: "string" },
    hash: { type: "string" },
    ...SIZE_OPTIONS,
    trace: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  });
  if ("misuse" in parsed) return parsed;
  const { values, positionals } = parsed;
  const help = values["help"] === true;
  const [text, ...more] = positionals;
  if (more.length > 0) return misuse("one seed at a time, please", "replay");
  if (text === undefined && !help) return misuse("which seed? Write detcd replay SEED", "replay");
  const seed = parseSeed(text ?? "0");
  if (seed === null) return misuse(badSeed(text ?? ""), "replay");
  const name = String(values["scenario"]);
  const scenario = scenarioOf(name);
  if (scenario === null) return misuse(badScenario(name), "replay");
  const path = textOf(values["path"]);
  if (path !== null && !/^\d+(:\d+)*$/.test(path)) {
    return misuse(`--path ${JSON.stringify(path)} is no path: it looks like 0:3:1`, "replay");
  }
  const sizes = sizesOf(values, "replay");
  if ("misuse" in sizes) return sizes;
  const hash = textOf(values["hash"]);
  const [trace, json] = [values["trace"] === true, values["json"] === true];
  return { seed, scenario, path, hash, sizes, trace, json, help };
}

/** 32 bits, decimal or hexadecimal. */
export function parseSeed(text: string): number | null {
  if (!/^(0x[0-9a-fA-F]{1,8}|\d{1,10})$/.test(text)) return null;
  const seed = Number(text);
  return seed < 2 ** 32 ? seed : null;
}

export function printSeed(seed: number): string {
  return `0x${seed.toString(16).padStart(8, "0")}`;
}

type Options = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>["options"]>;
type Parsed = Readonly<{
  values: Readonly<Record<string, unknown>>;
  positionals: readonly string[];
}>;

function parse(args: readonly string[], options: Options): Parsed | Misuse {
  try {
    const allowed = { allowPositionals: true, allowNegative: true };
    const { values, positionals } = parseArgs({ args: [...args], options, ...allowed });
    return { values, positionals };
  } catch (error) {
    const [sentence] = (error instanceof Error ? error.message : String(error)).split(". ");
    return { misuse: `${sentence ?? ""} (--help lists the flags)` };
  }
}

const SIZE_OPTIONS: Options = Object.fromEntries(
  SIZE_FLAGS.map(([flag]) => [flag, { type: "string" }]),
);

function sizesOf(values: Parsed["values"], command: "sim" | "replay"): GivenSizes | Misuse {
  const sizes: { -readonly [K in keyof GivenSizes]: GivenSizes[K] } = {};
  for (const [flag, size] of SIZE_FLAGS) {
    const given = textOf(values[flag]);
    if (given === null) continue;
    const number = wholeNumber(given);
    if (number === null) return misuse(`--${flag} ${given} is no size`, command);
    sizes[size] = number;
  }
  return sizes;
}

function parseTime(text: string): number | null {
  const match = /^(\d+)(ms|s|m|h)$/.exec(text);
  if (match === null) return null;
  const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match[2] as "ms" | "s" | "m" | "h"];
  return Number(match[1]) * unitMs;
}

function parseShard(text: string): Shard | null {
  const [, nth, of] = /^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? [];
  const shard = { nth: Number(nth), of: Number(of) };
  return shard.nth >= 1 && shard.nth <= shard.of ? shard : null;
}

function wholeNumber(text: string): number | null {
  return /^\d{1,9}$/.test(text) ? Number(text) : null;
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function badSeed(text: string): string {
  return `${JSON.stringify(text)} is no seed: a seed is a number below 2^32, such as 0x5f3a91c2`;
}

function badScenario(name: string): string {
  return `there is no scenario ${JSON.stringify(name)}: detcd sim --list shows all`;
}

function misuse(sentence: string, command: "sim" | "replay"): Misuse {
  return { misuse: `${sentence} (detcd ${command} --help lists the flags)` };
}
