// A broken core, and what a campaign makes of it: the failure, its simplest schedule, its story,
// and a line that finds it again.

import { describe, expect, it } from "vitest";
import type { Effect, Term } from "../../core/contract.ts";
import { boot, step } from "../../core/node.ts";
import type { Core } from "../../sim/cluster/sim-node.ts";
import { AS_DRAWN } from "../../sim/options/sizes.ts";
import { runCampaign, WHOLE } from "./campaign.ts";
import type { Found } from "./campaign.ts";
import { scenarioOf } from "../catalogue/catalogue.ts";
import { judge, JUDGE_ONCE } from "./judge.ts";
import { printFailure } from "../report.ts";
import type { Scenario } from "../catalogue/scenario.ts";
import { OFTEN, optionsOf } from "../catalogue/scenario.ts";
import { shrink } from "./shrink.ts";
import { eventsBefore } from "../story.ts";

/** Forgets its term when it starts again: nobody notices before a crash. */
const FORGETFUL: Core = {
  step,
  boot: (config, seed, now, disk, kv) => {
    const booted = boot(config, seed, now, disk, kv);
    if (!booted.ok || disk.list().length === 0) return booted;
    const [state, effects] = booted.value;
    const raft = { ...state.raft, term: 0 as Term, vote: null };
    return { ok: true, value: [{ ...state, raft }, effects] };
  },
};
/** One of the seeds that compare hashes, at which it fails. */
const FAILING_WITH_CHECKS = 4;
const HOW = { ...JUDGE_ONCE, core: FORGETFUL };
const PLAN = {
  firstSeed: 1,
  seeds: 20,
  shard: WHOLE,
  keepsGoing: false,
  sizes: AS_DRAWN,
  how: HOW,
} as const;

function scenario(): Scenario {
  return scenarioOf("lying-disk") ?? expect.unreachable("it is in the catalogue");
}

function find(firstSeed = 1): Found {
  const plan = { ...PLAN, scenarios: [scenario()], firstSeed };
  return runCampaign(plan).failures[0]?.found ?? expect.unreachable("a crash shows it");
}

describe("A core that forgets its term", { timeout: 60_000 }, () => {
  it("is found, and one crash is enough to show it", () => {
    const found = find();
    expect(found.failure.oracle).toBe("hard-state");
    const shrunk = shrink(found, HOW, 200, () => false);
    expect(shrunk.failure.oracle).toBe("hard-state");
    expect(shrunk.faults.map(({ kind }) => kind)).toEqual(["crash"]);
    expect(shrunk.tries).toBeLessThanOrEqual(200);
    const options = optionsOf(scenario(), shrunk.name);
    expect(options.faults).toEqual(shrunk.faults);
    expect(judge(options, HOW).failure).toEqual(shrunk.failure);
  });

  it("is found again by its name, also where members compare their hashes", () => {
    const found = find(FAILING_WITH_CHECKS);
    expect(optionsOf(scenario(), { seed: found.seed, path: null }).node.limits.checks).toBe(OFTEN);
    const shrunk = shrink(found, HOW, 10, () => false);
    expect(judge(optionsOf(scenario(), shrunk.name), HOW).failure).toEqual(shrunk.failure);
  });

  it("is reported with what led to it, and a line to paste", () => {
    const found = find();
    const shrunk = shrink(found, HOW, 100, () => false);
    const events = eventsBefore(optionsOf(scenario(), shrunk.name), FORGETFUL, shrunk.failure);
    expect(events.length).toBeGreaterThan(3);
    expect(events.at(-1)?.event.kind).toBe("violation");
    const text = printFailure({
      ...shrunk,
      scenario: scenario(),
      events,
      hash: "ab",
      commit: "c0ffee",
    });
    expect(text).toMatch(/^\nlying-disk: hard-state is broken at \d+\.\d{3}s, event \d+\n/);
    expect(text).toContain("has 1 fault:\n  at ");
    const path = shrunk.name.path === null ? "" : ` --path "${shrunk.name.path}"`;
    const line = `--scenario lying-disk${path} --hash ab   # commit c0ffee`;
    expect(text.split("\n").at(-1)).toMatch(/^ {2}npx detcd replay 0x[0-9a-f]{8} --scenario/);
    expect(text).toContain(line);
  });

  it("is shrunk no further when the time is over", () => {
    const shrunk = shrink(find(), HOW, 200, () => true);
    expect(shrunk).toMatchObject({ tries: 1, name: { path: null } });
  });

  it("is found in a large world, and shown in a small one", () => {
    const sizes = { keys: 300, valueBytes: 10, giants: 1 };
    const plan = { ...PLAN, scenarios: [scenario()], sizes };
    const [first] = runCampaign(plan).failures;
    const found = first?.found ?? expect.unreachable("a crash shows it");
    const shrunk = shrink(found, HOW, 40, () => false);
    expect(shrunk.sizes).toMatchObject({ valueBytes: 0, giants: 0 });
    expect(shrunk.sizes.keys).toBeLessThan(2);
    const large = { ...shrunk, sizes: { keys: 18, leased: 2, leaseSeconds: 3 } };
    const text = printFailure({
      ...large,
      scenario: scenario(),
      events: [],
      hash: "ab",
      commit: null,
    });
    expect(text).toContain("in a world of --keys 18 --leased 2 --lease-seconds 3\n");
    expect(text).toContain("--scenario lying-disk --keys 18 --leased 2 --lease-seconds 3");
  });
});

