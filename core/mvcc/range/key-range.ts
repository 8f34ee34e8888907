// Which keys a request is about.

import type { Bytes } from "../../contract.ts";
import { ABOVE_ALL } from "../../lib/bytes.ts";

/** [from, to); `to` null means the one key `from`. */
export type KeyRange = Readonly<{ from: Bytes; to: Bytes | null }>;

/** etcd's convention: no end is one key, "\0" is everything from the key on. */
export function keyRange(key: Bytes, rangeEnd: Bytes): KeyRange {
  if (rangeEnd === "") return { from: key, to: null };
  return { from: key, to: rangeEnd === "\0" ? ABOVE_ALL : rangeEnd };
}
