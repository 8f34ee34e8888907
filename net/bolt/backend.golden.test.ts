// Our tables as etcd's buckets and back again; and a file that a real etcd made.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type {
  Bytes,
  Index,
  KvReader,
  KvWrite,
  LeaseId,
  NodeId,
  Term,
} from "../../core/contract.ts";
import { putEnabled, putRevision, putRole, putUser } from "../../core/auth/records.ts";
import { restoreAuth } from "../../core/auth/store.ts";
import { putAlarm, readAlarms } from "../../core/apply/alarms.ts";
import type { Member } from "../../core/membership/membership.ts";
import { putMember, readMembership } from "../../core/membership/membership.ts";
import { createMemoryKv, type MemoryKv } from "../../core/kv/memory-kv.ts";
import { encodeKeyValue, putApplied, putCompaction, readCompaction } from "../../core/kv/tables.ts";
import { leasesIn, putLease } from "../../core/lease/lessor.ts";
import { ABOVE_ALL, EMPTY, fromBytes, fromText, quote } from "../../core/lib/bytes.ts";
import { hashKv } from "../../core/mvcc/hash/hash.ts";
import { encodeRowKey } from "../../core/mvcc/revision.ts";
import { restoreMvcc } from "../../core/mvcc/store.ts";
import { backendOf } from "./backend.ts";
import { openBolt, startReading } from "./reader.ts";
import { restoredWrites } from "./restore.ts";
import { boltOf, type Content, contentOf, fileOf, sourceOf } from "./testing.ts";

const MEMBERS: readonly Member[] = [
  {
    id: 0xabcn as NodeId,
    name: "one",
    peerUrls: ["http://a:1"],
    clientUrls: ["http://a:2"],
    isLearner: false,
  },
  { id: 0xf00dn as NodeId, name: "", peerUrls: ["http://b:1"], clientUrls: [], isLearner: false },
];
const NEW_MEMBERS: readonly Member[] = [
  { id: 7n as NodeId, name: "new", peerUrls: ["http://c:1"], clientUrls: [], isLearner: false },
];
const READ_A = { type: 0, key: "a" as Bytes, rangeEnd: "b" as Bytes };
const APPLIED = { index: 1 as Index, term: 1 as Term, voters: [7n as NodeId], learners: [] };
/** What that etcd itself says of its store. */
const HASH_KV_OF_ETCD = 1621652307;

describe("an etcd backend", () => {
  it("holds what the tables hold, in etcd's buckets and words", async () => {
    const opened = openBolt(sourceOf(fileOf(backendOf(exampleStore()))));
    if (!opened.ok) throw new Error(opened.error);
    const [content, trouble] = contentOf(opened.value);
    expect(trouble).toBe(null);
    const lines = content.flatMap(([name, pairs]) => [
      name,
      ...pairs.map(([key, value]) => `  ${quote(key)} = ${quote(fromBytes(value))}`),
    ]);
    await expect(lines.join("\n")).toMatchFileSnapshot("testdata/backend.txt");
  });

  it("gives the tables back: keys, hash, leases, alarms, users, roles and compaction, but new members", () => {
    const before = exampleStore();
    const restored = restore(fileOf(backendOf(before)), 0);
    expect([...restored.scan("keys", EMPTY, ABOVE_ALL)]).toEqual([
      ...before.scan("keys", EMPTY, ABOVE_ALL),
    ]);
    expect(hashOf(restored)).toBe(hashOf(before));
    expect([...leasesIn(restored)]).toEqual([...leasesIn(before)]);
    expect(readCompaction(restored)).toEqual(readCompaction(before));
    expect(readAlarms(restored)).toEqual(readAlarms(before));
    expect(restoreAuth(restored)).toEqual(restoreAuth(before));
    expect(readMembership(restored).members).toEqual(NEW_MEMBERS);
  });

  it("begins at a higher revision, with all history compacted, when it is bumped", () => {
    const mvcc = restoreMvcc(restore(fileOf(backendOf(exampleStore())), 1000));
    expect(mvcc.revision).toBe(1004);
    expect(mvcc.compaction).toEqual({ scheduled: 1004, finished: 2, next: "" });
  });

  it("can be one that etcd 3.4 has made", () => {
    const file = new Uint8Array(readFileSync(join(import.meta.dirname, "testdata/etcd-3.4.db")));
    const restored = restore(file, 0);
    const mvcc = restoreMvcc(restored);
    expect(mvcc.revision).toBe(7);
    expect(mvcc.compaction).toEqual({ scheduled: 4, finished: 4, next: "" });
    expect(hashOf(restored)).toBe(HASH_KV_OF_ETCD);
    const again = openBolt(sourceOf(fileOf(backendOf(restored))));
    const original = openBolt(sourceOf(file));
    if (!again.ok || !original.ok) throw new Error("what could be read cannot be read");
    const stays = ["alarm", "auth", "authRoles", "authUsers", "key", "lease"];
    const staying = ([name]: Content[0]): boolean => stays.includes(name);
    const expected = contentOf(original.value)[0].filter(staying);
    expect(contentOf(again.value)[0].filter(staying)).toEqual(expected);
  });

  it("is refused when its rows make no sense", () => {
    const store = exampleStore();
    const key = encodeRowKey({ main: 9, sub: 0, tombstone: false });
    store.perform([{ kind: "put", table: "keys", key, value: new Uint8Array([1, 2, 3]) }]);
    const opened = openBolt(sourceOf(fileOf(backendOf(store))));
    if (!opened.ok) throw new Error(opened.error);
    const reading = startReading(opened.value);
    const options = { members: NEW_MEMBERS, applied: APPLIED, bumpRevision: 0 };
    for (const write of restoredWrites(reading, options)) void write;
    expect(reading.trouble).toBe("the row of revision 9.0 cannot be read");
  });
});

