// One process per data directory: a lock of the file system on `member/lock`, held as long as the
// file is open. The kernel takes it back when its process ends, however it ends, and whoever shares
// the directory meets it, from another container too (within one machine; over NFS, where the
// server of the file system keeps locks). Node has none, so a native package gives it.
//
// The file says who holds it. That is for people: it outlives its process, the lock does not.

import * as fs from "node:fs";
import { createRequire } from "node:module";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Result } from "../../core/contract.ts";

export const LOCK_FILE = "lock";

export type Lock = Readonly<{ release: () => void }>;
export type LockRefusal = Readonly<
  | { kind: "held"; holder: string } // who, as far as it can be told
  | { kind: "impossible"; reason: string } // here nobody can lock anything
>;

type Addon = Readonly<{ tryLock: (descriptor: number) => boolean }>;

/** Errors of the file system itself, as of a full disk, are thrown. */
export function lockDirectory(directory: string): Result<Lock, LockRefusal> {
  const path = join(directory, LOCK_FILE);
  const descriptor = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600);
  const release = (): void => fs.closeSync(descriptor);
  const taken = tryLock(descriptor);
  if (taken.ok && taken.value) {
    tellHolder(descriptor);
    return { ok: true, value: { release } };
  }
  const holder = taken.ok ? fs.readFileSync(path, "utf8").trim() : "";
  release();
  if (!taken.ok) return { ok: false, error: { kind: "impossible", reason: taken.error } };
  return { ok: false, error: { kind: "held", holder: holder === "" ? "unknown" : holder } };
}

function tryLock(descriptor: number): Result<boolean, string> {
  try {
    // Required here and not imported above: where it has no binary, that is a sentence as well.
    const addon = createRequire(import.meta.url)("fs-native-extensions") as Addon;
    return { ok: true, value: addon.tryLock(descriptor) };
  } catch (error) {
    const [reason = ""] = (error as Error).message.split("\n");
    return { ok: false, error: reason };
  }
}

function tellHolder(descriptor: number): void {
  fs.ftruncateSync(descriptor, 0);
  fs.writeSync(descriptor, `process ${process.pid} on ${hostname()}\n`, 0);
}
