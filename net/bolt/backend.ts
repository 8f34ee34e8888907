// The buckets of an etcd backend, made from our tables, so that etcd's own tools and servers read
// what we give them.
//
//   key              revision → mvccpb.KeyValue: the table "keys" as it is
//   meta             consistent_index, term, confState; how far history is compacted
//   lease            id, 8 bytes → leasepb.Lease
//   members          id in hex → JSON; members_removed likewise
//   cluster          nothing: who begins from this file agrees on a version anew, be it an old one
//   alarm, auth, authRoles, authUsers

import type { Bytes, KvReader } from "../../core/contract.ts";
import { readAlarms } from "../../core/apply/alarms.ts";
import { ROLE, USER } from "../../core/auth/records.ts";
import type { Member } from "../../core/membership/membership.ts";
import { readMembership } from "../../core/membership/membership.ts";
import { STORAGE_VERSION } from "../../core/services/maintenance/backups.ts";
import { readApplied, readCompaction } from "../../core/kv/tables.ts";
import { leasesIn, type LeaseRecord } from "../../core/lease/lessor.ts";
import { encoded, writeByte, writeVarint, writeVarint64 } from "../../core/lib/binary.ts";
import { ABOVE_ALL, EMPTY, fromBytes, fromText, prefixEnd, toBytes } from "../../core/lib/bytes.ts";
import { encodeRowKey } from "../../core/mvcc/revision.ts";
import type { Bucket } from "./writer.ts";

type Pair = readonly [key: Bytes, value: Uint8Array];

export const BUCKETS = {
  alarm: "alarm",
  auth: "auth",
  authRoles: "authRoles",
  authUsers: "authUsers",
  cluster: "cluster",
  key: "key",
  lease: "lease",
  members: "members",
  membersRemoved: "members_removed",
  meta: "meta",
} as const;

/** The keys of the bucket "meta". */
export const META = {
  confState: "confState",
  index: "consistent_index",
  finished: "finishedCompactRev",
  scheduled: "scheduledCompactRev",
  storageVersion: "storageVersion",
  term: "term",
} as const;
/** etcdserverpb.AlarmType */
export const ALARM_TYPES = { no_space: 1, corrupt: 2 } as const;

/** In the order of their names. `view` must stay as it is while they are read. */
export function backendOf(view: KvReader): readonly Bucket[] {
  return [
    bucket(BUCKETS.alarm, () => alarmPairs(view)),
    bucket(BUCKETS.auth, () => authPairs(view)),
    bucket(BUCKETS.authRoles, () => namedPairs(view, ROLE)),
    bucket(BUCKETS.authUsers, () => namedPairs(view, USER)),
    bucket(BUCKETS.cluster, noPairs),
    bucket(BUCKETS.key, () => view.scan("keys", EMPTY, ABOVE_ALL)),
    bucket(BUCKETS.lease, () => leasePairs(view)),
    bucket(BUCKETS.members, () => memberPairs(view)),
    bucket(BUCKETS.membersRemoved, () => removedPairs(view)),
    bucket(BUCKETS.meta, () => metaPairs(view)),
  ];
}

function noPairs(): readonly Pair[] {
  return [];
}

function bucket(name: string, pairs: Bucket["pairs"]): Bucket {
  return { name: name as Bytes, pairs };
}

/** etcdserverpb.AlarmMember is the key; there is nothing else to say. */
function alarmPairs(view: KvReader): readonly Pair[] {
  return readAlarms(view)
    .map(({ memberId, alarm }) => {
      const key = encoded((writer) => {
        writeByte(writer, 8);
        writeVarint64(writer, memberId);
        writeByte(writer, 16);
        writeVarint(writer, ALARM_TYPES[alarm]);
      });
      return [fromBytes(key), new Uint8Array(0)] as const;
    })
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** The rows of "auth" are etcd's own bytes; etcd has users and roles apart. */
function* authPairs(view: KvReader): Generator<Pair, void> {
  for (const [key, value] of view.scan("auth", EMPTY, ABOVE_ALL)) {
    if (!key.startsWith(USER) && !key.startsWith(ROLE)) yield [key, value];
  }
}

function* namedPairs(view: KvReader, prefix: string): Generator<Pair, void> {
  const from = prefix as Bytes;
  const to = prefixEnd(from) ?? ABOVE_ALL;
  for (const [key, value] of view.scan("auth", from, to)) {
    yield [key.slice(prefix.length) as Bytes, value];
  }
}

/** etcd's order is that of the unsigned ids, ours that of the signed ones. */
function* leasePairs(view: KvReader): Generator<Pair, void> {
  for (const isNegative of [false, true]) {
    for (const lease of leasesIn(view)) {
      if (lease.id < 0n === isNegative) yield [bigEndian(lease.id), encodeLease(lease)];
    }
  }
}

/** leasepb.Lease */
function encodeLease({ id, ttlSeconds, remainingSeconds }: LeaseRecord): Uint8Array {
  return encoded((writer) => {
    writeByte(writer, 8);
    writeVarint64(writer, id);
    writeByte(writer, 16);
    writeVarint(writer, ttlSeconds);
    if (remainingSeconds > 0) {
      writeByte(writer, 24);
      writeVarint(writer, remainingSeconds);
    }
  });
}

function memberPairs(view: KvReader): readonly Pair[] {
  return readMembership(view)
    .members.map((member) => pair(member.id.toString(16), text(memberJson(member))))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function removedPairs(view: KvReader): readonly Pair[] {
  return readMembership(view)
    .removed.map((id) => pair(id.toString(16), text("removed")))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** As Go marshals it: what is empty is left out, and the id is a number, which JavaScript's JSON
 *  could not hold. */
function memberJson({ id, name, peerUrls, clientUrls, isLearner }: Member): string {
  const fields = [`"id":${id}`, `"peerURLs":${JSON.stringify(peerUrls)}`];
  if (isLearner) fields.push('"isLearner":true');
  if (name !== "") fields.push(`"name":${JSON.stringify(name)}`);
  if (clientUrls.length > 0) fields.push(`"clientURLs":${JSON.stringify(clientUrls)}`);
  return `{${fields.join(",")}}`;
}

/** In the order of the keys. */
function metaPairs(view: KvReader): readonly Pair[] {
  const { index, term, voters, learners } = readApplied(view);
  const { scheduled, finished } = readCompaction(view);
  const learning = learners.length > 0 ? `"learners":[${learners.join(",")}],` : "";
  const confState = `{"voters":[${voters.join(",")}],${learning}"auto_leave":false}`;
  return [
    pair(META.confState, text(confState)),
    pair(META.index, toBytes(bigEndian(BigInt(index)))),
    ...(finished < 0 ? [] : [pair(META.finished, revisionBytes(finished))]),
    ...(scheduled < 0 ? [] : [pair(META.scheduled, revisionBytes(scheduled))]),
    pair(META.storageVersion, text(STORAGE_VERSION)),
    pair(META.term, toBytes(bigEndian(BigInt(term)))),
  ];
}

function revisionBytes(main: number): Uint8Array {
  return toBytes(encodeRowKey({ main, sub: 0, tombstone: false }));
}

/** Eight bytes. */
function bigEndian(value: bigint): Bytes {
  let bytes = "";
  for (let shift = 56n; shift >= 0n; shift -= 8n) {
    bytes += String.fromCharCode(Number((value >> shift) & 0xffn));
  }
  return bytes as Bytes;
}

function pair(key: string, value: Uint8Array): Pair {
  return [key as Bytes, value];
}

function text(words: string): Uint8Array {
  return toBytes(fromText(words));
}
