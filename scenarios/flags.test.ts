import { describe, expect, it } from "vitest";
import { SIZE_FLAGS } from "../sim/options/sizes.ts";
import { EXIT } from "./exit-codes.ts";
import { SCENARIOS } from "./catalogue/catalogue.ts";
import {
  parseReplayFlags,
  parseSeed,
  parseSimFlags,
  printSeed,
  REPLAY_USAGE,
  SIM_USAGE,
} from "./flags.ts";

describe("A seed", () => {
  it("is written in decimal or hexadecimal, and printed so that it can be read again", () => {
    expect([parseSeed("42"), parseSeed("0x2a"), parseSeed("0xFFFFFFFF")]).toEqual([
      42,
      42,
      2 ** 32 - 1,
    ]);
    expect(parseSeed(printSeed(0x5f3a91c2))).toBe(0x5f3a91c2);
  });

  it.for(["", "nonsense", "0x", "0x123456789", "4294967296", "-5", "1.5", "1e3", " 1"])(
    "is not %j",
    (text) => expect(parseSeed(text)).toBeNull(),
  );
});

describe("detcd sim", () => {
  it("without flags runs every scenario, from a fresh seed, until all is done", () => {
    expect(parseSimFlags([], false)).toEqual({
      scenarios: SCENARIOS,
      seeds: 20,
      firstSeed: null,
      budgetMs: null,
      shrinkMs: 30_000,
      jobs: null,
      shard: { nth: 1, of: 1 },
      keepsGoing: false,
      sizes: {},
      twice: false,
      json: false,
      list: false,
      help: false,
    });
  });

  it("runs each seed twice where CI is set, unless told not to", () => {
    expect(parseSimFlags([], true)).toMatchObject({ twice: true });
    expect(parseSimFlags(["--no-twice"], true)).toMatchObject({ twice: false });
  });

  it("takes several scenarios, a first seed and a time", () => {
    const args = [
      "--scenario",
      "everything",
      "--scenario=lying-disk",
      "--seed",
      "0x10",
      "--budget=2m",
    ];
    const flags = parseSimFlags(args, false);
    expect(flags).toMatchObject({ firstSeed: 16, budgetMs: 120_000 });
    expect("scenarios" in flags && flags.scenarios.map(({ name }) => name)).toEqual([
      "lying-disk",
      "everything",
    ]);
  });

  it("takes sizes of the world", () => {
    const args = ["--keys", "100000", "--leased=50", "--name-bytes", "2000"];
    const sizes = { keys: 100_000, leased: 50, nameBytes: 2000 };
    expect(parseSimFlags(args, false)).toMatchObject({ sizes });
    expect(parseReplayFlags(["7", ...args])).toMatchObject({ sizes });
    for (const [flag] of SIZE_FLAGS) expect(SIM_USAGE).toContain(`--${flag} `);
  });

  it.for([
    [["--keys", "many"], "--keys many is no size"],
    [["--seeds", "0"], "--seeds must be a number from 1 on"],
    [["--seed", "x"], '"x" is no seed'],
    [["--budget", "long"], "--budget long is no time"],
    [["--jobs", "0"], "--jobs 0 is no number from 1 on"],
    [["--shard", "5/4"], "--shard is a part of the whole, such as 1/4"],
    [["--shrink-budget", "soon"], "--shrink-budget is a time"],
    [["--scenario", "none"], 'there is no scenario "none": detcd sim --list shows all'],
    [["what"], 'what is "what"?'],
    [["--fast"], "Unknown option '--fast'"],
  ] as const)("refuses %j in a sentence", ([args, sentence]) => {
    const flags = parseSimFlags(args, false);
    expect("misuse" in flags && flags.misuse).toContain(sentence);
    expect("misuse" in flags && flags.misuse).not.toContain("\n");
  });
});

describe("detcd replay", () => {
  it.for([
    [[], "which seed?"],
    [["nonsense"], '"nonsense" is no seed'],
    [["1", "2"], "one seed at a time"],
    [["42", "--scenario", "no-such-thing"], "there is no scenario"],
    [["42", "--path", "over the hills"], "it looks like 0:3:1"],
    [["-5"], "Unknown option '-5'"],
  ] as const)("refuses %j in a sentence", ([args, sentence]) => {
    const flags = parseReplayFlags(args);
    expect("misuse" in flags && flags.misuse).toContain(sentence);
    expect("misuse" in flags && flags.misuse).not.toContain("\n");
  });
});

describe("Both commands", () => {
  it("document their exit codes", () => {
    for (const [usage, codes] of [
      [SIM_USAGE, Object.values(EXIT)],
      [REPLAY_USAGE, [0, 1, 2, 3, 4, 5]],
    ] as const) {
      const table = usage.slice(usage.indexOf("exit codes:"));
      for (const code of codes) expect(table).toMatch(new RegExp(`\\b${code} [a-z]`));
    }
  });
});
