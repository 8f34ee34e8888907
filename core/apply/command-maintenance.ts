// The commands of the Maintenance service.

import type { NodeId } from "../contract.ts";
import type { Alarm } from "../api/request-maintenance.ts";
import type { Reader, Writer } from "../lib/binary.ts";
import { readByte, readFixed64, writeByte, writeFixed64 } from "../lib/binary.ts";
import { writeFlags } from "./command-fields.ts";
import type { Origin } from "./command.ts";

export type MaintenanceCommand = Readonly<{
  kind: "alarm";
  origin: Origin;
  raised: boolean; // or cleared
  alarm: Alarm;
}>;

export const MAINTENANCE_TAG = { alarm: 40 } as const;

export function writeMaintenance(writer: Writer, { raised, alarm }: MaintenanceCommand): void {
  writeByte(writer, MAINTENANCE_TAG.alarm);
  writeFlags(writer, raised, alarm.alarm === "corrupt");
  writeFixed64(writer, alarm.memberId);
}

export function readMaintenance(reader: Reader, origin: Origin): MaintenanceCommand {
  readByte(reader);
  const flags = readByte(reader);
  const alarm = (flags & 2) === 0 ? "no_space" : "corrupt";
  const memberId = readFixed64(reader) as NodeId;
  return { kind: "alarm", origin, raised: (flags & 1) !== 0, alarm: { memberId, alarm } };
}
