// A disk that keeps its promises and nothing more. Writes are visible at once and durable only when
// their effect is settled. What a crash keeps of the rest is in sim/world/disk-crash.ts.

import type { DiskOp, DiskReader, DiskToken, FileName } from "../../core/contract.ts";
import { must } from "../../core/lib/assert.ts";
import {
  type Chance,
  complete,
  type CrashReport,
  isChange,
  type Keep,
  loseProcess,
  losePower,
  type Pending,
} from "./disk-crash.ts";
import { contentOf, copyFiles, type DiskImage, filesOf, imageOf, perform } from "./disk-files.ts";
import type { Files, SimFile } from "./disk-files.ts";
import type { Micros } from "../run/frame.ts";
import type { DiskOptions } from "../options/options.ts";
import type { Fates } from "./random.ts";

/** `full`: no room for the next write. `sync`: the next sync fails, and nobody knows what is on
 *  disk. */
export type DiskFailureKind = "full" | "sync";

type Write = Extract<DiskOp, { kind: "write" }>;

/** Thrown by `submit`: to the node it is a crash, never something to try again. */
export class DiskFailure extends Error {
  override readonly name = "DiskFailure";
  readonly how: DiskFailureKind;

  constructor(how: DiskFailureKind) {
    super(how === "full" ? "no space left on the disk" : "the disk could not sync");
    this.how = how;
  }
}

export class SimDisk implements DiskReader {
  /** How many times slower than usual it is now. */
  slowFactor = 1;
  /** A planted fault: it says that it has synced, and has not. The oracles must notice. */
  lies = false;
  readonly #chance: Chance;
  readonly #timing: DiskOptions;
  readonly #durable: Files;
  #visible: Files;
  #pending: Pending[] = []; // visible and not durable, in order
  #failing: DiskFailureKind | null = null;
  #roomBytes: number; // zero: there is no end
  #timesFull = 0;