describe("A core that", { timeout: 60_000 }, () => {
  it("breaks off is a finding, not the end of the campaign", () => {
    const core: Core = {
      boot,
      step: () => {
        throw new TypeError("undefined is not a log");
      },
    };
    const { failure, result } = judge(optionsOf(scenario(), { seed: 1, path: null }), {
      ...HOW,
      core,
    });
    expect(result).toBeNull();
    expect(failure).toMatchObject({ oracle: "exception" });
    expect(failure?.message).toContain("undefined is not a log");
  });

  it("comes to no end is a finding, too", () => {
    const { failure, result } = judge(optionsOf(scenario(), { seed: 1, path: null }), {
      ...JUDGE_ONCE,
      maxEvents: 5000,
    });
    expect(result).toBeNull();
    expect(failure).toMatchObject({ oracle: "runaway" });
  });

  it("looks at a clock of its own is not the same twice", () => {
    let calls = 0;
    const core: Core = {
      boot,
      step: (state, input, kv) => {
        calls += 1;
        const [next, effects] = step(state, input, kv);
        if (input.kind !== "tick" || calls % 1000 !== 0) return [next, effects];
        return [
          { ...next, upkeep: { ...next.upkeep, publish: { kind: "waiting", askedAt: null } } },
          effects,
        ];
      },
    };
    const { failure } = judge(optionsOf(scenario(), { seed: 1, path: null }), {
      ...JUDGE_ONCE,
      core,
      twice: true,
    });
    expect(failure?.oracle).toBe("determinism");
  });

  it("forgets a key now and then is caught by what its clients can prove together", () => {
    const core: Core = {
      boot,
      step: (state, input, kv) => {
        const [next, effects] = step(state, input, kv);
        return [next, effects.map(withoutFirst)];
      },
    };
    const { failure } = judge(optionsOf(scenario(), { seed: 1, path: null }), { ...HOW, core });
    expect(failure?.oracle).toBe("linearizability");
    expect(failure?.message).toMatch(/^Not linearizable: .*\n {2}A = client \d/);
  });
});

/** Now and then a range forgets its first pair. */
function withoutFirst(effect: Effect): Effect {
  if (effect.kind !== "call.reply" || !effect.result.ok) return effect;
  const { value } = effect.result;
  if (value.kind !== "range" || value.header.revision % 10 !== 0) return effect;
  const kvs = value.kvs.slice(1);
  return { ...effect, result: { ok: true, value: { ...value, kvs, count: kvs.length } } };
}
