// What must hold before LMDB maps a store, for it answers to nothing but the kernel then: the file
// is sound (store-check.ts), and its lock file has the space that it needs. That one is mapped
// before anything is written to it, and where the disk is full the first write ends the process by
// SIGBUS. Nobody else has the store open: the member's directory is locked.

import * as fs from "node:fs";
import { join } from "node:path";
import { OperatorError } from "../causes.ts";
import { syncDirectory } from "./durable-file.ts";
import { findDamage } from "./store-check.ts";

/** What LMDB makes of it for lmdb-js's 126 readers, and some. */
const LOCK_BYTES = 16 * 1024;

export function prepareStore(directory: string): void {
  fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, "data.mdb");
  const reason = fs.existsSync(path) ? findDamage(path) : null;
  if (reason !== null) throw new OperatorError({ kind: "damaged", path, reason });
  makeLockFile(directory);
}

/** Of a store that LMDB has just made, which needs no look: at a large one it would take long. */
export function makeLockFile(directory: string): void {
  fs.writeFileSync(join(directory, "lock.mdb"), new Uint8Array(LOCK_BYTES), { mode: 0o600 });
}

/** LMDB does not sync the first pages of a new file: after a power cut they would be none. */
export function syncStore(directory: string): void {
  const descriptor = fs.openSync(join(directory, "data.mdb"), "r");
  fs.fsyncSync(descriptor);
  fs.closeSync(descriptor);
  syncDirectory(directory);
}
