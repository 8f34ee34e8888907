// Backups for clients, made from a view of the store that commits do not change, on the side: the
// event loop gets its turn every few milliseconds, however large the store is.

import { createHash } from "node:crypto";
import type { BackupPiece, CallId, Input } from "../../core/contract.ts";
import { backendOf } from "../../net/bolt/backend.ts";
import type { Digest } from "../../net/bolt/pieces.ts";
import { piecesOf } from "../../net/bolt/pieces.ts";
import type { KvImage } from "./lmdb-kv.ts";

export type BackupOptions = Readonly<{
  image: () => KvImage;
  submit: (input: Input) => void;
  onClosed: (seconds: number) => void; // how long the view was held
}>;

type Backup = {
  readonly image: KvImage;
  readonly begunMs: number;
  readonly pieces: Generator<BackupPiece | null, void>;
  owed: number; // pieces that were asked for
};

/** The longest that others wait for a backup. */
const SLICE_MS = 5;

export class Backups {
  readonly #options: BackupOptions;
  readonly #open = new Map<CallId, Backup>();

  constructor(options: BackupOptions) {
    this.#options = options;
  }

  /** Makes the next pieces; the first time, of the store as it is now. */
  read(call: CallId, pieces: number): void {
    let backup = this.#open.get(call);
    if (backup === undefined) {
      const image = this.#options.image();
      const buckets = backendOf(image.reader);
      const begunMs = performance.now();
      backup = { image, begunMs, pieces: piecesOf(buckets, createDigest()), owed: 0 };
      this.#open.set(call, backup);
    }
    if (backup.owed === 0) setImmediate(() => this.#slice(call));
    backup.owed += pieces;
  }

  close(call: CallId): void {
    const backup = this.#open.get(call);
    if (backup === undefined) return;
    backup.image.release();
    this.#open.delete(call);
    this.#options.onClosed((performance.now() - backup.begunMs) / 1000);
  }

  stop(): void {
    for (const call of this.#open.keys()) this.close(call);
  }

  #slice(call: CallId): void {
    const backup = this.#open.get(call);
    if (backup === undefined) return; // closed meanwhile
    const until = performance.now() + SLICE_MS;
    while (backup.owed > 0 && performance.now() < until) {
      const next = backup.pieces.next();
      if (next.done === true) return;
      if (next.value === null) continue;
      backup.owed -= 1;
      this.#options.submit({ kind: "backup.piece", call, ...next.value });
    }
    if (backup.owed > 0) setImmediate(() => this.#slice(call));
  }
}

function createDigest(): Digest {
  const hash = createHash("sha256");
  return { update: (bytes) => void hash.update(bytes), finish: () => hash.digest() };
}
