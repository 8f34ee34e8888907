// `detcd snapshot restore`: a data directory for one member of a new cluster, made of a snapshot of
// an old one, be it detcd's or etcd's. Every member of the new cluster is restored from the same
// file; then all of them begin with the same first entry, whose outcome is what the file holds.
//
// The directory is made under another name and gets its own when it is whole.

import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { configurationOf } from "../../core/membership/membership.ts";
import { DEFAULT_LIMITS } from "../../core/config.ts";
import type { DiskToken, Index, KvWrite, SnapshotMeta, Term } from "../../core/contract.ts";
import { restoreStore } from "../../core/apply/apply.ts";
import { AssertionError } from "../../core/lib/assert.ts";
import { createWal, NO_HARD_STATE, resetWal } from "../../core/storage/wal.ts";
import { startReading } from "../../net/bolt/reader.ts";
import { restoredWrites } from "../../net/bolt/restore.ts";
import { createDial, STRANGERS } from "../../net/socket/dial.ts";
import { type DataDirectory, type Identity, openDataDirectory } from "../start/boot.ts";
import { WalDisk } from "../storage/disk.ts";
import { syncDirectory } from "../storage/durable-file.ts";
import type { Flags } from "../start/flags/table.ts";
import { KvStore } from "../storage/kv-store.ts";
import type { Log } from "../observe/log.ts";
import { openSnapshotFile, type SnapshotFile } from "./snapshot-file.ts";

export type RestoreOptions = Readonly<{
  path: string;
  flags: Flags; // whose directory it is: the --initial-… ones and the name
  skipHashCheck: boolean;
  bumpRevision: number;
  log: Log;
}>;

const FIRST = { index: 1 as Index, term: 1 as Term };
const BATCH_BYTES = 4 * 1024 * 1024;
const WRITE_BYTES = 64; // what a write costs besides its value

/** Null, or what is wrong, in a sentence; then there is no directory. */
export async function restoreSnapshot(options: RestoreOptions): Promise<string | null> {
  const { path, flags, skipHashCheck } = options;
  const directory = flags["data-dir"];
  const part = `${directory}.part`;
  try {
    if (isUsed(directory)) {
      return `data-dir ${JSON.stringify(directory)} not empty or could not be read`;
    }
    if (isUsed(flags["wal-dir"])) {
      return `wal-dir ${JSON.stringify(flags["wal-dir"])} not empty or could not be read`;
    }
    const file = openSnapshotFile(path, !skipHashCheck);
    if (!file.ok) return file.error;
    try {
      if (!file.value.hasDigest && !skipHashCheck) {
        const advice = "if it was copied from a data directory, give --skip-hash-check";
        return `snapshot missing hash but --skip-hash-check=false: ${advice}`;
      }
      fs.rmSync(part, { recursive: true, force: true });
      const wrong = await restoreInto(part, file.value, options);
      if (wrong !== null) {
        if (flags["wal-dir"] !== "") empty(flags["wal-dir"]);
        return wrong;
      }
    } finally {
      file.value.close();
    }
    fs.renameSync(part, directory);
    syncDirectory(dirname(directory));
    return null;
  } catch (error) {
    return `cannot restore into ${directory}: ${(error as Error).message}`;
  } finally {
    fs.rmSync(part, { recursive: true, force: true });
  }
}

function isUsed(directory: string): boolean {
  return fs.existsSync(directory) && fs.readdirSync(directory).length > 0;
}

/** Of a log for which there is no store. */
function empty(directory: string): void {
  for (const name of fs.readdirSync(directory)) fs.rmSync(join(directory, name));
}

async function restoreInto(
  part: string,
  file: SnapshotFile,
  { path, flags, bumpRevision, log }: RestoreOptions,
): Promise<string | null> {
  const directed = { ...flags, "data-dir": part };
  const nobody = createDial(STRANGERS); // a new cluster has nobody to ask
  const opened = await openDataDirectory(directed, new Set(), nobody, log);
  if (!opened.ok) return opened.error;
  const directory = opened.value;
  try {
    const { members } = directory.identity;
    const configuration = configurationOf(members);
    const reading = startReading(file.bolt);
    const beginning = { members, applied: { ...FIRST, ...configuration }, bumpRevision };
    await writeStore(directory, restoredWrites(reading, beginning), beginning.applied);
    if (reading.trouble !== null) return `cannot restore ${path}: ${reading.trouble}`;
    await writeLog(directory);
    syncDirectory(join(directory.memberDirectory, ".."));
    return null;
  } finally {
    directory.release();
  }
}

/** Rejects when the disk does, or when the rows cannot be what a store of etcd held. */
async function writeStore(
  { memberDirectory }: DataDirectory,
  writes: Iterable<KvWrite>,
  { index }: SnapshotMeta,
): Promise<void> {
  let failure: Error | null = null;
  const onFailure = (error: Error): void => void (failure ??= error);
  const store = new KvStore(memberDirectory, { onDone: () => undefined, onFailure });
  try {
    let batch: KvWrite[] = [];
    let bytes = 0;
    const flush = async (): Promise<void> => {
      store.apply(index, batch);
      await store.idle();
      if (failure !== null) throw failure;
      [batch, bytes] = [[], 0];
    };
    for (const write of writes) {
      batch.push(write);
      bytes += WRITE_BYTES + (write.kind === "put" ? write.value.length : 0);
      if (bytes >= BATCH_BYTES) await flush();
    }
    await flush();
    restoreStore(store.reader);
  } catch (error) {
    if (!(error instanceof AssertionError)) throw error;
    throw new Error(`its rows contradict each other: ${error.message}`, { cause: error });
  } finally {
    await store.close();
  }
}

/** A log that begins behind the first entry, which is in the store. */
async function writeLog({ walDirectory, identity }: DataDirectory): Promise<void> {
  let failure: Error | null = null;
  const onFailure = (error: Error): void => void (failure ??= error);
  const disk = new WalDisk(walDirectory, { onDone: () => undefined, onFailure });
  const created = createWal(walIdentityOf(identity), DEFAULT_LIMITS.segmentBytes);
  const hard = { ...NO_HARD_STATE, term: FIRST.term, commit: FIRST.index };
  const reset = resetWal(created.wal, FIRST, hard);
  disk.perform(1 as DiskToken, [...created.ops, ...reset.ops]);
  await disk.close();
  if (failure !== null) throw failure;
}

function walIdentityOf({ cluster, member }: Identity): Parameters<typeof createWal>[0] {
  return { cluster, node: member };
}
