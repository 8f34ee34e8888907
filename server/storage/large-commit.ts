// A batch of a hundred thousand writes takes LMDB's bindings a second of the thread that hands them
// over, and a member that does nothing else for so long misses its heartbeats. So it is committed
// by a thread that lives for it: packed here, some thousand writes in each turn of the event loop,
// and written there in one transaction. It is durable as a whole, or not there.

import { setImmediate } from "node:timers/promises";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type { KvWrite } from "../../core/contract.ts";
import { assertStorable } from "../../core/kv/limits.ts";
import { openDatabase, storedKey } from "./lmdb-open.ts";

const LARGE_WRITES = 5000;
const PACKED_AT_ONCE = 1000;
const HEAD_BYTES = 9; // what it does, the length of its key and that of its value
const [PUT, DELETE] = [1, 2];
const ROLE = "detcd large commit";

type Order = Readonly<{ role: string; directory: string }>;
type Told = Readonly<{ error: Error | null }>;

/** Whether handing it over would take long. */
export function isLarge(writes: readonly KvWrite[]): boolean {
  return writes.length > LARGE_WRITES;
}

/** Nobody else may write meanwhile. Rejects with LMDB's error, and then nothing was written. */
export async function commitLarge(directory: string, writes: readonly KvWrite[]): Promise<void> {
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { role: ROLE, directory } satisfies Order,
    execArgv: [],
  });
  const told = Promise.withResolvers<Told>();
  worker.once("message", told.resolve);
  worker.once("error", told.reject);
  told.promise.catch(() => undefined); // it is heard of below
  try {
    for (let from = 0; from < writes.length; from += PACKED_AT_ONCE) {
      const packed = pack(writes.slice(from, from + PACKED_AT_ONCE));
      worker.postMessage(packed, [packed.buffer]);
      await setImmediate();
    }
    worker.postMessage(null);
    const { error } = await told.promise;
    if (error !== null) throw error;
  } finally {
    await worker.terminate();
  }
}

function pack(writes: readonly KvWrite[]): Uint8Array<ArrayBuffer> {
  let bytes = 0;
  for (const write of writes) {
    assertStorable(write);
    bytes += HEAD_BYTES + storedKey(write.table, write.key).length;
    if (write.kind === "put") bytes += write.value.length;
  }
  const packed = Buffer.from(new ArrayBuffer(bytes));
  let at = 0;
  for (const write of writes) {
    const key = storedKey(write.table, write.key);
    at = packed.writeUInt8(write.kind === "put" ? PUT : DELETE, at);
    at = packed.writeUInt32LE(key.length, at);
    at = packed.writeUInt32LE(write.kind === "put" ? write.value.length : 0, at);
    at += packed.write(key, at, "latin1");
    if (write.kind === "delete") continue;
    packed.set(write.value, at);
    at += write.value.length;
  }
  return packed;
}

function commit(directory: string, pieces: readonly Uint8Array[]): void {
  const database = openDatabase(directory);
  // One that throws leaves nothing: what it had done is undone with it.
  database.transactionSync(() => {
    for (const { buffer, byteOffset, length } of pieces) {
      const packed = Buffer.from(buffer, byteOffset, length);
      for (let at = 0; at < length;) {
        const kind = packed.readUInt8(at);
        const keyEnd = at + HEAD_BYTES + packed.readUInt32LE(at + 1);
        const end = keyEnd + packed.readUInt32LE(at + 5);
        const key = packed.toString("latin1", at + HEAD_BYTES, keyEnd);
        if (kind === PUT) database.putSync(key, packed.subarray(keyEnd, end));
        else database.removeSync(key);
        at = end;
      }
    }
  });
}

function serve(directory: string): void {
  const pieces: Uint8Array[] = [];
  parentPort?.on("message", (piece: Uint8Array | null) => {
    if (piece !== null) return void pieces.push(piece);
    let error: Error | null = null;
    try {
      commit(directory, pieces);
    } catch (cause) {
      error = cause as Error;
    }
    parentPort?.postMessage({ error } satisfies Told);
  });
}

if (!isMainThread) {
  const { role, directory } = { ...workerData } as Partial<Order>;
  if (role === ROLE && directory !== undefined) serve(directory);
}
