// Before a member serves, its store may give back the room of free pages, where that is enough to
// be worth the time (--bootstrap-defrag-threshold-megabytes). The words and fields are etcd's.

import type { Log } from "../observe/log.ts";
import type { KvStore } from "./kv-store.ts";

const MEGABYTE = 1024 * 1024;

/** A store that cannot be copied is as good as it was: the member starts. */
export async function defragmentAtStart(
  store: KvStore,
  thresholdMegabytes: number,
  log: Log,
): Promise<void> {
  if (thresholdMegabytes === 0) return;
  const size = store.reader.sizeBytes();
  const inUse = store.reader.sizeInUseBytes();
  const threshold = thresholdMegabytes * MEGABYTE;
  if (size - inUse < threshold) {
    return log("info", "Skipping defragmentation", {
      "current-db-size-bytes": size,
      "current-db-size-in-use-bytes": inUse,
      "bootstrap-defrag-threshold-bytes": threshold,
    });
  }
  log("info", "starting defragment", { "current-db-size-bytes": size });
  const reason = await store.defragment();
  if (reason !== null) return log("warn", "failed to defragment", { error: reason });
  log("info", "finished defragment", { "current-db-size-bytes": store.reader.sizeBytes() });
}
