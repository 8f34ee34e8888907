import { describe, expect, it } from "vitest";
import { putOf } from "../../core/api/testing.ts";
import type { CallId, Effect, Index, NodeId } from "../../core/contract.ts";
import { fromText } from "../../core/lib/bytes.ts";
import { loadOf, NO_LOAD, timeOf } from "./load.ts";
import type { SimOptions } from "../options/options.ts";
import { DEFAULT_OPTIONS } from "../options/options.ts";
import { runSimulation } from "../run/simulation.ts";
import { AS_DRAWN, printSizes, SMALL, smallerSizes, withSizes } from "../options/sizes.ts";

const HEADER = { clusterId: 1n, memberId: 1n, revision: 2, raftTerm: 1 } as never;
const KV = { ...putOf("key", "value"), createRevision: 1, modRevision: 2, version: 1, lease: 0n };

describe("what a step handled", () => {
  it("is counted from what it wrote and told", () => {
    const range = { kind: "range", header: HEADER, kvs: [KV, KV], more: false, count: 2 } as const;
    const write = { kind: "delete", table: "keys", key: fromText("k") } as const;
    const effects: readonly Effect[] = [
      { kind: "kv", applied: 1 as Index, writes: [write, write, write] },
      { kind: "call.reply", call: 1 as CallId, result: { ok: true, value: range } },
      { kind: "call.part", call: 1 as CallId, isFirst: true, operation: 0, kvs: [KV] },
      { kind: "peer.unreachable", to: 2n as NodeId } as never,
    ];
    const deletion = { kind: "delete_range", header: HEADER, deleted: 1, prevKvs: [KV] } as const;
    const told = { ok: true, value: deletion } as const;
    const all = [...effects, { kind: "call.reply", call: 2 as CallId, result: told } as const];
    const load = { rows: 5, writes: 3, pairs: 3, previous: 1, events: 0, bytes: 32 };
    expect(loadOf(5, all)).toEqual(load);
  });

  it("takes time in proportion, and what is little takes none", () => {
    const cpu = { itemMicros: 3, kilobyteMicros: 10, freeMicros: 100 };
    expect(timeOf({ ...NO_LOAD, rows: 33 }, cpu)).toBe(0);
    expect(timeOf({ ...NO_LOAD, rows: 20, writes: 10, pairs: 5, bytes: 2048 }, cpu)).toBe(125);
  });
});

function slow(itemMicros: number): SimOptions {
  return { ...DEFAULT_OPTIONS, cpu: { itemMicros, kilobyteMicros: 0, freeMicros: 1000 } };
}

describe("a node whose steps take too long", () => {
  it("loses its office though nothing fails", () => {
    expect(runSimulation(slow(400_000)).violation?.oracle).toBe("steady-office");
  });

  it("keeps it while they are short", () => {
    expect(runSimulation(slow(2000)).violation).toBe(null);
  });
});

describe("sizes", () => {
  it("are halved one by one, and no more keys hang on a lease than there are", () => {
    const sizes = { ...SMALL, keys: 100, leased: 80, leaseSeconds: 3, giants: 1 };
    const smaller = [...smallerSizes(sizes)];
    expect(smaller.map(({ keys, leased, giants }) => [keys, leased, giants])).toEqual([
      [50, 50, 1],
      [100, 40, 1],
      [100, 80, 0],
    ]);
    expect(withSizes(sizes, AS_DRAWN)).toEqual(sizes);
    expect(printSizes({ keys: 5, nameBytes: 7 })).toBe("--keys 5 --name-bytes 7");
  });
});
