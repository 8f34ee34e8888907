// The state machine's data in one LMDB environment. Reads are synchronous, because the file is
// mapped into memory. Writes are gathered for a moment and committed off the step, in large
// transactions.
//
// A commit is synced before it is reported, so kv.done means durable, and the WAL may be trimmed.
// Acknowledged writes never wait for it: the WAL holds them.
//
// A batch of so many writes that handing them to LMDB would hold up everybody else is committed by
// a thread of its own (large-commit.ts), alone.

import * as fs from "node:fs";
import { join } from "node:path";
import type { Transaction } from "lmdb";
import type { Bytes, Index, KvReader, KvWrite, Table } from "../../core/contract.ts";
import { assertStorable } from "../../core/kv/limits.ts";
import { prefixEnd } from "../../core/lib/bytes.ts";
import { OperatorError } from "../causes.ts";
import { commitLarge, isLarge } from "./large-commit.ts";
import type { Database } from "./lmdb-open.ts";
import { openDatabase, storedKey } from "./lmdb-open.ts";

export type KvEvents = Readonly<{
  onDone: (applied: Index) => void;
  onFailure: (error: Error) => void;
  onCommit?: (seconds: number) => void; // how long it took
  onBoundary?: (boundary: Boundary) => void; // of a defragmentation, for tests: it may throw
}>;
/** What is done of a defragmentation, in this order (kv-store.ts). */
export type Boundary = "paused" | "copied" | "synced" | "opened" | "pointed";

/** A consistent view that later commits do not change. It must be released. */
export type KvImage = Readonly<{ reader: KvReader; release: () => void }>;

export type Batch = Readonly<{ applied: Index; writes: readonly KvWrite[] }>;

/** A commit costs a sync; what arrives within this time shares one. */
const GATHER_MS = 25;
const GATHER_WRITES_MAX = 5000;
/** How long to wait to hear why a commit failed. */
const PATIENCE_MS = 1000;

export class LmdbKv {
  readonly reader: KvReader;
  readonly #database: Database;
  readonly #events: KvEvents;
  readonly #directory: string;
  readonly #dataFile: string;
  #waiting: Batch[] = [];
  #waitingWrites = 0;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  #failed = false;
  #isPaused = false;
  #pausedBytes = 0; // given to `apply` since
  #copying: Promise<void> | null = null;
  readonly #images = new Set<Promise<void>>();
  #inUseBytes: number | null = null; // as of the last commit; null: not looked at since

  constructor(directory: string, events: KvEvents, syncs = true) {
    this.#events = events;
    this.#directory = directory;
    this.#dataFile = join(directory, "data.mdb");
    this.#database = openDatabase(directory, syncs);
    this.reader = this.#createReader(null);
  }

