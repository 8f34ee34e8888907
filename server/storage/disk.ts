// The WAL's files: DiskOps on a real directory, asynchronous, with group commit. While one batch is
// being written and synced, further effects collect; then they are written together and synced
// once. Tokens are answered in order, after everything up to them is durable. A failure is never
// retried: after a failed fsync nobody knows what is on the disk.

import * as fs from "node:fs";
import { join } from "node:path";
import type { DiskOp, DiskReader, DiskToken, FileName } from "../../core/contract.ts";
import { OperatorError } from "../causes.ts";
import { planWrites, type DiskAction } from "./disk-plan.ts";

export type DiskEvents = Readonly<{
  onDone: (token: DiskToken) => void;
  onFailure: (error: Error) => void;
  onSync?: (seconds: number) => void; // how long it took
  onWrite?: (bytes: number, seconds: number) => void;
}>;

/** Linux refuses more in one call (IOV_MAX). */
const VECTORS_MAX = 1024;

type Write = Extract<DiskAction, { kind: "write" }>;
type Order = Readonly<{ token: DiskToken; ops: readonly DiskOp[] }>;

export function createDiskReader(directory: string): DiskReader {
  return {
    list: () => fs.readdirSync(directory).toSorted() as FileName[],
    read: (file) => fs.readFileSync(join(directory, file)),
  };
}

export class WalDisk {
  readonly #directory: string;
  readonly #events: DiskEvents;
  readonly #syncs: boolean;
  readonly #openFiles = new Map<FileName, number>();
  #waiting: Order[] = [];
  #running: Promise<void> | null = null;
  #scheduled = false;
  #failed = false; // nothing may be written after a failure
  #namesChanged = false; // a file was created or removed since the directory was last synced

  /** Without syncs, "durable" means that it outlives the process, and not the machine. */
  constructor(directory: string, events: DiskEvents, syncs = true) {
    this.#directory = directory;
    this.#events = events;
    this.#syncs = syncs;
  }

  /** Starts when the caller's turn is over, so that all effects of a turn share one sync. */
  perform(token: DiskToken, ops: readonly DiskOp[]): void {
    this.#waiting.push({ token, ops });
    if (this.#running !== null || this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#start();
    });
  }

  /** Everything given to `perform` is durable and answered. */
  async idle(): Promise<void> {
    this.#start();
    while (this.#running !== null) await this.#running;
  }

  async close(): Promise<void> {
    await this.idle();
    for (const descriptor of this.#openFiles.values()) fs.closeSync(descriptor);
    this.#openFiles.clear();
  }

  #start(): void {
    if (this.#failed || this.#running !== null || this.#waiting.length === 0) return;
    const batch = this.#waiting;
    this.#waiting = [];
    this.#running = this.#performBatch(batch).then(
      () => {
        this.#running = null;
        for (const { token } of batch) this.#events.onDone(token);
        this.#start();
      },
      (error: unknown) => {
        this.#running = null;
        this.#failed = true;
        const cause = {
          kind: "file",
          doing: "cannot write the log",
          path: this.#directory,
        } as const;
        this.#events.onFailure(new OperatorError({ ...cause, error }));
      },
    );
  }

  async #performBatch(batch: readonly Order[]): Promise<void> {
    for (const action of planWrites(batch.flatMap((order) => order.ops))) {
      await this.#performAction(action);
    }
    if (this.#namesChanged) await this.#syncDirectory();
  }

  async #performAction(action: DiskAction): Promise<void> {
    switch (action.kind) {
      case "write":
        return this.#write(action);
      case "sync":
        return this.#sync(action.file);
      case "truncate":
        return whenDone((back) => fs.ftruncate(this.#descriptor(action.file), action.length, back));
      case "remove":
        return this.#remove(action.file);
    }
  }

  async #write({ file, buffers, offset }: Write): Promise<void> {
    const begunMs = performance.now();
    await writeAll(this.#descriptor(file), buffers, offset);
    const bytes = buffers.reduce((sum, { length }) => sum + length, 0);
    this.#events.onWrite?.(bytes, (performance.now() - begunMs) / 1000);
  }

  async #sync(file: FileName): Promise<void> {
    if (!this.#syncs) return;
    const begunMs = performance.now();
    await whenDone((back) => fs.fdatasync(this.#descriptor(file), back));
    if (this.#namesChanged) await this.#syncDirectory();
    this.#events.onSync?.((performance.now() - begunMs) / 1000);
  }

  async #remove(file: FileName): Promise<void> {
    const descriptor = this.#openFiles.get(file);
    this.#openFiles.delete(file);
    if (descriptor !== undefined) await whenDone((back) => fs.close(descriptor, back));
    await whenDone((back) => fs.unlink(join(this.#directory, file), back));
    this.#namesChanged = true;
  }

  #descriptor(file: FileName): number {
    const known = this.#openFiles.get(file);
    if (known !== undefined) return known;
    const path = join(this.#directory, file);
    if (!fs.existsSync(path)) this.#namesChanged = true;
    const descriptor = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600);
    this.#openFiles.set(file, descriptor);
    return descriptor;
  }

  /** A new or removed name survives a power cut only once its directory is synced. */
  async #syncDirectory(): Promise<void> {
    this.#namesChanged = false;
    const descriptor = fs.openSync(this.#directory, fs.constants.O_RDONLY);
    await whenDone((back) => fs.fsync(descriptor, back));
    fs.closeSync(descriptor);
  }
}

/** A write may stop short, on a signal or a nearly full disk: the rest follows until an error
 *  says why. */
async function writeAll(
  descriptor: number,
  buffers: readonly Uint8Array[],
  offset: number,
): Promise<void> {
  let rest = buffers;
  let at = offset;
  while (rest.length > 0) {
    const some = rest.slice(0, VECTORS_MAX);
    const count = await new Promise<number>((resolve, reject) => {
      fs.writev(descriptor, some, at, (error, written) => {
        if (error === null) resolve(written);
        else reject(error);
      });
    });
    at += count;
    rest = without(rest, count);
  }
}

/** The buffers behind the first `count` bytes. */
function without(buffers: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let skip = count;
  let at = 0;
  while (at < buffers.length && skip >= (buffers[at] as Uint8Array).length) {
    skip -= (buffers[at] as Uint8Array).length;
    at += 1;
  }
  const rest = buffers.slice(at);
  return skip === 0 ? rest : [(rest[0] as Uint8Array).subarray(skip), ...rest.slice(1)];
}

function whenDone(start: (back: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}
