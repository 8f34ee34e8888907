// Who belongs to the cluster, and who did. Replicated: changed by applied entries only, kept in the
// "members" table.
//
//   members   id, in hex → the member; of one that was removed: its id alone, for ever
//   meta      "genesis" → the members of the cluster when it was new, for those who join later

import type { Bytes, KvReader, KvWrite, NodeId } from "../contract.ts";
import { must } from "../lib/assert.ts";
import {
  atEnd,
  createReader,
  encoded,
  readByte,
  readFixed64,
  readList,
  readText,
  writeByte,
  writeFixed64,
  writeList,
  writeText,
} from "../lib/binary.ts";
import type { Reader, Writer } from "../lib/binary.ts";
import { ABOVE_ALL, EMPTY } from "../lib/bytes.ts";

/** A member as etcd's Cluster service shows it. One that never started has no name and no client
 *  URL. */
export type Member = Readonly<{
  id: NodeId;
  name: string;
  peerUrls: readonly string[];
  clientUrls: readonly string[];
  isLearner: boolean; // it gets the log, and neither votes nor counts
}>;

export type Membership = Readonly<{
  members: readonly Member[]; // sorted by id
  removed: readonly NodeId[]; // sorted: whoever was removed never comes back under this id
}>;

const GENESIS = "genesis" as Bytes;
const ID_BYTES = 8;

/** Ascending by id, as every replica keeps them. */
export function sortedMembers(members: readonly Member[]): readonly Member[] {
  return members.toSorted((a, b) => byId(a.id, b.id));
}

/** As Raft counts them. */
export function configurationOf(
  members: readonly Member[],
): Readonly<{ voters: readonly NodeId[]; learners: readonly NodeId[] }> {
  return {
    voters: members.filter((member) => !member.isLearner).map((member) => member.id),
    learners: members.filter((member) => member.isLearner).map((member) => member.id),
  };
}

export function findMember(members: readonly Member[], id: NodeId): Member | null {
  return members.find((member) => member.id === id) ?? null;
}

export function withMember({ members, removed }: Membership, member: Member): Membership {
  const others = members.filter((other) => other.id !== member.id);
  return { members: sortedMembers([...others, member]), removed };
}

export function withoutMember({ members, removed }: Membership, id: NodeId): Membership {
  return {
    members: members.filter((member) => member.id !== id),
    removed: [...removed, id].toSorted(byId),
  };
}

export function putMember(member: Member): KvWrite {
  const value = encoded((writer) => writeMember(writer, member));
  return { kind: "put", table: "members", key: memberKey(member.id), value };
}

/** What stays of a member that was removed. */
export function putRemoved(id: NodeId): KvWrite {
  const value = encoded((writer) => writeFixed64(writer, id));
  return { kind: "put", table: "members", key: memberKey(id), value };
}

export function readMembership(view: KvReader): Membership {
  const members: Member[] = [];
  const removed: NodeId[] = [];
  for (const [key, value] of view.scan("members", EMPTY, ABOVE_ALL)) {
    const reader = createReader(value);
    if (value.length === ID_BYTES) removed.push(readFixed64(reader) as NodeId);
    else members.push(readMember(reader));
    must(reader.failed || !atEnd(reader) ? null : value, `the record of member ${key} is damaged`);
  }
  return { members: sortedMembers(members), removed: removed.toSorted(byId) };
}

export function putGenesis(members: readonly Member[]): KvWrite {
  const value = encoded((writer) => writeMembers(writer, members));
  return { kind: "put", table: "meta", key: GENESIS, value };
}

export function readGenesis(view: KvReader): readonly Member[] {
  const reader = createReader(must(view.get("meta", GENESIS), "a cluster had first members"));
  const members = readMembers(reader);
  must(reader.failed ? null : members, "the record of the first members cannot be read");
  return members;
}

export function writeMembers(writer: Writer, members: readonly Member[]): void {
  writeList(writer, members, writeMember);
}

export function readMembers(reader: Reader): readonly Member[] {
  return readList(reader, readMember);
}

function writeMember(writer: Writer, member: Member): void {
  writeFixed64(writer, member.id);
  writeText(writer, member.name);
  writeList(writer, member.peerUrls, writeText);
  writeList(writer, member.clientUrls, writeText);
  writeByte(writer, member.isLearner ? 1 : 0);
}

function readMember(reader: Reader): Member {
  const id = readFixed64(reader) as NodeId;
  const name = readText(reader);
  const peerUrls = readList(reader, readText);
  const clientUrls = readList(reader, readText);
  return { id, name, peerUrls, clientUrls, isLearner: readByte(reader) === 1 };
}

function memberKey(id: NodeId): Bytes {
  return id.toString(16).padStart(16, "0") as Bytes;
}

function byId(a: NodeId, b: NodeId): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
