// What the store promises beyond single answers, kept and broken.

import { describe, expect, it } from "vitest";
import type { KeyValue, Request, Response } from "../../core/api/request.ts";
import { createChronicle } from "../model/chronicle.ts";
import type { Operation } from "../history.ts";
import type { Boot } from "./store-rules.ts";
import { brokenStoreRules } from "./store-rules.ts";
import { bytes, put, range } from "../testing.ts";
import type { Change } from "../watches/watch-history.ts";

const SECOND = 1_000_000;

describe("the store", () => {
  it("that writes what was asked for, and says so, keeps every promise", () => {
    const changes = [wrote(2, "a", "1", 2, 1), wrote(3, "a", "2", 2, 2)];
    const asked = [answered(1, put("a", "1"), 2), unknown(2, put("a", "2"))];
    expect(broken(asked, changes)).toEqual([]);
  });

  it("makes no revision that nobody asked for, and loses none (O2)", () => {
    const first = wrote(2, "a", "1", 2, 1);
    expect(broken([answered(1, put("a", "1"), 2)], [first, wrote(3, "b", "9", 3, 1)])).toEqual([
      "O2",
    ]);
    expect(broken([answered(1, put("a", "1"), 3)], [first])).toEqual(["O2"]);
    expect(broken([answered(1, put("b", "1"), 2), unknown(1, put("a", "1"))], [first])).toEqual([
      "O2",
    ]);
    expect(broken([unknown(1, put("a", "1"))], [wrote(3, "a", "1", 3, 1)])).toEqual(["O2"]);
  });

  it("counts versions and keeps creations (O3)", () => {
    const asked = [unknown(1, put("a", "1")), unknown(1, put("a", "2"))];
    const first = wrote(2, "a", "1", 2, 1);
    expect(broken(asked, [first, wrote(3, "a", "2", 2, 3)])).toEqual(["O3"]);
    expect(broken(asked, [first, wrote(3, "a", "2", 3, 2)])).toEqual(["O3"]);
  });

  it("does not fall back at one member, unless that began anew (O5)", () => {
    const changes = [wrote(2, "a", "1", 2, 1)];
    const stale = range("a", { serializable: true });
    const asked = [answered(1, put("a", "1"), 2), answered(3, stale, 1)];
    expect(broken(asked, changes)).toEqual(["O5"]);
    expect(broken(asked, changes, [{ member: 1n, at: 2 * SECOND }])).toEqual([]);
    expect(broken(asked, changes, [{ member: 2n, at: 2 * SECOND }])).toEqual(["O5"]);
    expect(broken([asked[0] as Operation, answered(3, stale, 1, 2n)], changes)).toEqual([]);
    expect(broken([asked[0] as Operation, answered(3, stale, 3)], changes)).toEqual(["O5"]);
  });

  it("hashes equal histories equally (O8)", () => {
    expect(broken([hash(1n, 5), hash(2n, 5)], [])).toEqual([]);
    expect(broken([hash(1n, 5), hash(2n, 6)], [])).toEqual(["O8"]);
    expect(broken([hash(1n, 5), hash(2n, 6, 1)], [])).toEqual([]);
    const compacted = [hash(1n, 5, 1), hash(2n, 6, 1)];
    expect(broken([unknown(1, put("a", "1")), ...compacted], [wrote(2, "a", "1", 2, 1)])).toEqual([
      "O8",
    ]);
    expect(broken(compacted, [])).toEqual([]); // at a revision that shows nothing
  });
});

function hash(member: bigint, number: number, compactRevision = -1): Operation {
  const head = header(1, member);
  const output = { header: head, hash: number, compactRevision, hashRevision: 2 };
  return ok(3, { kind: "hash_kv", revision: 0 }, { kind: "hash_kv", ...output });
}

function broken(
  operations: readonly Operation[],
  changes: readonly Change[],
  boots: readonly Boot[] = [],
): string[] {
  const history = operations.map((operation, id) => ({ ...operation, id }));
  return brokenStoreRules(history, createChronicle(changes), boots).map(({ rule }) => rule);
}

function wrote(
  revision: number,
  key: string,
  value: string,
  createRevision: number,
  version: number,
): Change {
  const kv = { key: key as KeyValue["key"], value: bytes(value), lease: 0n };
  const numbers = { modRevision: revision, createRevision, version };
  return { revision, at: SECOND, events: [{ kind: "put", kv: { ...kv, ...numbers } }] };
}

function answered(
  seconds: number,
  input: ReturnType<typeof put | typeof range>,
  revision: number,
  member = 1n,
): Operation {
  const head = header(revision, member);
  if (input.kind === "put") return ok(seconds, input, { kind: "put", header: head, prevKv: null });
  return ok(seconds, input, { kind: "range", header: head, kvs: [], more: false, count: 0 });
}

function unknown(seconds: number, input: Request): Operation {
  const outcome = { kind: "unknown", error: null } as const;
  return { id: 0, client: 0, input, call: seconds * SECOND, return: null, outcome };
}

function ok(seconds: number, input: Request, output: Response): Operation {
  const call = seconds * SECOND;
  return { id: 0, client: 0, input, call, return: call + 100, outcome: { kind: "ok", output } };
}

function header(revision: number, member: bigint): Response["header"] {
  return { clusterId: 1n, memberId: member, revision, raftTerm: 1 } as Response["header"];
}
