// A file in the pieces that a client of Maintenance.Snapshot gets: 64 KiB each, told how many
// bytes are still to come, and at the end the SHA-256 of them all.

import type { BackupPiece } from "../../core/contract.ts";
import { assert } from "../../core/lib/assert.ts";
import type { BoltSize, Bucket } from "./writer.ts";
import { measureBolt, writeBolt } from "./writer.ts";

/** Whoever drives a node has a hash at hand. */
export type Digest = Readonly<{ update: (bytes: Uint8Array) => void; finish: () => Uint8Array }>;

/** A new store goes in one, as people who look at the first line know it from etcd. */
const PIECE_BYTES = 64 * 1024;
export const DIGEST_BYTES = 32;

/** Yields null while it measures, page by page: the caller may do something else meanwhile. */
export function* piecesOf(
  buckets: readonly Bucket[],
  digest: Digest,
): Generator<BackupPiece | null, void> {
  const size = yield* measured(buckets);
  let remainingBytes = size.bytes;
  let blob = new Uint8Array(Math.min(PIECE_BYTES, remainingBytes));
  let length = 0;
  for (const page of writeBolt(buckets, size)) {
    for (let at = 0; at < page.length;) {
      const part = page.subarray(at, at + blob.length - length);
      blob.set(part, length);
      at += part.length;
      length += part.length;
      if (length < blob.length) continue;
      digest.update(blob);
      remainingBytes -= length;
      yield { blob, remainingBytes, isLast: false };
      blob = new Uint8Array(Math.min(PIECE_BYTES, remainingBytes));
      length = 0;
    }
  }
  assert(remainingBytes === 0, `${remainingBytes} bytes of ${size.bytes} were not made`);
  yield { blob: digest.finish(), remainingBytes, isLast: true };
}

function* measured(buckets: readonly Bucket[]): Generator<null, BoltSize> {
  const measuring = measureBolt(buckets);
  for (;;) {
    const next = measuring.next();
    if (next.done === true) return next.value;
    yield null;
  }
}