  /** `node` is a node's number: equal disks of different nodes have different fates. */
  constructor(node: number, fates: Fates, timing: DiskOptions, image: DiskImage = []) {
    this.#chance = {
      below: (limit, ...what) => fates.below(limit, ...what, node),
      chance: (numerator, denominator, ...what) =>
        fates.chance(numerator, denominator, ...what, node),
    };
    this.#timing = timing;
    this.#roomBytes = timing.roomBytes;
    this.#durable = filesOf(image);
    this.#visible = filesOf(image);
  }

  list(): readonly FileName[] {
    return [...this.#visible.keys()].toSorted((a, b) => (a < b ? -1 : 1));
  }

  read(file: FileName): Uint8Array {
    return contentOf(must(this.#visible.get(file), `there is no file ${file}`));
  }

  /** Takes an effect. Answers how long it works on this one, once those before it are done. */
  submit(token: DiskToken, ops: readonly DiskOp[]): Micros {
    for (const op of ops) {
      if (op.kind === "write") {
        const fits = this.#fitting(op);
        if (fits < op.bytes.length) {
          this.#take(token, { ...op, bytes: op.bytes.subarray(0, fits) });
          this.#fail("full");
        }
      }
      if (this.#failing === "sync" && op.kind === "sync") {
        this.#spoil(op.file, token);
        this.#fail("sync");
      }
      this.#take(token, op);
    }
    return this.#latency(token, ops);
  }

  /** The effect is done: what it synced or removed stays so. Effects are settled in order. */
  settle(token: DiskToken): void {
    const found = this.#pending.findIndex((pending) => pending.token > token);
    const end = found === -1 ? this.#pending.length : found;
    const [done, later] = [this.#pending.slice(0, end), this.#pending.slice(end)];
    if (this.lies) {
      this.#pending = [...done.filter(({ op }) => isChange(op)), ...later];
      return;
    }
    const unsynced = complete(this.#durable, done).filter(({ op }) => op.kind !== "remove");
    for (const { op } of done) if (op.kind === "remove") perform(this.#durable, op);
    this.#pending = [...unsynced, ...later];
  }

  /** The next effect that writes, or syncs, throws a DiskFailure. The node must then be crashed. */
  failNext(how: DiskFailureKind | null): void {
    this.#failing = how;
  }

  /** Somebody gives it as much room again. */
  extend(): void {
    this.#roomBytes *= 2;
  }

  /** How often something did not fit. */
  get timesFull(): number {
    return this.#timesFull;
  }

  crash(keep: Keep): CrashReport {
    this.#failing = null;
    if (keep === "all") {
      this.#pending = loseProcess(this.#durable, this.#pending);
      return { lost: 0, torn: 0 };
    }
    const report = losePower(this.#durable, this.#pending, keep, this.#chance);
    this.#pending = [];
    this.#visible = copyFiles(this.#durable);
    return report;
  }

  /** Bit rot: one bit of a stored byte turns over. */
  corrupt(file: FileName, offset: number, bit = 0): void {
    for (const stored of [this.#durable.get(file), this.#visible.get(file)]) {
      if (stored !== undefined) flip(stored, offset, bit);
    }
  }

  durableBytes(file: FileName): Uint8Array | null {
    const stored = this.#durable.get(file);
    return stored === undefined ? null : contentOf(stored);
  }

  /** What is on disk for certain: `new SimDisk(…, image)` is the disk after a power cut that kept
   *  nothing else, or an old disk put back. */
  durableImage(): DiskImage {
    return imageOf(this.#durable);
  }

  /** What a node that boots now would read: the disk's part of a tape. */
  visibleImage(): DiskImage {
    return imageOf(this.#visible);
  }

  /** Would a power cut lose anything? A crash at such a moment is worth more than others. */
  get vulnerable(): boolean {
    return this.#pending.some(({ op }) => isChange(op));
  }

  /** How many bytes of a write there is room for. */
  #fitting(op: Write): number {
    const { length } = op.bytes;
    if (this.#failing === "full") {
      return this.#chance.below(length, "disk.full", op.file, op.offset);
    }
    if (this.#roomBytes === 0) return length;
    const files = [...this.#visible.values()];
    const free = this.#roomBytes - files.reduce((sum, file) => sum + file.length, 0);
    const grows = op.offset + length - (this.#visible.get(op.file)?.length ?? 0);
    if (grows <= Math.max(0, free)) return length;
    this.#timesFull += 1;
    return Math.max(0, length - grows + Math.max(0, free));
  }

  #take(token: DiskToken, op: DiskOp): void {
    perform(this.#visible, op);
    this.#pending.push({ token, op });
  }

  #fail(how: DiskFailureKind): never {
    this.#failing = null;
    throw new DiskFailure(how);
  }

  #latency(token: DiskToken, ops: readonly DiskOp[]): Micros {
    const { syncMicros, tailMicros, tail } = this.#timing;
    const first = ops[0];
    const file = first?.file ?? "";
    const at = first?.kind === "write" ? first.offset : token;
    const late = this.#chance.chance(tail[0], tail[1], "disk.late", file, at);
    const usual = syncMicros + this.#chance.below(syncMicros + 1, "disk.sync", file, at);
    const extra = late ? this.#chance.below(tailMicros + 1, "disk.tail", file, at) : 0;
    return (usual + extra) * this.slowFactor;
  }

  /** Kernels differ in what a failed sync leaves in the cache (Rebello et al., "Can applications
   *  recover from fsync failures?", 2020): the new bytes, taken for written, so that no later sync
   *  writes them; the bytes of before; or the new bytes, still to be written. */
  #spoil(file: FileName, token: DiskToken): void {
    this.#pending = loseProcess(this.#durable, this.#pending);
    const fate = this.#chance.below(3, "disk.spoil", file, token);
    if (fate === 2) return;
    this.#pending = this.#pending.filter(({ op }) => op.file !== file || op.kind === "remove");
    if (fate === 0) return;
    const before = this.#durable.get(file);
    if (before === undefined) this.#visible.delete(file);
    else this.#visible.set(file, { bytes: before.bytes.slice(), length: before.length });
  }
}

function flip(file: SimFile, offset: number, bit: number): void {
  if (offset < file.length) file.bytes[offset] = must(file.bytes[offset], "a byte") ^ (1 << bit);
}
