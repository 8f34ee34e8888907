// The other way: what our tables hold when a cluster begins from an etcd backend, of whatever
// release. The keys with their revisions stay, leases, alarms, users and roles; who the members are
// does not, for they are new ones of a new cluster.

import type { Bytes, KvWrite, LeaseId, NodeId, SnapshotMeta } from "../../core/contract.ts";
import type { Alarm } from "../../core/api/request-maintenance.ts";
import { putAlarm } from "../../core/apply/alarms.ts";
import { NAME_BYTES_MAX, readRecord, ROLE, USER } from "../../core/auth/records.ts";
import type { Member } from "../../core/membership/membership.ts";
import { putGenesis, putMember } from "../../core/membership/membership.ts";
import { STORE_VALUE_BYTES_MAX } from "../../core/kv/limits.ts";
import type { Compaction } from "../../core/kv/tables.ts";
import { decodeKeyValue, putApplied, putCompaction } from "../../core/kv/tables.ts";
import { type LeaseRecord, putLease } from "../../core/lease/lessor.ts";
import { atEnd, createReader, readByte, readVarint, readVarint64 } from "../../core/lib/binary.ts";
import { EMPTY, fromBytes, toBytes } from "../../core/lib/bytes.ts";
import { decodeRowKey, type RowKey } from "../../core/mvcc/revision.ts";
import { ALARM_TYPES, BUCKETS, META } from "./backend.ts";
import type { FoundBucket, Reading } from "./reader.ts";
import { bucketsIn } from "./reader.ts";

/** How the new cluster begins. */
export type Beginning = Readonly<{
  members: readonly Member[];
  applied: SnapshotMeta;
  /** Above 0: so many revisions more are as if they had been, and all history is compacted. */
  bumpRevision: number;
}>;

const ALARMS = ["no_space", "corrupt"] as const;

type Found = { revision: number; scheduled: number; finished: number };
type Pairs = FoundBucket["pairs"];

/** Everything that the store of each member holds at first. When `reading` has met trouble, what
 *  came must be thrown away. */
export function* restoredWrites(
  reading: Reading,
  { members, applied, bumpRevision }: Beginning,
): Generator<KvWrite, void> {
  const found: Found = { revision: 1, scheduled: -1, finished: -1 };
  for (const { name, pairs } of bucketsIn(reading)) yield* writesOf(reading, name, pairs, found);
  if (found.scheduled > found.revision) found.revision = found.scheduled;
  if (bumpRevision > 0) found.scheduled = found.revision + bumpRevision;
  if (found.scheduled >= 0) yield putCompaction(compactionOf(found));
  for (const member of members) yield putMember(member);
  yield putGenesis(members);
  yield putApplied(applied);
}

function* writesOf(
  reading: Reading,
  name: Bytes,
  pairs: Pairs,
  found: Found,
): Generator<KvWrite, void> {
  switch (name as string) {
    case BUCKETS.key:
      return yield* keyWrites(reading, pairs, found);
    case BUCKETS.alarm:
      return yield* alarmWrites(reading, pairs);
    case BUCKETS.auth:
      return yield* authWrites(reading, pairs, "");
    case BUCKETS.authRoles:
      return yield* authWrites(reading, pairs, ROLE);
    case BUCKETS.authUsers:
      return yield* authWrites(reading, pairs, USER);
    case BUCKETS.lease:
      return yield* leaseWrites(reading, pairs);
    case BUCKETS.meta:
      return readMeta(reading, pairs, found);
    default: // who the members were, and what the servers agreed on
      for (const pair of pairs) void pair;
  }
}

function* keyWrites(reading: Reading, pairs: Pairs, found: Found): Generator<KvWrite, void> {
  for (const [key, value] of pairs) {
    const row = decodeRowKey(key);
    if (row === null) return refuse(reading, "a key in its bucket of keys is no revision");
    found.revision = row.main;
    if (value.length === 0) {
      // The mark that a restore with --bump-revision leaves: all before it is compacted.
      found.scheduled = Math.max(found.scheduled, row.main);
      continue;
    }
    if (value.length > STORE_VALUE_BYTES_MAX) {
      return refuse(reading, `it holds a value of ${value.length} bytes, too many for any store`);
    }
    if (!isRow(row, value)) {
      return refuse(reading, `the row of revision ${row.main}.${row.sub} cannot be read`);
    }
    yield { kind: "put", table: "keys", key, value: value.slice() };
  }
}

