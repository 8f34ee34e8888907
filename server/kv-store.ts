// The store and its successors: kv-1, kv-2, … in the member directory, of which the file `current`
// names the one in use. An image from the leader is staged in the next one, and takes over by the
// rename of that one file: at any moment, also of a power cut, exactly one of the two is the store.

import * as fs from "node:fs";
import { join } from "node:path";
import type { Index, KvReader, KvWrite } from "../core/contract.ts";
import { assert } from "../core/lib/assert.ts";
import { OperatorError } from "./causes.ts";
import { replaceFileDurably, syncDirectory } from "./durable-file.ts";
import { type KvEvents, type KvImage, LmdbKv } from "./lmdb-kv.ts";
import { prepareStore, syncStore } from "./store-open.ts";

const POINTER = "current";

export class KvStore {
  readonly reader: KvReader;
  readonly #directory: string;
  readonly #events: KvEvents;
  #version: number;
  #kv: LmdbKv;
  #staged: LmdbKv | null = null;
  readonly #leaving = new Set<Promise<void>>();

  /** Opens the store in use, or makes the first one; what a crash left half-staged is removed. */
  constructor(memberDirectory: string, events: KvEvents) {
    this.#directory = memberDirectory;
    this.#events = events;
    const version = readPointer(memberDirectory);
    this.#version = version ?? 1;
    for (const name of fs.readdirSync(memberDirectory)) {
      const leftOver = /^kv-\d+$/.test(name) && name !== `kv-${version}`;
      if (leftOver) fs.rmSync(join(memberDirectory, name), { recursive: true });
    }
    this.#kv = this.#open(this.#version);
    if (version === null) {
      syncStore(this.#path(this.#version));
      this.#point();
    }
    this.reader = {
      get: (table, key) => this.#kv.reader.get(table, key),
      scan: (table, from, to, reverse) => this.#kv.reader.scan(table, from, to, reverse),
      sizeBytes: () => this.#kv.reader.sizeBytes(),
      sizeInUseBytes: () => this.#kv.reader.sizeInUseBytes(),
    };
  }

  apply(applied: Index, writes: readonly KvWrite[]): void {
    this.#kv.apply(applied, writes);
  }

  image(): KvImage {
    return this.#kv.image();
  }

  /** An empty store to fill with a leader's image. An earlier one that was not installed is
   *  dropped. */
  async stage(): Promise<LmdbKv> {
    await this.dropStaged();
    fs.rmSync(this.#path(this.#version + 1), { recursive: true, force: true });
    this.#staged = this.#open(this.#version + 1);
    return this.#staged;
  }

  async dropStaged(): Promise<void> {
    const staged = this.#staged;
    this.#staged = null;
    if (staged !== null) await this.#leave(staged, this.#version + 1);
  }

  /** The staged store, which must be whole and durable, is the store from now on. */
  install(applied: Index): void {
    const staged = this.#staged;
    assert(staged !== null, `no image is staged, but that of entry ${applied} is to be installed`);
    const [old, oldVersion] = [this.#kv, this.#version];
    syncDirectory(this.#path(this.#version + 1));
    this.#version += 1;
    this.#point();
    this.#kv = staged;
    this.#staged = null;
    void this.#leave(old, oldVersion);
    this.#events.onDone(applied);
  }

  /** Everything given to `apply` is durable and reported. */
  idle(): Promise<void> {
    return this.#kv.idle();
  }

  async close(): Promise<void> {
    await this.dropStaged();
    await Promise.all(this.#leaving);
    await this.#kv.close();
  }

  /** Only the store in use reports: what commits in a staged or a leaving one concerns nobody. */
  #open(version: number): LmdbKv {
    prepareStore(this.#path(version));
    const kv: LmdbKv = new LmdbKv(this.#path(version), {
      onDone: (applied) => {
        if (this.#kv === kv) this.#events.onDone(applied);
      },
      onFailure: this.#events.onFailure,
      onCommit: (seconds) => this.#events.onCommit?.(seconds),
    });
    return kv;
  }

  #leave(kv: LmdbKv, version: number): Promise<void> {
    const path = this.#path(version);
    const leaving = kv.discard().then(() => fs.rmSync(path, { recursive: true, force: true }));
    this.#leaving.add(leaving);
    return leaving.finally(() => this.#leaving.delete(leaving));
  }

  #point(): void {
    replaceFileDurably(join(this.#directory, POINTER), `kv-${this.#version}\n`);
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
