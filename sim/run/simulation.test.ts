import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import type { Effect, Result } from "../../core/contract.ts";
import type { Response } from "../../core/api/request.ts";
import { assert } from "../../core/lib/assert.ts";
import { boot, step } from "../../core/node.ts";
import type { Fault } from "../faults/faults.ts";
import type { SimOperation } from "../record/history.ts";
import type { SimOptions } from "../options/options.ts";
import { checkOptions, DEFAULT_OPTIONS } from "../options/options.ts";
import type { Core } from "../cluster/sim-node.ts";
import { createSimulation, runSimulation } from "./simulation.ts";
import { swarmOptions } from "../options/swarm.ts";

const BUSY: SimOptions = {
  ...DEFAULT_OPTIONS,
  durationMs: 12_000,
  healAtMs: 6000,
  clients: { ...DEFAULT_OPTIONS.clients, intervalMs: 50 },
  node: { ...DEFAULT_OPTIONS.node, snapshotCount: 5 },
};
const core: Core = { boot, step };

function callsOf(operations: readonly SimOperation[]): unknown {
  return operations.map(({ client, input, call }) => ({ client, input, call }));
}

describe("a run", () => {
  it("is a function of its options", () => {
    const options = swarmOptions(4);
    const once = runSimulation(options);
    const again = runSimulation(structuredClone(options));
    expect(isDeepStrictEqual(again, once)).toBe(true); // a hundred times faster than a difference
    expect(runSimulation({ ...options, seed: 5 }).hash).not.toBe(once.hash);
  });

  it("is the same run, watched or not, and one step at a time or two", () => {
    const options = swarmOptions(9);
    const { hash } = runSimulation(options);
    expect(runSimulation({ ...options, frames: true }).hash).toBe(hash);
    expect(runSimulation({ ...options, twice: true }).hash).toBe(hash);
  });

  it("survives a printing of its options as JSON", () => {
    const options = swarmOptions(10);
    expect(JSON.parse(JSON.stringify(options))).toEqual(options);
  });

  it("ends with an answer from every node, which all saw the same", () => {
    const { history, calls, violation } = runSimulation(BUSY);
    expect(violation).toBe(null);
    const final = history.filter((_, at) => calls[at] === null);
    expect(final).toHaveLength(3);
    const answers = final.map(({ outcome }) => outcome.kind === "ok" && outcome.output);
    expect(new Set(answers.map((answer) => answer && answer.header.revision)).size).toBe(1);
    expect(answers[0] && answers[0].kind === "range" && answers[0].count).toBeGreaterThan(0);
  });

  it("records calls in order, one at a time per client, each put with its own value", () => {
    const { history } = runSimulation(swarmOptions(12));
    expect(history.map((operation) => operation.id)).toEqual(history.map((_, at) => at));
    const lastOf = new Map<number, SimOperation>();
    for (const operation of history) {
      const last = lastOf.get(operation.client);
      const over = last?.return ?? last?.call ?? 0; // unknown: given up at an unrecorded time
      expect(operation.call).toBeGreaterThanOrEqual(over);
      lastOf.set(operation.client, operation);
    }
    const puts = history.flatMap(({ input }) => (input.kind === "put" ? [input.value.join()] : []));
    expect(new Set(puts).size).toBe(puts.length);
  });

  it("makes only the calls it is told to, each as it would have been", () => {
    const all = runSimulation(BUSY);
    const named = all.calls.filter((name) => name !== null);
    const only = named.filter((_, at) => at % 5 === 0);
    const some = runSimulation({ ...BUSY, clients: { ...BUSY.clients, only } });
    expect(some.calls.filter((name) => name !== null)).toEqual(only);
    const put = (operations: typeof all, at: number): unknown => operations.history[at]?.input;
    const firstPut = some.history.findIndex(({ input }) => input.kind === "put");
    const same = all.calls.findIndex(
      (name) => JSON.stringify(name) === JSON.stringify(some.calls[firstPut]),
    );
    expect(put(some, firstPut)).toEqual(put(all, same));
  });

  it("is untouched by a fault until the fault begins", () => {
    const options = swarmOptions(14);
    const crash: Fault = {
      kind: "crash",
      atMs: 9000,
      node: 1,
      keep: "none",
      boundary: 0,
      restartAfterMs: 500,
    };
    const early = (faults: readonly Fault[]): readonly SimOperation[] =>
      runSimulation({ ...options, faults }).history.filter(({ call }) => call < 8_000_000);
    const faults = options.faults.filter((fault) => fault.atMs < 9000);
    const [without, with_] = [early(faults), early([...faults, crash])];
    expect(callsOf(with_)).toEqual(callsOf(without));
  });

  it("takes faults while it runs", () => {
    const simulation = createSimulation({ ...DEFAULT_OPTIONS, frames: true });
    while (simulation.frame().time < 5_000_000) simulation.step();
    simulation.inject({
      kind: "crash",
      atMs: 0,
      node: 2,
      keep: "none",
      boundary: 0,
      restartAfterMs: 1000,
    });
    expect(simulation.frame().nodes[1]?.status).toBe("crashed");
    expect(simulation.frame().event.text).toMatch("node 2 crashes");
    while (simulation.step());
    expect(simulation.result()).toMatchObject({ violation: null, faultsInjected: { crash: 1 } });
    expect(simulation.step()).toBe(false);
  });

  it("refuses options that make no sense", () => {
    expect(() => checkOptions({ ...DEFAULT_OPTIONS, seed: -1 })).toThrow("32 bits");
    expect(() => checkOptions({ ...DEFAULT_OPTIONS, nodes: 0 })).toThrow("1 to 9 nodes");
    expect(() => checkOptions({ ...DEFAULT_OPTIONS, healAtMs: 99_000 })).toThrow("heals before");
  });
});

