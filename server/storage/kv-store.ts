// The store and its successors: kv-1, kv-2, … in the member directory, of which the file `current`
// names the one in use. A successor is made beside it, an image from the leader or a copy without
// free pages, and takes over by the rename of that one file: at any moment, also of a power cut,
// exactly one of them is the store.

import * as fs from "node:fs";
import { join } from "node:path";
import type { Index, KvReader, KvWrite } from "../../core/contract.ts";
import { assert } from "../../core/lib/assert.ts";
import { OperatorError, sentenceOf } from "../causes.ts";
import { replaceFileDurably, syncDirectory, syncFile } from "./durable-file.ts";
import { type KvEvents, type KvImage, LmdbKv } from "./lmdb-kv.ts";
import { makeLockFile, prepareStore, syncStore } from "./store-open.ts";

const POINTER = "current";
/** What is written while nothing is committed is kept in memory: beyond it, a defragmentation is
 *  given up. */
const PAUSED_BYTES_MAX = 128 * 1024 * 1024;

/** Without syncs a commit outlives the process alone. */
export type StoreOptions = Readonly<{ pausedBytesMax?: number; syncs?: boolean }>;

type Versioned = Readonly<{ kv: LmdbKv; version: number }>;

export class KvStore {
  readonly reader: KvReader;
  readonly #directory: string;
  readonly #events: KvEvents;
  readonly #pausedBytesMax: number;
  readonly #syncs: boolean;
  #current: Versioned;
  #newest: number; // version that was ever begun
  #staged: Versioned | null = null;
  #defragmenting: Promise<unknown> | null = null;
  #givenUp: string | null = null; // why the defragmentation that is under way comes to nothing
  readonly #leaving = new Set<Promise<void>>();

  /** Opens the store in use, or makes the first one; what a crash left half-made is removed. */
  constructor(
    memberDirectory: string,
    events: KvEvents,
    { pausedBytesMax, syncs }: StoreOptions = {},
  ) {
    this.#directory = memberDirectory;
    this.#events = events;
    this.#pausedBytesMax = pausedBytesMax ?? PAUSED_BYTES_MAX;
    this.#syncs = syncs ?? true;
    const version = readPointer(memberDirectory);
    for (const name of fs.readdirSync(memberDirectory)) {
      const leftOver = /^kv-\d+$/.test(name) && name !== `kv-${version}`;
      if (leftOver) fs.rmSync(join(memberDirectory, name), { recursive: true });
    }
    this.#newest = version ?? 1;
    this.#current = this.#open(this.#newest);
    if (version === null) {
      syncStore(this.#path(this.#newest));
      this.#point(this.#newest);
    }
    this.reader = {
      get: (table, key) => this.#kv.reader.get(table, key),
      scan: (table, from, to, reverse) => this.#kv.reader.scan(table, from, to, reverse),
      sizeBytes: () => this.#kv.reader.sizeBytes(),
      sizeInUseBytes: () => this.#kv.reader.sizeInUseBytes(),
    };
  }

  get #kv(): LmdbKv {
    return this.#current.kv;
  }

