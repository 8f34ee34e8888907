// Backups of a simulated node: the same file that a real one makes, from a root of its store.

import { STORAGE_VERSION } from "../core/backups.ts";
import type { BackupPiece, CallId } from "../core/contract.ts";
import { crc32c } from "../core/lib/crc32c.ts";
import { backendOf } from "../net/bolt/backend.ts";
import type { Digest } from "../net/bolt/pieces.ts";
import { DIGEST_BYTES, piecesOf } from "../net/bolt/pieces.ts";
import type { KvRoot } from "./kv.ts";
import { readerOf } from "./kv.ts";

type Pieces = Generator<BackupPiece | null, void>;

export class SimBackups {
  readonly #open = new Map<CallId, Pieces>();

  /** The next piece; the first one pins the root. */
  read(call: CallId, root: KvRoot, cluster: string): BackupPiece {
    const versions = { storage: STORAGE_VERSION, cluster };
    const pieces =
      this.#open.get(call) ??
      piecesOf(
        backendOf(
          readerOf(() => root),
          versions,
        ),
        createDigest(),
      );
    this.#open.set(call, pieces);
    for (;;) {
      const next = pieces.next();
      if (next.done === true) throw new Error(`backup ${call} was read beyond its end`);
      if (next.value === null) continue;
      if (next.value.isLast) this.close(call);
      return next.value;
    }
  }

  close(call: CallId): void {
    this.#open.delete(call);
  }

  clear(): void {
    this.#open.clear();
  }
}

/** A real hash would cost much and find nothing here. */
function createDigest(): Digest {
  let hash = 0;
  return {
    update: (bytes) => (hash = crc32c(bytes, hash)),
    finish: () => new Uint8Array(DIGEST_BYTES).fill(hash & 0xff),
  };
}
