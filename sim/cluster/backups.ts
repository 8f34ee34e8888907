// Backups of a simulated node: the same file that a real one makes, from a root of its store.

import type { BackupPiece, CallId } from "../../core/contract.ts";
import { crc32c } from "../../core/lib/crc32c.ts";
import { backendOf } from "../../net/bolt/backend.ts";
import type { Digest } from "../../net/bolt/pieces.ts";
import { DIGEST_BYTES, piecesOf } from "../../net/bolt/pieces.ts";
import type { KvRoot } from "../world/kv.ts";
import { readerOf } from "../world/kv.ts";

type Pieces = Generator<BackupPiece | null, void>;

export class SimBackups {
  readonly #open = new Map<CallId, Pieces>();

  /** The next pieces, or as many as there are; the first of them pins the root. */
  *read(call: CallId, count: number, root: KvRoot): Generator<BackupPiece, void> {
    const pieces = this.#open.get(call) ?? piecesOfRoot(root);
    this.#open.set(call, pieces);
    for (let made = 0; made < count;) {
      const next = pieces.next();
      if (next.done === true) return;
      if (next.value === null) continue;
      made += 1;
      yield next.value;
    }
  }

  close(call: CallId): void {
    this.#open.delete(call);
  }

  clear(): void {
    this.#open.clear();
  }
}

function piecesOfRoot(root: KvRoot): Pieces {
  return piecesOf(backendOf(readerOf(() => root)), createDigest());
}

/** A real hash would cost much and find nothing here. */
function createDigest(): Digest {
  let hash = 0;
  return {
    update: (bytes) => (hash = crc32c(bytes, hash)),
    finish: () => new Uint8Array(DIGEST_BYTES).fill(hash & 0xff),
  };
}
