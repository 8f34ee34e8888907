// Walks over a field that no table knows: what a newer client says is not an error. Groups, the old
// way to nest, are walked without recursion, so that their depth costs nothing but a number each.

import type { Reader } from "../../../core/lib/binary.ts";
import { readLength, readUint64 } from "./varint.ts";

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const GROUP_START = 3;
const GROUP_END = 4;
const FIXED32 = 5;

/** Reads on after `tag`. A malformed field fails the reader. */
export function skipField(reader: Reader, tag: number): void {
  const open: number[] = []; // numbers of the groups entered and not yet left
  skipOne(reader, tag, open);
  while (open.length > 0 && !reader.failed) skipOne(reader, readTag(reader), open);
}

/** A tag names a field from 1 to 2^29 - 1; any other fails the reader. */
export function readTag(reader: Reader): number {
  const tag = readUint64(reader);
  if (typeof tag === "number" && tag >= 8 && tag <= 0xffffffff) return tag;
  reader.failed = true;
  return 0;
}

function skipOne(reader: Reader, tag: number, open: number[]): void {
  const wire = tag % 8;
  const number = (tag - wire) / 8;
  if (wire === VARINT) readUint64(reader);
  else if (wire === FIXED64) skipBytes(reader, 8);
  else if (wire === LENGTH) skipBytes(reader, readLength(reader));
  else if (wire === FIXED32) skipBytes(reader, 4);
  else if (wire === GROUP_START) open.push(number);
  else if (wire !== GROUP_END || open.pop() !== number) reader.failed = true;
}

function skipBytes(reader: Reader, length: number): void {
  if (length > reader.end - reader.at) reader.failed = true;
  else reader.at += length;
}
