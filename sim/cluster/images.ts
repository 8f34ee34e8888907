// The image of a store as it goes from node to node: made of what is durable there, staged whole or
// not at all.

import type { SnapshotMeta } from "../../core/contract.ts";
import { readApplied } from "../../core/kv/tables.ts";
import { must } from "../../core/lib/assert.ts";
import { encoded, writeRaw } from "../../core/lib/binary.ts";
import { createImageDecoder, decodeImage, encodeImage } from "../../core/storage/snapshot.ts";
import type { SimKv } from "../world/kv.ts";
import { readerOf } from "../world/kv.ts";
import type { SimNode } from "./sim-node.ts";

/** What the store holds durably, with what it is the outcome of. */
export function imageOf(kv: SimKv): readonly [meta: SnapshotMeta, bytes: Uint8Array] {
  const root = kv.durable;
  const reader = readerOf(() => root);
  const meta = readApplied(reader);
  const image = encoded((writer) => {
    for (const chunk of encodeImage(reader, meta)) writeRaw(writer, chunk);
  });
  return [meta, image];
}

/** Null: nobody is there to take it, or it was damaged on its way. */
export function stage(node: SimNode, bytes: Uint8Array): SnapshotMeta | null {
  if (node.status === "crashed") return null;
  const decoded = decodeImage(createImageDecoder(), bytes);
  if (!decoded.ok || !decoded.value.decoder.complete) return null;
  const meta = must(decoded.value.decoder.meta, "a complete image has its meta");
  node.kv.stage(meta.index, decoded.value.writes);
  return meta;
}
