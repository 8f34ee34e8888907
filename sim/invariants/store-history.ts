// What the store held after each entry: folded from what the first node that applied it wrote. A
// backup must hold just that, table by table, as of one entry.

import type { Bytes, Effect, Index, KvWrite, Term } from "../../core/contract.ts";
import type { Table } from "../../core/contract.ts";
import { fromBytes, quote } from "../../core/lib/bytes.ts";
import { BUCKETS, META } from "../../net/bolt/backend.ts";
import { DIGEST_BYTES } from "../../net/bolt/pieces.ts";
import { bucketsIn, openBolt, startReading } from "../../net/bolt/reader.ts";
import type { Bolt } from "../../net/bolt/reader.ts";
import { restoredWrites } from "../../net/bolt/restore.ts";

type Batch = Extract<Effect, { kind: "kv" }>;
type Rows = Map<string, Uint8Array>; // by table and key

/** What a backup keeps as it is. Members are new, and with them what is said about the log. */
const KEPT: readonly Table[] = ["keys", "leases", "auth", "alarms"];
const NOWHERE = { index: 0 as Index, term: 0 as Term, voters: [], learners: [] };
const NOBODY = { members: [], bumpRevision: 0, applied: NOWHERE };

export class StoreHistory {
  readonly #batches: Batch[] = [];

  note(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind !== "kv") continue;
      const last = this.#batches.at(-1)?.applied ?? -1;
      if (effect.applied > last) this.#batches.push(effect);
    }
  }

  /** What is wrong with a backup; null: nothing. False: of that entry nobody knows, because nodes
   *  applied it together with others. */
  judge(file: Uint8Array): string | null | false {
    const bytes = file.subarray(0, -DIGEST_BYTES);
    const opened = openBolt({
      sizeBytes: bytes.length,
      read: (at, length) => bytes.subarray(at, at + length),
    });
    if (!opened.ok) return opened.error;
    const index = indexOf(opened.value);
    const reading = startReading(opened.value);
    const held = rowsOf(restoredWrites(reading, NOBODY));
    if (reading.trouble !== null) return reading.trouble;
    const at = this.#batches.findIndex(({ applied }) => applied === index);
    if (at < 0) return false;
    const should = rowsOf(this.#batches.slice(0, at + 1).flatMap(({ writes }) => writes));
    return difference(held, should, index);
  }
}

function rowsOf(writes: Iterable<KvWrite>): Rows {
  const rows: Rows = new Map();
  for (const write of writes) {
    if (!KEPT.includes(write.table)) continue;
    const name = `${write.table} ${quote(write.key)}`;
    if (write.kind === "put") rows.set(name, write.value);
    else rows.delete(name);
  }
  return rows;
}

function difference(held: Rows, should: Rows, index: number): string | null {
  for (const [name, value] of should) {
    const own = held.get(name);
    if (own === undefined) return `the backup of entry ${index} lacks ${name}`;
    if (fromBytes(own) !== fromBytes(value))
      return `the backup of entry ${index} has another ${name}`;
  }
  const extra = [...held.keys()].find((name) => !should.has(name));
  return extra === undefined ? null : `the backup of entry ${index} has ${extra}, which was gone`;
}

/** The entry that the file is the outcome of. */
function indexOf(bolt: Bolt): number {
  let index = -1;
  for (const { name, pairs } of bucketsIn(startReading(bolt))) {
    for (const [key, value] of pairs) {
      if (name !== (BUCKETS.meta as Bytes) || key !== (META.index as Bytes)) continue;
      index = Number(new DataView(value.buffer, value.byteOffset).getBigUint64(0));
    }
  }
  return index;
}