describe("a name that is too long for a row's key", () => {
  it("ends a restore with a sentence", () => {
    const name = "r".repeat(1025) as Bytes;
    const value = encodedRole({ name, permissions: [] });
    const file = boltOf([["authRoles" as Bytes, [[name, value]]]]);
    const opened = openBolt(sourceOf(file));
    if (!opened.ok) throw new Error(opened.error);
    const reading = startReading(opened.value);
    const options = { members: NEW_MEMBERS, applied: APPLIED, bumpRevision: 0 };
    for (const write of restoredWrites(reading, options)) void write;
    expect(reading.trouble).toBe(
      "it holds a user or role whose name has 1025 bytes: names have at most 1024 here",
    );
  });
});

function encodedRole(role: Parameters<typeof putRole>[0]): Uint8Array {
  const write = putRole(role);
  return write.kind === "put" ? write.value : new Uint8Array(0);
}

function exampleStore(): MemoryKv {
  const kv = createMemoryKv();
  const applied = {
    index: 99 as Index,
    term: 3 as Term,
    voters: [0xabcn, 0xf00dn] as NodeId[],
    learners: [],
  };
  kv.perform([
    ...MEMBERS.map(putMember),
    putApplied(applied),
    putCompaction({ scheduled: 3, finished: 2, next: EMPTY }),
    putAlarm({ memberId: 0xf00dn as NodeId, alarm: "no_space" }),
    putAlarm({ memberId: 0xabcn as NodeId, alarm: "corrupt" }),
    putEnabled(true),
    putRevision(9),
    putUser({
      name: "u" as Bytes,
      hash: "$2a$" as Bytes,
      noPassword: false,
      roles: ["r" as Bytes],
    }),
    putRole({ name: "r" as Bytes, permissions: [READ_A] }),
    putLease({ id: 5n as LeaseId, ttlSeconds: 60, remainingSeconds: 7 }),
    putLease({ id: -5n as LeaseId, ttlSeconds: 61, remainingSeconds: 0 }),
    row(2, 0, "a", "one", 0n),
    row(2, 1, "b", "two", -5n),
    tombstone(4, 0, "a"),
  ]);
  return kv;
}

function row(main: number, sub: number, key: string, value: string, lease: bigint): KvWrite {
  const name = fromText(key);
  const bytes = new TextEncoder().encode(value);
  const kv = { createRevision: main, modRevision: main, version: 1, value: bytes, lease };
  const at = encodeRowKey({ main, sub, tombstone: false });
  return { kind: "put", table: "keys", key: at, value: encodeKeyValue({ key: name, ...kv }) };
}

function tombstone(main: number, sub: number, key: string): KvWrite {
  const nothing = { createRevision: 0, modRevision: 0, version: 0, lease: 0n };
  const kv = { key: key as Bytes, value: new Uint8Array(0), ...nothing };
  const at = encodeRowKey({ main, sub, tombstone: true });
  return { kind: "put", table: "keys", key: at, value: encodeKeyValue(kv) };
}

function restore(file: Uint8Array, bumpRevision: number): MemoryKv {
  const opened = openBolt(sourceOf(file));
  if (!opened.ok) throw new Error(opened.error);
  const reading = startReading(opened.value);
  const kv = createMemoryKv();
  const options = { members: NEW_MEMBERS, applied: APPLIED, bumpRevision };
  kv.perform([...restoredWrites(reading, options)]);
  expect(reading.trouble).toBe(null);
  return kv;
}

function hashOf(kv: KvReader): number {
  const mvcc = restoreMvcc(kv);
  return hashKv(mvcc, kv, mvcc.revision);
}
