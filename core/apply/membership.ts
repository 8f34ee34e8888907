// Who belongs to the cluster. Replicated: changed by applied entries only, kept in the "members"
// table.

import type { Bytes, KvReader, KvWrite, NodeId } from "../contract.ts";
import { must } from "../lib/assert.ts";
import {
  createReader,
  createWriter,
  readFixed64,
  readText,
  readVarint,
  writeFixed64,
  writeText,
  writeVarint,
  written,
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
}>;

/** Ascending by id, as every replica keeps them. */
export function sortedMembers(members: readonly Member[]): readonly Member[] {
  return members.toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

export function putMember(member: Member): KvWrite {
  const writer = createWriter(128);
  writeFixed64(writer, member.id);
  writeText(writer, member.name);
  writeTexts(writer, member.peerUrls);
  writeTexts(writer, member.clientUrls);
  return { kind: "put", table: "members", key: memberKey(member.id), value: written(writer) };
}

export function readMembers(view: KvReader): readonly Member[] {
  const members: Member[] = [];
  for (const [key, value] of view.scan("members", EMPTY, ABOVE_ALL)) {
    members.push(must(decodeMember(value), `the record of member ${key} cannot be read`));
  }
  return sortedMembers(members);
}

function memberKey(id: NodeId): Bytes {
  return id.toString(16).padStart(16, "0") as Bytes;
}

function decodeMember(bytes: Uint8Array): Member | null {
  const reader = createReader(bytes);
  const id = readFixed64(reader) as NodeId;
  const name = readText(reader);
  const peerUrls = readTexts(reader);
  const clientUrls = readTexts(reader);
  return reader.failed ? null : { id, name, peerUrls, clientUrls };
}

function writeTexts(writer: Writer, texts: readonly string[]): void {
  writeVarint(writer, texts.length);
  for (const text of texts) writeText(writer, text);
}

function readTexts(reader: Reader): readonly string[] {
  const count = readVarint(reader);
  const texts: string[] = [];
  while (texts.length < count && !reader.failed) texts.push(readText(reader));
  return texts;
}
