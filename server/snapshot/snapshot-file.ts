// A snapshot file on disk: opened only when its pages and its hash are sound.

import { createHash } from "node:crypto";
import * as fs from "node:fs";
import type { Result } from "../../core/contract.ts";
import { DIGEST_BYTES } from "../../net/bolt/pieces.ts";
import { type Bolt, openBolt } from "../../net/bolt/reader.ts";

export type SnapshotFile = Readonly<{
  bolt: Bolt;
  hasDigest: boolean; // a copy of a database has none
  close: () => void;
}>;

const SECTOR_BYTES = 512;
const CHUNK_BYTES = 1024 * 1024;

/** Its size tells, as in etcd, whether a hash follows the pages. */
export function hasDigest(sizeBytes: number): boolean {
  return sizeBytes % SECTOR_BYTES === DIGEST_BYTES;
}

/** An error is a sentence. */
export function openSnapshotFile(path: string, checksHash: boolean): Result<SnapshotFile, string> {
  try {
    const descriptor = fs.openSync(path, "r");
    const opened = open(descriptor, path, checksHash);
    if (!opened.ok) fs.closeSync(descriptor);
    return opened;
  } catch (error) {
    return failed(`cannot read ${path}: ${(error as Error).message}`);
  }
}

function open(descriptor: number, path: string, checksHash: boolean): Result<SnapshotFile, string> {
  const { size } = fs.fstatSync(descriptor);
  const isHashed = hasDigest(size);
  const sizeBytes = isHashed ? size - DIGEST_BYTES : size;
  if (isHashed && checksHash) {
    const expected = readAt(descriptor, sizeBytes, DIGEST_BYTES).toString("hex");
    const found = digestOf(descriptor, sizeBytes);
    if (found !== expected) {
      const what = `expected sha256 ${expected}, got ${found}`;
      return failed(`${what}: ${path} was altered or cut short, use another snapshot`);
    }
  }
  const read = (at: number, length: number): Uint8Array => {
    return readAt(descriptor, at, Math.max(0, Math.min(length, sizeBytes - at)));
  };
  const bolt = openBolt({ sizeBytes, read });
  if (!bolt.ok) return failed(`${path} is no usable snapshot: ${bolt.error}`);
  const close = (): void => fs.closeSync(descriptor);
  return { ok: true, value: { bolt: bolt.value, hasDigest: isHashed, close } };
}

function digestOf(descriptor: number, sizeBytes: number): string {
  const hash = createHash("sha256");
  for (let at = 0; at < sizeBytes; at += CHUNK_BYTES) {
    hash.update(readAt(descriptor, at, Math.min(CHUNK_BYTES, sizeBytes - at)));
  }
  return hash.digest("hex");
}

/** Fewer bytes at the end of the file. */
function readAt(descriptor: number, at: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let count = 0;
  while (count < length) {
    const read = fs.readSync(descriptor, bytes, count, length - count, at + count);
    if (read === 0) break;
    count += read;
  }
  return bytes.subarray(0, count);
}

function failed(error: string): Result<never, string> {
  return { ok: false, error };
}
