import { describe, expect, it } from "vitest";
import type { CallId, ClusterId, Index, NodeId, Term } from "../contract.ts";
import { createMemoryKv } from "../kv/memory-kv.ts";
import { fullVersion, parseVersion } from "../lib/version.ts";
import { applyEntry, restoreStore } from "./apply.ts";
import { encodeCommand } from "./commands/command.ts";

const ORIGIN = { node: 1n as NodeId, life: 1n, call: 1 as CallId };
const REPLICA = { clusterId: 1n as ClusterId, memberId: 1n as NodeId, raftTerm: 1 as Term };
const OWN = { major: 3, minor: 7 };

/** Targets are minor versions, null: cancel. What is told, and what is in force at last. */
function told(targets: readonly (number | null)[]): readonly string[] {
  const kv = createMemoryKv();
  let store = restoreStore(kv);
  const answers = targets.map((minor, at) => {
    const target = minor === null ? null : { major: 3, minor };
    const data = encodeCommand({ kind: "downgrade", origin: ORIGIN, own: OWN, target });
    const entry = { term: 1 as Term, index: (at + 1) as Index, data };
    const { store: next, writes, outcome } = applyEntry(store, entry, kv, REPLICA);
    kv.perform(writes);
    store = next;
    if (outcome?.kind !== "call") return "nothing";
    const { result } = outcome;
    if (!result.ok) return result.error.name;
    return result.value.kind === "downgrade" ? result.value.version : result.value.kind;
  });
  expect(restoreStore(kv).downgrade).toEqual(store.downgrade);
  return [...answers, store.downgrade === null ? "none" : fullVersion(store.downgrade)];
}

describe("a downgrade", () => {
  it("goes one minor version down", () => {
    expect(told([6])).toEqual(["3.7", "3.6.0"]);
    expect(told([5, 7, 8])).toEqual([
      "InvalidDowngradeTargetVersion",
      "InvalidDowngradeTargetVersion",
      "InvalidDowngradeTargetVersion",
      "none",
    ]);
  });

  it("is the only one, until it is cancelled", () => {
    expect(told([6, 5, 6, null, null, 6])).toEqual([
      "3.7",
      "DowngradeInProcess",
      "InvalidDowngradeTargetVersion",
      "3.6",
      "3.7",
      "3.7",
      "3.6.0",
    ]);
  });
});

it("a version has two or three numbers", () => {
  expect(parseVersion("3.7.1")).toEqual(OWN);
  expect(parseVersion("3.7")).toEqual(OWN);
  expect(parseVersion("3.7.0-rc.1+git")).toEqual(OWN);
  for (const text of ["", "3", "v3.7", "3.7.", "sim", "3.x"]) expect(parseVersion(text)).toBeNull();
});
