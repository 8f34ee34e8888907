// The journal: what every revision changed, and when it was first applied anywhere. Clients never
// see it. Whoever judges what watches told needs it, because a write of unknown outcome may or may
// not have happened.
//
// It is read off the rows that nodes write, the first node for each entry: that all write the same
// is an oracle of its own.

import type { Effect } from "../../core/contract.ts";
import { decodeKeyValue } from "../../core/kv/tables.ts";
import { decodeRowKey } from "../../core/mvcc/revision.ts";
import type { Micros } from "../run/frame.ts";
import type { SimChange, SimStored } from "./history.ts";

type Making = { readonly revision: number; readonly at: Micros; readonly events: SimStored[] };

const NO_VALUE = new Uint8Array(0);

export class Journal {
  readonly #changes: Making[] = [];
  #applied = 0;

  note(at: Micros, effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind !== "kv" || effect.applied <= this.#applied) continue;
      this.#applied = effect.applied;
      const known = this.#changes.at(-1)?.revision ?? 1;
      for (const write of effect.writes) {
        if (write.kind !== "put" || write.table !== "keys") continue;
        const [row, kv] = [decodeRowKey(write.key), decodeKeyValue(write.value)];
        if (row === null || kv === null) continue; // the oracle of equal stores speaks up
        if (row.main <= known) continue; // an earlier node's batch ended within this one
        this.#add(at, row.main, row.tombstone ? gone(kv.key, row.main) : { kind: "put", kv });
      }
    }
  }

  changes(): readonly SimChange[] {
    return this.#changes;
  }

  #add(at: Micros, revision: number, event: SimStored): void {
    const last = this.#changes.at(-1);
    if (last?.revision === revision) last.events.push(event);
    else this.#changes.push({ revision, at, events: [event] });
  }
}

/** Of a deletion nothing but the key and the revision is told. */
function gone(key: SimStored["kv"]["key"], modRevision: number): SimStored {
  const nothing = { createRevision: 0, version: 0, value: NO_VALUE, lease: 0n };
  return { kind: "delete", kv: { ...nothing, key, modRevision } };
}