  apply(applied: Index, writes: readonly KvWrite[]): void {
    if (!isLarge(writes)) for (const write of writes) assertStorable(write);
    this.#waiting.push({ applied, writes });
    this.#waitingWrites += writes.length;
    if (this.#isPaused) this.#pausedBytes += bytesOf(writes);
    if (this.#running !== null || this.#isPaused) return;
    if (this.#waitingWrites >= GATHER_WRITES_MAX) this.#start();
    else this.#timer ??= setTimeout(() => this.#start(), GATHER_MS);
  }

  /** Everything given to `apply` is durable and reported. */
  async idle(): Promise<void> {
    this.#start();
    while (this.#running !== null) {
      await this.#running;
      this.#start();
    }
  }

  /** Nothing more is committed, though it is taken, until `resume`. Resolves when what was under
   *  way is durable. */
  async pause(): Promise<void> {
    this.#isPaused = true;
    this.#pausedBytes = 0;
    await this.#running;
  }

  resume(): void {
    this.#isPaused = false;
    this.#start();
  }

  get pausedBytes(): number {
    return this.#pausedBytes;
  }

  /** What was taken and is not committed; this store forgets it. */
  takeWaiting(): readonly Batch[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingWrites = 0;
    return waiting;
  }

  /** Its content as it is now, and nothing of its free pages, in the background. Not yet synced. */
  async copyInto(directory: string): Promise<void> {
    const copying = this.#database.backup(directory, true);
    this.#copying = copying.catch(() => undefined);
    await copying;
    this.#copying = null;
  }

  async close(): Promise<void> {
    this.#isPaused = false;
    await this.idle();
    await this.#copying; // nor while a copy of it is made
    await Promise.all(this.#images); // the file must not be unmapped under a reader
    await this.#database.close();
  }

  /** Closes without committing what still waits: the store is about to be removed. */
  async discard(): Promise<void> {
    this.#waiting = [];
    await this.close();
  }

  image(): KvImage {
    this.#database.resetReadTxn();
    const transaction = this.#database.useReadTransaction();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#images.add(promise);
    const release = (): void => {
      transaction.done();
      this.#images.delete(promise);
      resolve();
    };
    return { reader: this.#createReader(transaction), release };
  }

  #start(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#failed || this.#isPaused || this.#running !== null) return;
    if (this.#waiting.length === 0) return;
    const batches = this.#takeNext();
    const begunMs = performance.now();
    this.#running = this.#commit(batches).then(
      () => {
        this.#running = null;
        this.#events.onCommit?.((performance.now() - begunMs) / 1000);
        this.#database.resetReadTxn(); // so that the next read shows what is reported
        this.#inUseBytes = null;
        this.#report((batches.at(-1) as Batch).applied);
        if (this.#isPaused || this.#waiting.length === 0) return;
        this.#timer ??= setTimeout(() => this.#start(), GATHER_MS);
      },
      async (error: unknown) => {
        this.#failed = true;
        const cause = await causeOf(error);
        this.#running = null;
        this.#events.onFailure(writeError(this.#dataFile, cause));
      },
    );
  }

  /** One index may come in several pieces: it is done when none of them waits. */
  #report(applied: Index): void {
    if (this.#waiting[0]?.applied !== applied) this.#events.onDone(applied);
  }

  /** The oldest, and those behind it that fit into the same commit. */
  #takeNext(): readonly Batch[] {
    let [count, writes] = [0, 0];
    for (const batch of this.#waiting) {
      if (count > 0 && writes + batch.writes.length > GATHER_WRITES_MAX) break;
      count += 1;
      writes += batch.writes.length;
    }
    this.#waitingWrites -= writes;
    return this.#waiting.splice(0, count);
  }

  async #commit(batches: readonly Batch[]): Promise<void> {
    const [first] = batches;
    if (first !== undefined && isLarge(first.writes)) {
      return commitLarge(this.#directory, first.writes);
    }
    await this.#database.batch(() => {
      for (const { writes } of batches) {
        for (const write of writes) {
          const key = storedKey(write.table, write.key);
          if (write.kind === "put") void this.#database.put(key, write.value);
          else void this.#database.remove(key);
        }
      }
    });
  }

  #createReader(transaction: Transaction | null): KvReader {
    const database = this.#database;
    const within = transaction === null ? {} : { transaction };
    return {
      get: (table, key) => database.get(storedKey(table, key), within) ?? null,
      *scan(table, from, to, reverse = false) {
        const low = storedKey(table, from);
        const high = upperBound(table, to);
        if (low >= high) return;
        const bounds = reverse
          ? { start: high, end: low, reverse, exclusiveStart: true, inclusiveEnd: true }
          : { start: low, end: high };
        for (const { key, value } of database.getRange({ ...bounds, ...within })) {
          yield [key.slice(1) as Bytes, value];
        }
      },
      sizeBytes: () => fs.statSync(this.#dataFile).size,
      sizeInUseBytes: () => (this.#inUseBytes ??= bytesInUse(database)),
    };
  }
}

function bytesOf(writes: readonly KvWrite[]): number {
  return writes.reduce((bytes, write) => {
    return bytes + write.key.length + (write.kind === "put" ? write.value.length : 0);
  }, 0);
}

/** Those of the pages that the tree reaches. Free ones are taken again, so they do not count. */
function bytesInUse(database: Database): number {
  const { pageSize, treeBranchPageCount, treeLeafPageCount, overflowPages } =
    database.getStats() as Record<string, number>;
  const pages = [treeBranchPageCount, treeLeafPageCount, overflowPages];
  return pages.reduce<number>((sum, each) => sum + (each ?? 0), 0) * (pageSize ?? 0);
}

/** An exclusive bound may hold a char above every byte (ABOVE_ALL); no stored key can. */
function upperBound(table: Table, to: Bytes): string {
  const above = to.search(/[\u0100-\uffff]/);
  if (above === -1) return storedKey(table, to);
  return prefixEnd(storedKey(table, to.slice(0, above) as Bytes) as Bytes) as string;
}

/** LMDB rejects a commit first, and a promise that comes with the rejection says why, later. */
async function causeOf(error: unknown): Promise<unknown> {
  const { commitError } = error as { commitError?: unknown };
  if (!(commitError instanceof Promise)) return error;
  const why = commitError.then(
    () => error,
    (reason: unknown) => reason,
  );
  return Promise.race([why, pause(PATIENCE_MS).then(() => error)]);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

function writeError(path: string, error: unknown): OperatorError {
  return new OperatorError({ kind: "file", doing: "cannot write the store", path, error });
}
