// What an entry did, in the making.

import type { KvWrite } from "../contract.ts";
import type { ApiError } from "../api/errors.ts";
import { pushWrites } from "../kv/overlay.ts";
import type { Applied, Store } from "./apply.ts";
import type { Origin } from "./commands/command.ts";

/** An entry that did nothing but being applied. */
export function nothing(store: Store): Applied {
  return { store, writes: [], lease: null, change: null, outcome: null };
}

/** One that is answered with an error. */
export function refused(store: Store, origin: Origin, error: ApiError): Applied {
  const outcome = { kind: "call", origin, result: { ok: false, error } } as const;
  return { ...nothing(store), outcome };
}

export function withWrites(store: Store, writes: readonly KvWrite[]): Store {
  if (writes.length === 0) return store;
  return { ...store, overlay: pushWrites(store.overlay, store.applied, writes) };
}