function isRow(row: RowKey, value: Uint8Array): boolean {
  const kv = decodeKeyValue(value);
  if (kv === null) return false;
  return row.tombstone || (kv.modRevision === row.main && kv.createRevision <= row.main);
}

/** They stay in force, though of members that are no more, until somebody disarms them. */
function* alarmWrites(reading: Reading, pairs: Pairs): Generator<KvWrite, void> {
  for (const [key] of pairs) {
    const alarm = decodeAlarm(toBytes(key));
    if (alarm === null) return refuse(reading, "the record of an alarm cannot be read");
    yield putAlarm(alarm);
  }
}

/** etcdserverpb.AlarmMember */
function decodeAlarm(bytes: Uint8Array): Alarm | null {
  const reader = createReader(bytes);
  let memberId = 0n;
  let type = 0;
  while (!atEnd(reader)) {
    const tag = readByte(reader);
    if (tag === 8) memberId = readVarint64(reader);
    else if (tag === 16) type = readVarint(reader);
    else return null;
  }
  const alarm = ALARMS.find((known) => ALARM_TYPES[known] === type);
  return reader.failed || alarm === undefined ? null : { memberId: memberId as NodeId, alarm };
}

function* authWrites(reading: Reading, pairs: Pairs, prefix: string): Generator<KvWrite, void> {
  for (const [name, value] of pairs) {
    const key = (prefix + name) as Bytes;
    if (name.length > NAME_BYTES_MAX) {
      const what = `a user or role whose name has ${name.length} bytes`;
      return refuse(reading, `it holds ${what}: names have at most ${NAME_BYTES_MAX} here`);
    }
    if (value.length > STORE_VALUE_BYTES_MAX) {
      return refuse(reading, `it holds ${value.length} bytes of grants to one user or role`);
    }
    if (readRecord(key, value) === null) {
      return refuse(reading, "a record of its users and roles cannot be read");
    }
    yield { kind: "put", table: "auth", key, value: value.slice() };
  }
}

function* leaseWrites(reading: Reading, pairs: Pairs): Generator<KvWrite, void> {
  for (const [, value] of pairs) {
    const lease = decodeLease(value);
    if (lease === null) return refuse(reading, "the record of a lease cannot be read");
    yield putLease(lease);
  }
}

/** leasepb.Lease */
function decodeLease(bytes: Uint8Array): LeaseRecord | null {
  const reader = createReader(bytes);
  let id = 0n;
  let [ttlSeconds, remainingSeconds] = [0, 0];
  while (!atEnd(reader)) {
    const tag = readByte(reader);
    if (tag === 8) id = BigInt.asIntN(64, readVarint64(reader));
    else if (tag === 16) ttlSeconds = readVarint(reader);
    else if (tag === 24) remainingSeconds = readVarint(reader);
    else return null;
  }
  if (reader.failed || id === 0n) return null;
  return { id: id as LeaseId, ttlSeconds, remainingSeconds };
}

function readMeta(reading: Reading, pairs: Pairs, found: Found): void {
  for (const [key, value] of pairs) {
    const isScheduled = key === META.scheduled;
    if (!isScheduled && key !== META.finished) continue;
    const row = decodeRowKey(fromBytes(value));
    if (row === null) return refuse(reading, "how far it is compacted cannot be read");
    if (isScheduled) found.scheduled = Math.max(found.scheduled, row.main);
    else found.finished = row.main;
  }
}

function compactionOf({ scheduled, finished }: Found): Compaction {
  return { scheduled, finished, next: EMPTY };
}

function refuse(reading: Reading, reason: string): void {
  reading.trouble ??= reason;
}
