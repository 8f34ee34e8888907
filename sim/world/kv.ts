// A simulated key-value store: one persistent map, so that a root is a snapshot and costs nothing.
// The durable root moves by commits alone. The visible root may be any state between the last
// committed and the last issued batch, and may move back within these bounds: the contract promises
// no more, and core/kv/overlay.ts must hide it.

import type { Bytes, Index, KvReader, KvWrite, Table } from "../../core/contract.ts";
import { assertStorable } from "../../core/kv/limits.ts";
import { decodeKeyValue, encodeKeyValue } from "../../core/kv/tables.ts";
import { assert, must } from "../../core/lib/assert.ts";
import { ABOVE_ALL } from "../../core/lib/bytes.ts";
import {
  createOrderedMap,
  entries,
  entriesDescending,
  get,
  type OrderedMap,
  remove,
  set,
} from "../../core/lib/ordered-map.ts";
import type { Fates } from "./random.ts";

/** `durable`: reads show nothing before its commit. `issued`: at once. `any`: by chance, each time.
 *  */
export type Visibility = "durable" | "issued" | "any";

/** What may become of one row of a key that nobody deleted, without anybody being told: a bit of
 *  its value is wrong, or it is gone. */
export type Harm = "flip" | "lose";

/** The whole content after entry `applied`. Immutable: keep it, compare it, read it. */
export type KvRoot = Readonly<{
  applied: Index;
  map: OrderedMap<string, Uint8Array>; // a char for the table, then the key
  contentBytes: number;
  fileBytes: number; // the most that it ever was: only a defragmentation gives room back
}>;

export const EMPTY_ROOT: KvRoot = {
  applied: 0 as Index,
  map: createOrderedMap(),
  contentBytes: 0,
  fileBytes: 0,
};

const PREFIXES: Readonly<Record<Table, string>> = {
  meta: "a",
  members: "b",
  keys: "c",
  leases: "d",
  alarms: "e",
  auth: "f",
};

/** Equal contents do not fill the pages of two stores alike. */
const UNEVEN_BYTES = 100;

export class SimKv {
  readonly reader: KvReader;
  /** So many its node has read so far. */
  rowsRead = 0;
  readonly #node: number;
  readonly #fates: Fates;
  readonly #visibility: Visibility;
  #durable: KvRoot;
  #visible: KvRoot;
  #issued: readonly KvRoot[] = []; // not yet durable, oldest first
  #staged: KvRoot | null = null;

