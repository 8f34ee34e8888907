import { describe, expect, it } from "vitest";
import type { Bytes, ClusterId, KvWrite, NodeId } from "../contract.ts";
import { deleteOf, key, putOf, rangeOf, value } from "../api/testing.ts";
import { createMemoryKv } from "../kv/memory-kv.ts";
import { encodeKeyValue } from "../kv/tables.ts";
import { range } from "./range/range.ts";
import { encodeRowKey } from "./revision.ts";
import { restoreMvcc } from "./store.ts";
import { applyKv } from "./txn/txn.ts";

const FILL = { clusterId: 1n as ClusterId, memberId: 1n as NodeId, raftTerm: 1 };

describe("a store that boots", () => {
  it("stands at revision 1 when it is new", () => {
    expect(restoreMvcc(createMemoryKv()).revision).toBe(1);
  });

  it("stands where it stood, even if the last thing it did was to delete", () => {
    const kv = createMemoryKv();
    let mvcc = restoreMvcc(kv);
    for (const request of [putOf("a", "1"), putOf("b", "2"), deleteOf("a", "c")]) {
      const applied = applyKv(mvcc, kv, request, FILL, () => false);
      kv.perform(applied.writes);
      mvcc = applied.mvcc;
    }
    expect(restoreMvcc(kv)).toEqual(mvcc);
    expect(mvcc.revision).toBe(4);
  });

  it("stops at a row that cannot be what was written", () => {
    const good = { createRevision: 2, version: 1, value: value("1"), lease: 0n };
    const at = encodeRowKey({ main: 2, sub: 0, tombstone: false });
    const row = encodeKeyValue({ key: key("a"), modRevision: 3, ...good });
    expect(() => booted("x" as Bytes, row)).toThrow("a key in the table of keys is no revision");
    expect(() => booted(at, row.slice(1))).toThrow("the row of revision 2.0 cannot be read");
    expect(() => booted(at, row)).toThrow("row 2 says 3");
  });
});

describe("a store that reads", () => {
  it("stops at a version whose row is gone", () => {
    const kv = createMemoryKv();
    const { mvcc } = applyKv(restoreMvcc(kv), kv, putOf("a", "1"), FILL, () => false);
    const found = (): unknown => range(mvcc, kv, rangeOf("a"));
    expect(found).toThrow("the index knows revision 2.0, the table does not");
  });
});

function booted(at: Bytes, row: Uint8Array): unknown {
  const kv = createMemoryKv();
  const write: KvWrite = { kind: "put", table: "keys", key: at, value: row };
  kv.perform([write]);
  return restoreMvcc(kv);
}
