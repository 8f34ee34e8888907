// Commands that change who belongs to the cluster. Raft must know them without reading them, so
// they have a first byte of their own (core/raft/changes.ts).

import type { NodeId } from "../../contract.ts";
import type { Reader, Writer } from "../../lib/binary.ts";
import {
  readByte,
  readFixed64,
  readList,
  readText,
  writeByte,
  writeFixed64,
  writeList,
  writeText,
} from "../../lib/binary.ts";
import type { Origin } from "./command.ts";
import { writeFlags } from "./command-fields.ts";

export type MembershipCommand = Readonly<
  | {
      kind: "member_add";
      origin: Origin;
      member: NodeId;
      peerUrls: readonly string[];
      isLearner: boolean;
    }
  | { kind: "member_remove"; origin: Origin; member: NodeId }
  | { kind: "member_update"; origin: Origin; member: NodeId; peerUrls: readonly string[] }
  | { kind: "member_promote"; origin: Origin; member: NodeId }
>;

const TAG = { member_add: 50, member_remove: 51, member_update: 52, member_promote: 53 } as const;

export function isMembershipCommand(command: { kind: string }): command is MembershipCommand {
  return command.kind in TAG;
}

export function writeMembershipCommand(writer: Writer, command: MembershipCommand): void {
  writeByte(writer, TAG[command.kind]);
  writeFixed64(writer, command.member);
  if (command.kind === "member_add") writeFlags(writer, command.isLearner);
  if (command.kind === "member_add" || command.kind === "member_update") {
    writeList(writer, command.peerUrls, writeText);
  }
}

/** Null: no such command. */
export function readMembershipCommand(reader: Reader, origin: Origin): MembershipCommand | null {
  const tag = readByte(reader);
  const member = readFixed64(reader) as NodeId;
  switch (tag) {
    case TAG.member_add: {
      const isLearner = (readByte(reader) & 1) !== 0;
      const peerUrls = readList(reader, readText);
      return { kind: "member_add", origin, member, peerUrls, isLearner };
    }
    case TAG.member_remove:
      return { kind: "member_remove", origin, member };
    case TAG.member_update:
      return { kind: "member_update", origin, member, peerUrls: readList(reader, readText) };
    case TAG.member_promote:
      return { kind: "member_promote", origin, member };
    default:
      return null;
  }
}
