// The fields that commands are made of, beyond core/lib/binary.ts.

import type { Bytes } from "../../contract.ts";
import type { Reader, Writer } from "../../lib/binary.ts";
import {
  readByteString,
  readVarint64,
  writeByte,
  writeVarint,
  writeVarint64,
} from "../../lib/binary.ts";

export function writeFlags(writer: Writer, ...flags: readonly boolean[]): void {
  writeByte(
    writer,
    flags.reduce((byte, flag, bit) => byte | (flag ? 1 << bit : 0), 0),
  );
}

/** A safe integer of either sign. */
export function writeSigned(writer: Writer, value: number): void {
  if (value >= 0) writeVarint(writer, value);
  else writeVarint64(writer, BigInt(value));
}

export function readSigned(reader: Reader): number {
  const value = Number(BigInt.asIntN(64, readVarint64(reader)));
  if (!Number.isSafeInteger(value)) reader.failed = true;
  return value;
}

export function readKey(reader: Reader): Bytes {
  return readByteString(reader);
}
