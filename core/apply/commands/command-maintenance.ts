// The commands of the Maintenance service.

import type { NodeId } from "../../contract.ts";
import type { Alarm } from "../../api/request-maintenance.ts";
import type { Reader, Writer } from "../../lib/binary.ts";
import {
  readByte,
  readFixed64,
  readVarint,
  writeByte,
  writeFixed64,
  writeVarint,
} from "../../lib/binary.ts";
import type { ClusterVersion } from "../../lib/version.ts";
import { VERSION_NUMBER_MAX } from "../../lib/version.ts";
import { writeFlags } from "./command-fields.ts";
import type { Origin } from "./command.ts";
import type { Downgrade } from "../downgrade.ts";

export type MaintenanceCommand = Readonly<
  | { kind: "alarm"; origin: Origin; raised: boolean; alarm: Alarm } // or cleared
  | { kind: "downgrade"; origin: Origin; own: ClusterVersion; target: Downgrade } // null: no more
>;

export const MAINTENANCE_TAG = { alarm: 40, downgrade: 41 } as const;

export function writeMaintenance(writer: Writer, command: MaintenanceCommand): void {
  switch (command.kind) {
    case "alarm":
      writeByte(writer, MAINTENANCE_TAG.alarm);
      writeFlags(writer, command.raised, command.alarm.alarm === "corrupt");
      return writeFixed64(writer, command.alarm.memberId);
    case "downgrade":
      writeByte(writer, MAINTENANCE_TAG.downgrade);
      writeFlags(writer, command.target !== null);
      writeVersion(writer, command.own);
      if (command.target !== null) writeVersion(writer, command.target);
  }
}

export function readMaintenance(reader: Reader, origin: Origin): MaintenanceCommand {
  if (readByte(reader) === MAINTENANCE_TAG.alarm) return readAlarm(reader, origin);
  const hasTarget = readByte(reader) !== 0;
  const own = readVersion(reader);
  return { kind: "downgrade", origin, own, target: hasTarget ? readVersion(reader) : null };
}

function writeVersion(writer: Writer, { major, minor }: ClusterVersion): void {
  writeVarint(writer, major);
  writeVarint(writer, minor);
}

function readVersion(reader: Reader): ClusterVersion {
  const [major, minor] = [readVarint(reader), readVarint(reader)];
  if (major > VERSION_NUMBER_MAX || minor > VERSION_NUMBER_MAX) reader.failed = true;
  return { major, minor };
}

function readAlarm(reader: Reader, origin: Origin): MaintenanceCommand {
  const flags = readByte(reader);
  const alarm = (flags & 2) === 0 ? "no_space" : "corrupt";
  const memberId = readFixed64(reader) as NodeId;
  return { kind: "alarm", origin, raised: (flags & 1) !== 0, alarm: { memberId, alarm } };
}