  constructor(node: number, fates: Fates, visibility: Visibility, root: KvRoot = EMPTY_ROOT) {
    this.#node = node;
    this.#fates = fates;
    this.#visibility = visibility;
    this.#durable = root;
    this.#visible = root;
    this.reader = counted(
      readerOf(() => this.#visible, node * UNEVEN_BYTES),
      () => void (this.rowsRead += 1),
    );
  }

  /** Takes a batch: atomic, and in order. */
  apply(applied: Index, writes: readonly KvWrite[]): void {
    const last = this.#issued.at(-1) ?? this.#durable;
    assert(applied >= last.applied, `a batch of ${applied} after one of ${last.applied}`);
    this.#issued = [...this.#issued, written(last, applied, writes)];
    this.#look(applied);
  }

  /** Everything up to `applied` is durable, and visible. */
  commit(applied: Index): void {
    const committed = this.#issued.filter((root) => root.applied <= applied);
    this.#issued = this.#issued.slice(committed.length);
    this.#durable = committed.at(-1) ?? this.#durable;
    this.#look(applied);
  }

  /** A store may have committed more than it had time to say. */
  crash(keep: "none" | "some" | "all"): void {
    const most = this.#issued.length;
    const some = this.#fates.below(most + 1, "kv.crash", this.#node, this.#durable.applied);
    const kept = keep === "some" ? some : keep === "all" ? most : 0;
    this.#durable = this.#issued[kept - 1] ?? this.#durable;
    this.#visible = this.#durable;
    this.#issued = [];
    this.#staged = null;
  }

  /** The `nth` row from the newest back is harmed, wherever it shows. False: there is none. */
  harm(how: Harm, nth: number): boolean {
    const rows = harmable(this.#durable, how);
    const key = rows[rows.length - 1 - (nth % rows.length)];
    if (key === undefined) return false;
    this.#durable = harmed(this.#durable, key, how);
    this.#visible = harmed(this.#visible, key, how);
    this.#issued = this.#issued.map((root) => harmed(root, key, how));
    return true;
  }

  /** The file holds its content, and nothing else. */
  defragment(): void {
    this.#durable = defragmented(this.#durable);
    this.#visible = defragmented(this.#visible);
    this.#issued = this.#issued.map(defragmented);
  }

  get appliedDurable(): Index {
    return this.#durable.applied;
  }

  get durable(): KvRoot {
    return this.#durable;
  }

  get visible(): KvRoot {
    return this.#visible;
  }

  /** The content of a received image, aside, until it is installed. */
  stage(applied: Index, writes: Iterable<KvWrite>): void {
    this.#staged = written(EMPTY_ROOT, applied, writes);
  }

  /** The staged image takes the place of everything, at once and durably. */
  install(applied: Index): void {
    const staged = must(this.#staged, `no image is staged, ${applied} is wanted`);
    assert(staged.applied === applied, `${staged.applied} is staged, ${applied} is wanted`);
    this.#durable = staged;
    this.#visible = staged;
    this.#issued = [];
    this.#staged = null;
  }

  #look(applied: Index): void {
    const last = this.#issued.at(-1) ?? this.#durable;
    if (this.#visibility === "issued") this.#visible = last;
    else if (this.#visibility === "durable") this.#visible = this.#durable;
    else {
      const choices = [this.#durable, ...this.#issued];
      const durable = this.#durable.applied;
      const at = this.#fates.below(choices.length, "kv.look", this.#node, applied, durable);
      this.#visible = must(choices[at], "a root");
    }
  }
}

/** Reads one root, or whichever `root` answers at the time. */
export function readerOf(root: () => KvRoot, wastedBytes = 0): KvReader {
  return {
    get: (table, key) => get(root().map, PREFIXES[table] + key),
    *scan(table, from, to, reverse = false) {
      const low = PREFIXES[table] + from;
      const high = PREFIXES[table] + to;
      const walk = reverse ? entriesDescending : entries;
      for (const [key, value] of walk(root().map, low, high)) yield [key.slice(1) as Bytes, value];
    },
    sizeBytes: () => root().fileBytes,
    sizeInUseBytes: () => root().contentBytes + wastedBytes,
  };
}

function counted(reader: KvReader, count: () => void): KvReader {
  return {
    ...reader,
    get: (table, key) => {
      count();
      return reader.get(table, key);
    },
    *scan(table, from, to, reverse) {
      for (const row of reader.scan(table, from, to, reverse)) {
        count();
        yield row;
      }
    },
  };
}

/** The content of a root as the writes that make it from nothing. */
export function* writesOf(root: KvRoot): Generator<KvWrite, void, undefined> {
  const reader = readerOf(() => root);
  for (const table of ["meta", "members", "keys", "leases", "alarms", "auth"] as const) {
    for (const [key, value] of reader.scan(table, "" as Bytes, ABOVE_ALL)) {
      yield { kind: "put", table, key, value };
    }
  }
}

/** Of "keys": values that are not empty, oldest first. What is lost must be the last that was
 *  written of its key: a later row would tell of it, and the member would not even start. */
function harmable(root: KvRoot, how: Harm): readonly Bytes[] {
  const [rows, last] = [new Map<Bytes, Bytes>(), new Map<Bytes, Bytes>()];
  for (const [row, bytes] of readerOf(() => root).scan("keys", "" as Bytes, ABOVE_ALL)) {
    const { key, value } = must(decodeKeyValue(bytes), "a row can be read");
    if (value.length > 0) rows.set(row, key);
    last.set(key, row);
  }
  return [...rows].flatMap(([row, key]) => (how === "flip" || last.get(key) === row ? [row] : []));
}

function harmed(root: KvRoot, row: Bytes, how: Harm): KvRoot {
  const key = PREFIXES.keys + row;
  const bytes = get(root.map, key);
  if (bytes === null) return root;
  if (how === "lose") return { ...root, map: remove(root.map, key) };
  const kv = must(decodeKeyValue(bytes), "a row can be read");
  const value = kv.value.with(0, (kv.value[0] ?? 0) ^ 1);
  return { ...root, map: set(root.map, key, encodeKeyValue({ ...kv, value })) };
}

function defragmented(root: KvRoot): KvRoot {
  return { ...root, fileBytes: root.contentBytes };
}

/** The root with these writes, in order. */
export function written(root: KvRoot, applied: Index, writes: Iterable<KvWrite>): KvRoot {
  let { map, contentBytes, fileBytes } = root;
  for (const write of writes) {
    assertStorable(write);
    const key = PREFIXES[write.table] + write.key;
    const before = get(map, key);
    if (before !== null) contentBytes -= key.length + before.length;
    if (write.kind === "put") {
      map = set(map, key, write.value);
      contentBytes += key.length + write.value.length;
    } else if (before !== null) map = remove(map, key);
    if (contentBytes > fileBytes) fileBytes = contentBytes;
  }
  return { applied, map, contentBytes, fileBytes };
}
