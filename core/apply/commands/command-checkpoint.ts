// What leases have left, as the leader knows it: so that a change of leader does not give each its
// whole time again.

import type { LeaseId } from "../../contract.ts";
import type { Reader, Writer } from "../../lib/binary.ts";
import {
  readByte,
  readList,
  readVarint,
  readVarint64,
  writeByte,
  writeList,
  writeVarint,
  writeVarint64,
} from "../../lib/binary.ts";
import type { Origin } from "./command.ts";

export type CheckpointCommand = Readonly<{
  kind: "lease_checkpoint";
  origin: Origin;
  checkpoints: readonly Checkpoint[];
}>;
/** Zero: the whole time, for the lease was renewed. */
export type Checkpoint = Readonly<{ id: LeaseId; remainingSeconds: number }>;

export const CHECKPOINT_TAG = 60;

export function writeCheckpoint(writer: Writer, { checkpoints }: CheckpointCommand): void {
  writeByte(writer, CHECKPOINT_TAG);
  writeList(writer, checkpoints, (to, { id, remainingSeconds }) => {
    writeVarint64(to, id);
    writeVarint(to, remainingSeconds);
  });
}

export function readCheckpoint(reader: Reader, origin: Origin): CheckpointCommand {
  readByte(reader);
  const checkpoints = readList(reader, (from): Checkpoint => {
    const id = BigInt.asIntN(64, readVarint64(from)) as LeaseId;
    return { id, remainingSeconds: readVarint(from) };
  });
  return { kind: "lease_checkpoint", origin, checkpoints };
}