  apply(applied: Index, writes: readonly KvWrite[]): void {
    this.#kv.apply(applied, writes);
    if (this.#defragmenting === null || this.#kv.pausedBytes <= this.#pausedBytesMax) return;
    const most = `${this.#pausedBytesMax / 2 ** 20} MiB`;
    this.#giveUp(`more than ${most} were written meanwhile: defragment when less is written`);
  }

  image(): KvImage {
    return this.#kv.image();
  }

  /** An empty store to fill with a leader's image. An earlier one that was not installed is
   *  dropped. */
  async stage(): Promise<LmdbKv> {
    await this.dropStaged();
    this.#staged = this.#open(++this.#newest);
    return this.#staged.kv;
  }

  async dropStaged(): Promise<void> {
    const staged = this.#staged;
    this.#staged = null;
    if (staged !== null) await this.#leave(staged);
  }

  /** The staged store, which must be whole and durable, is the store from now on. */
  install(applied: Index): void {
    const staged = this.#staged;
    assert(staged !== null, `no image is staged, but that of entry ${applied} is to be installed`);
    this.#givenUp ??=
      "an image from the leader took the place of the store meanwhile: defragment again";
    const old = this.#current;
    syncDirectory(this.#path(staged.version));
    this.#point(staged.version);
    this.#current = staged;
    this.#staged = null;
    void this.#leave(old);
    this.#events.onDone(applied);
  }

  /** Gives the room of free pages back, in the background; one at a time. What is applied meanwhile
   *  waits for its commit until that is done. Null: it is. Else why the store is as it was. */
  async defragment(): Promise<string | null> {
    assert(this.#defragmenting === null, "one defragmentation at a time");
    this.#givenUp = null;
    const running = this.#defragment(this.#current);
    this.#defragmenting = running;
    const reason = await running;
    this.#defragmenting = null;
    return reason;
  }

  /** Everything given to `apply` is durable and reported. */
  async idle(): Promise<void> {
    await this.#defragmenting;
    await this.#kv.idle();
  }

  async close(): Promise<void> {
    this.#giveUp("the server stops");
    await this.#defragmenting;
    await this.dropStaged();
    await Promise.all(this.#leaving);
    await this.#kv.close();
  }

  async #defragment(old: Versioned): Promise<string | null> {
    const version = ++this.#newest;
    let copy: Versioned | null = null;
    try {
      await old.kv.pause();
      this.#events.onBoundary?.("paused");
      await this.#copy(old.kv, this.#path(version));
      if (this.#givenUp === null) {
        copy = this.#open(version, makeLockFile);
        this.#events.onBoundary?.("opened");
        this.#takeOver(old, copy);
        return null;
      }
    } catch (error) {
      const path = this.#path(version);
      const doing = "copy the key-value store without its free pages into";
      this.#givenUp ??= sentenceOf({ kind: "file", doing, path, error });
    }
    old.kv.resume();
    if (copy !== null) await this.#leave(copy);
    await fs.promises.rm(this.#path(version), { recursive: true, force: true });
    return this.#givenUp;
  }

  async #copy(from: LmdbKv, path: string): Promise<void> {
    fs.mkdirSync(path, { mode: 0o700 });
    await from.copyInto(path);
    this.#events.onBoundary?.("copied");
    await syncFile(join(path, "data.mdb"));
    syncDirectory(path);
    this.#events.onBoundary?.("synced");
  }

  /** At once: what was taken meanwhile is committed into the copy from now on. */
  #takeOver(old: Versioned, copy: Versioned): void {
    try {
      this.#point(copy.version);
      this.#events.onBoundary?.("pointed");
    } catch (error) {
      if (readPointer(this.#directory) === old.version) throw error; // nothing has happened
      const path = join(this.#directory, POINTER);
      this.#events.onFailure(new Error(sentenceOf({ kind: "file", doing: "sync", path, error })));
    }
    this.#current = copy;
    for (const { applied, writes } of old.kv.takeWaiting()) copy.kv.apply(applied, writes);
    void this.#leave(old);
  }

  #giveUp(reason: string): void {
    if (this.#defragmenting === null || this.#givenUp !== null) return;
    this.#givenUp = reason;
    this.#kv.resume();
  }

  /** Only the store in use reports: what commits in a staged or a leaving one concerns nobody. */
  #open(version: number, prepare: (path: string) => void = prepareStore): Versioned {
    prepare(this.#path(version));
    const events: KvEvents = {
      onDone: (applied) => {
        if (this.#kv === kv) this.#events.onDone(applied);
      },
      onFailure: this.#events.onFailure,
      onCommit: (seconds) => this.#events.onCommit?.(seconds),
    };
    const kv: LmdbKv = new LmdbKv(this.#path(version), events, this.#syncs);
    return { kv, version };
  }

  #leave({ kv, version }: Versioned): Promise<void> {
    const path = this.#path(version);
    const remove = (): Promise<void> => fs.promises.rm(path, { recursive: true, force: true });
    const leaving = kv.discard().then(remove); // in the background: it may be large
    this.#leaving.add(leaving);
    return leaving.finally(() => this.#leaving.delete(leaving));
  }

  #point(version: number): void {
    replaceFileDurably(join(this.#directory, POINTER), `kv-${version}\n`);
  }

  #path(version: number): string {
    return join(this.#directory, `kv-${version}`);
  }
}

function readPointer(memberDirectory: string): number | null {
  const path = join(memberDirectory, POINTER);
  if (!fs.existsSync(path)) return null;
  const [, version] = /^kv-(\d+)\n$/.exec(fs.readFileSync(path, "latin1")) ?? [];
  if (version === undefined) {
    throw new OperatorError({ kind: "damaged", path, reason: 'it names no store, as in "kv-1"' });
  }
  if (!fs.existsSync(join(memberDirectory, `kv-${version}`))) {
    const reason = `it names kv-${version}, which is not there`;
    throw new OperatorError({ kind: "damaged", path, reason });
  }
  return Number(version);
}