/** A core whose effects go through `change`. */
function changed(change: (effect: Effect, node: bigint) => readonly Effect[]): Core {
  return {
    boot,
    step: (state, input, kv) => {
      const [next, effects] = step(state, input, kv);
      return [next, effects.flatMap((effect) => change(effect, state.config.node))];
    },
  };
}

const oracleOf = (broken: Core, options: SimOptions = BUSY): string | undefined =>
  runSimulation(options, broken).violation?.oracle;

function staler(result: Result<Response>): Result<Response> {
  if (!result.ok || result.value.kind !== "range") return result;
  const { header } = result.value;
  return { ok: true, value: { ...result.value, header: { ...header, revision: 1 } } };
}

describe("a core that is broken is found out", () => {
  it("and one that is not, is not", () => {
    expect(oracleOf(core)).toBe(undefined);
  });

  it("when it forgets to sync", () => {
    const broken = changed((effect) =>
      effect.kind !== "disk"
        ? [effect]
        : [{ ...effect, ops: effect.ops.filter((op) => op.kind !== "sync") }],
    );
    expect(oracleOf(broken)).toBe("promise-after-sync");
  });

  it("when it says things before they are on disk", () => {
    const eager: Core = {
      boot,
      step: (state, input, kv) => {
        const [next, effects] = step(state, input, kv);
        const { held } = next.disk.outbox;
        const sends = held.map(({ send }): Effect => {
          return { kind: "peer.send", to: send.to, message: send.message };
        });
        return [
          { ...next, disk: { ...next.disk, outbox: { ...next.disk.outbox, held: [] } } },
          [...effects, ...sends],
        ];
      },
    };
    expect(oracleOf(eager)).toBe("promise-after-sync");
  });

  it("when replicas write different things", () => {
    const broken = changed((effect, node) => {
      if (effect.kind !== "kv" || node !== 2n) return [effect];
      const writes = effect.writes.map((write) =>
        write.kind === "put" && write.table === "keys"
          ? { ...write, value: write.value.toReversed() }
          : write,
      );
      return [{ ...effect, writes }];
    });
    expect(oracleOf(broken)).toBe("kv-agreement");
  });

  it("when it answers a call twice", () => {
    const broken = changed((effect) =>
      effect.kind === "call.reply" ? [effect, effect] : [effect],
    );
    expect(oracleOf(broken)).toBe("answer-once");
  });

  it("when it serves an old state", () => {
    const broken = changed((effect) =>
      effect.kind === "call.reply" ? [{ ...effect, result: staler(effect.result) }] : [effect],
    );
    expect(oracleOf(broken)).toBe("fresh-reads");
  });

  it("when it votes twice in a term after a crash, because the vote was not kept", () => {
    const forgetful: Core = {
      step,
      boot: (...found) => {
        const booted = boot(...found);
        if (!booted.ok) return booted;
        const [state, effects] = booted.value;
        return { ok: true, value: [{ ...state, raft: { ...state.raft, vote: null } }, effects] };
      },
    };
    const faults = [2000, 3000, 4000].map((atMs): Fault => {
      const crash = { keep: "none", boundary: 0, restartAfterMs: 100 } as const;
      return { kind: "crash", atMs, node: "leader", ...crash };
    });
    expect(oracleOf(forgetful, { ...BUSY, faults })).toBe("hard-state");
  });

  it("when it is not a function: time or chance has leaked in", () => {
    let calls = 0;
    const leaky: Core = {
      boot,
      step: (state, input, kv) => {
        const [next, effects] = step(state, input, kv);
        return [{ ...next, life: next.life + BigInt(++calls > 500 ? calls : 0) }, effects];
      },
    };
    const { violation } = runSimulation({ ...BUSY, twice: true }, leaky);
    expect(violation).toMatchObject({ oracle: "determinism" });
    expect(violation?.message).toMatch(/two equal steps differ upon .*, in \.0\.life: /);
  });

  it("when one of its own assertions fails, with the node and the time", () => {
    const strict: Core = {
      boot,
      step: (state, input, kv) => {
        const seen = state.store.applied >= 20 && state.config.node === 3n;
        assert(!seen, "twenty entries are too many");
        return step(state, input, kv);
      },
    };
    const { violation } = runSimulation(BUSY, strict);
    expect(violation).toMatchObject({
      oracle: "assertion",
      message: "twenty entries are too many",
      node: 3,
    });
  });

  it("when it refuses to boot from what a crash left", () => {
    const picky: Core = {
      step,
      boot: (config, seed, now, disk, kv) =>
        disk.list().length > 0
          ? { ok: false, error: "the disk is not empty" }
          : boot(config, seed, now, disk, kv),
    };
    const crash = { keep: "none", boundary: 0, restartAfterMs: 100 } as const;
    const faults: readonly Fault[] = [{ kind: "crash", atMs: 3000, node: 1, ...crash }];
    const { violation } = runSimulation({ ...BUSY, faults }, picky);
    expect(violation).toMatchObject({ oracle: "boot", message: "the disk is not empty", node: 1 });
  });

  it("when it never gets well again", () => {
    const sulking: Core = {
      boot,
      step: (state, input, kv) =>
        input.kind === "peer.message" && state.config.node === 2n && state.now > 8000
          ? [state, []]
          : step(state, input, kv),
    };
    const faults = [{ kind: "heal", atMs: 1000 }] as const; // the leader is not owed its office
    const { violation } = runSimulation({ ...BUSY, faults }, sulking);
    expect(violation?.oracle).toBe("convergence");
  });
});
