import { describe, expect, it } from "vitest";
import type { ClusterId, NodeId, Revision } from "../../contract.ts";
import { deleteOf, key, putOf, txnOf, value } from "../../api/testing.ts";
import { createMemoryKv, type MemoryKv } from "../../kv/memory-kv.ts";
import { encodeKeyValue } from "../../kv/tables.ts";
import { hashKv } from "./hash.ts";
import { encodeRowKey } from "../revision.ts";
import { type Mvcc, restoreMvcc } from "../store.ts";
import { applyKv } from "../txn/txn.ts";

const FILL = { clusterId: 1n as ClusterId, memberId: 1n as NodeId, raftTerm: 1 };

/** What etcd 3.4.23 answered to `etcdctl endpoint hashkv --rev …` after the same requests. */
const RECORDED = [
  1084519789, 3305255506, 1061314887, 502090532, 483635162, 1725433184, 3398823091, 2355574886,
];

/** Each row as "main sub, t where it is a tombstone, the bytes of the value in hexadecimal". */
const ROWS = [
  "2 0   0a03666f6f100218022001 2a03626172",
  "3 0   0a03666f6f100218032002",
  "4 0   0a03666f70100418042001 2a0178",
  "5 0   0a0161100518052001 2a0131",
  "5 1   0a0162100518052001 2a0132",
  "5 2 t 0a03666f70",
  "6 0 t 0a0161",
  "6 1 t 0a0162",
  "7 0   0a03666f6f100218072003 2a05616761696e",
  "8 0   0a066c6561736564100818082001 2a017a 30f9ffffffffffffffff01",
];

describe("the hash of the history", () => {
  it("is etcd's own at every revision", () => {
    const { mvcc, kv } = story();
    const hashes = RECORDED.map((_, at) => hashKv(mvcc, kv, at + 1));
    expect(hashes).toEqual(RECORDED);
  });

  it("holds no row below revision zero", () => {
    const { mvcc, kv } = story();
    expect([-1, -5].map((revision) => hashKv(mvcc, kv, revision))).toEqual(
      [-1, -5].map(() => slowCrc32c([...Buffer.from("key")])),
    );
  });

  it("is the checksum of the bucket's name and of all rows, computed bit by bit", () => {
    const { mvcc, kv } = story();
    for (let revision = 1; revision <= mvcc.revision; revision++) {
      const rows = ROWS.filter((row) => Number.parseInt(row, 10) <= revision);
      const bytes = [...Buffer.from("key"), ...rows.flatMap((row) => [...rowBytes(row)])];
      expect(hashKv(mvcc, kv, revision)).toBe(slowCrc32c(bytes));
    }
  });

  it("notices one changed byte in one old row", () => {
    const { mvcc, kv } = story();
    const rowKey = encodeRowKey({ main: 4, sub: 0, tombstone: false });
    const row = kv.get("keys", rowKey) ?? new Uint8Array(0);
    kv.perform([
      { kind: "put", table: "keys", key: rowKey, value: row.with(row.length - 1, 0x79) },
    ]);
    const hashes = RECORDED.map((_, at) => hashKv(mvcc, kv, at + 1));
    const differs = hashes.map((hash, at) => hash !== RECORDED[at]);
    expect(differs).toEqual([false, false, false, true, true, true, true, true]);
  });
});

function story(): { mvcc: Mvcc; kv: MemoryKv } {
  const kv = createMemoryKv();
  let mvcc = restoreMvcc(kv);
  for (const request of [
    putOf("foo", "bar"),
    putOf("foo", ""),
    putOf("fop", "x"),
    txnOf([], [putOf("a", "1"), putOf("b", "2"), deleteOf("fop")]),
    deleteOf("a", "c"),
    putOf("foo", "again"),
  ]) {
    const applied = applyKv(mvcc, kv, request, FILL, () => false);
    kv.perform(applied.writes);
    mvcc = applied.mvcc;
  }
  const leased = { key: key("leased"), value: value("z"), version: 1, lease: -7n };
  const row = encodeKeyValue({ ...leased, createRevision: 8, modRevision: 8 });
  const at = encodeRowKey({ main: 8, sub: 0, tombstone: false });
  kv.perform([{ kind: "put", table: "keys", key: at, value: row }]);
  return { mvcc: { ...mvcc, revision: 8 as Revision }, kv };
}

function rowBytes(row: string): Uint8Array {
  const [main = "", sub = "", ...rest] = row.split(/ +/);
  const tombstone = rest[0] === "t";
  const head = Buffer.alloc(tombstone ? 18 : 17, tombstone ? "t" : "");
  head.writeBigUInt64BE(BigInt(main), 0);
  head.write("_", 8);
  head.writeBigUInt64BE(BigInt(sub), 9);
  return Buffer.concat([head, Buffer.from(rest.slice(tombstone ? 1 : 0).join(""), "hex")]);
}

function slowCrc32c(bytes: readonly number[]): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}
