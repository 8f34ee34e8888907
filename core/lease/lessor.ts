// Leases, as every replica has them: which exist, for how long they were granted, and which keys
// hang on them. Changed by applied entries only.
//
// Grants lie in the table "leases". Attachments lie nowhere but in the rows of the keys themselves,
// so the two can never disagree; here they are kept in both directions and rebuilt at boot. How
// long a lease has left is known to a leader alone (core/lease/deadlines.ts).

import type { Bytes, KvReader, KvWrite, LeaseId } from "../contract.ts";
import { must } from "../lib/assert.ts";
import { atEnd, createReader, encoded, readVarint, writeVarint } from "../lib/binary.ts";
import { ABOVE_ALL, EMPTY, fromBytes } from "../lib/bytes.ts";
import { madeFor } from "../lib/lists.ts";
import { removeAll, setAll } from "../lib/ordered-map-batch.ts";
import type { OrderedMap } from "../lib/ordered-map.ts";
import { createOrderedMap, entries, get, has, remove, set } from "../lib/ordered-map.ts";

export type Lessor = Readonly<{
  leases: OrderedMap<Bytes, Lease>; // by `leaseKey`: ascending by id
  holders: OrderedMap<Bytes, LeaseId>; // key of the store → its lease
}>;

export type Lease = Readonly<{
  id: LeaseId;
  ttlSeconds: number;
  /** What it had left at some moment since it was last renewed; 0: all of it. Leaders note it. */
  remainingSeconds: number;
  keys: OrderedMap<Bytes, true>;
}>;
/** What the table holds. */
export type LeaseRecord = Omit<Lease, "keys">;

/** What a write did to one key: it hangs on this lease now, 0 for none. */
export type Attachment = readonly [key: Bytes, lease: bigint];

/** The keys that a lease loses, and those that it gets. */
type Moves = Readonly<{ lease: Lease | null; gone: Bytes[]; come: Map<Bytes, true> }>;

const NO_KEYS: OrderedMap<Bytes, true> = createOrderedMap();
const SIGN_BIT = 1n << 63n;

export function createLessor(): Lessor {
  return { leases: createOrderedMap(), holders: createOrderedMap() };
}

/** The lessor that a store holds: its grants, and the leases that its live keys name. A key whose
 *  lease is not there, as a store of etcd may have it, hangs on none. */
export function restoreLessor(view: KvReader, attachments: readonly Attachment[]): Lessor {
  let lessor = createLessor();
  for (const record of leasesIn(view)) lessor = withLease(lessor, { ...record, keys: NO_KEYS });
  return lessor.leases.size === 0 ? lessor : attachAll(lessor, attachments);
}

/** The grants that a store holds, ascending by id. */
export function* leasesIn(view: KvReader): Generator<LeaseRecord, void> {
  for (const [key, value] of view.scan("leases", EMPTY, ABOVE_ALL)) {
    const times = must(decodeTimes(value), "the record of a lease cannot be read");
    yield { id: idOfKey(key), ...times };
  }
}

export function findLease(lessor: Lessor, id: bigint): Lease | null {
  return get(lessor.leases, leaseKey(id));
}

export function hasLease(lessor: Lessor, id: bigint): boolean {
  return has(lessor.leases, leaseKey(id));
}

export function* allLeases(lessor: Lessor): Iterable<Lease> {
  for (const [, lease] of entries(lessor.leases)) yield lease;
}

/** The keys of a lease, in byte order. */
export function keysOf(lease: Lease): readonly Bytes[] {
  return [...entries(lease.keys)].map(([key]) => key);
}

export function grant(lessor: Lessor, id: LeaseId, ttlSeconds: number): Lessor {
  return withLease(lessor, { id, ttlSeconds, remainingSeconds: 0, keys: NO_KEYS });
}

/** What leases have left, as a leader knew it. Those that are gone meanwhile are left out. */
export function noteLeases(
  lessor: Lessor,
  checkpoints: readonly Readonly<{ id: LeaseId; remainingSeconds: number }>[],
): Readonly<{ lessor: Lessor; writes: readonly KvWrite[] }> {
  let next = lessor;
  const writes: KvWrite[] = [];
  for (const { id, remainingSeconds } of checkpoints) {
    const lease = findLease(next, id);
    if (lease === null) continue;
    const noted = { ...lease, remainingSeconds };
    next = withLease(next, noted);
    writes.push(putLease(noted));
  }
  return { lessor: next, writes };
}

/** Without the lease. Its keys must have been deleted, and with that detached, before. */
export function drop(lessor: Lessor, id: LeaseId): Lessor {
  return { ...lessor, leases: remove(lessor.leases, leaseKey(id)) };
}

/** Of several attachments of one key the last one counts. */
export function attachAll(lessor: Lessor, attachments: readonly Attachment[]): Lessor {
  const [only] = attachments;
  if (only === undefined) return lessor;
  const isLoose = only[1] === 0n && !has(lessor.holders, only[0]);
  if (isLoose && attachments.length === 1) return lessor; // as nearly every put
  const moves = new Map<bigint, Moves>();
  const held = new Map<Bytes, LeaseId>();
  const loose: Bytes[] = [];
  const movesOf = (id: bigint): Moves =>
    madeFor(moves, id, () => ({ lease: findLease(lessor, id), gone: [], come: new Map() }));
  for (const [key, lease] of new Map(attachments)) {
    const before = get(lessor.holders, key) ?? 0n;
    if (before === lease) continue;
    if (before !== 0n) movesOf(before).gone.push(key);
    const there = lease === 0n ? null : movesOf(lease);
    if (there !== null && there.lease !== null) {
      there.come.set(key, true);
      held.set(key, lease as LeaseId);
    } else if (before !== 0n) loose.push(key);
  }
  let { leases } = lessor;
  for (const [id, { lease, gone, come }] of moves) {
    if (lease === null) continue; // a store of etcd may have lost it
    const keys = setAll(removeAll(lease.keys, gone), come);
    leases = set(leases, leaseKey(id), { ...lease, keys });
  }
  return { leases, holders: setAll(removeAll(lessor.holders, loose), held) };
}

export function putLease({ id, ttlSeconds, remainingSeconds }: LeaseRecord): KvWrite {
  const value = encoded((writer) => {
    writeVarint(writer, ttlSeconds);
    if (remainingSeconds > 0) writeVarint(writer, remainingSeconds);
  });
  return { kind: "put", table: "leases", key: leaseKey(id), value };
}

export function deleteLease(id: LeaseId): KvWrite {
  return { kind: "delete", table: "leases", key: leaseKey(id) };
}

/** Eight bytes whose order is that of the signed ids. */
export function leaseKey(id: bigint): Bytes {
  const shifted = BigInt.asUintN(64, id + SIGN_BIT);
  const [high, low] = [Number(shifted >> 32n), Number(BigInt.asUintN(32, shifted))];
  const bytes = new Uint8Array(8);
  [high, low].forEach((half, which) => {
    for (let at = 0; at < 4; at++) bytes[4 * which + at] = (half >>> (24 - 8 * at)) & 0xff;
  });
  return fromBytes(bytes);
}

export function idOfKey(key: Bytes): LeaseId {
  let id = 0n;
  for (let at = 0; at < key.length; at++) id = (id << 8n) | BigInt(key.charCodeAt(at));
  return BigInt.asIntN(64, id - SIGN_BIT) as LeaseId;
}

function withLease(lessor: Lessor, lease: Lease): Lessor {
  return { ...lessor, leases: set(lessor.leases, leaseKey(lease.id), lease) };
}

/** Of the record of a grant that nobody has noted anything about since. Null: it is no such. */
export function readTtlSeconds(record: Uint8Array): number | null {
  const times = decodeTimes(record);
  return times === null || times.remainingSeconds > 0 ? null : times.ttlSeconds;
}

function decodeTimes(bytes: Uint8Array): Omit<LeaseRecord, "id"> | null {
  const reader = createReader(bytes);
  const ttlSeconds = readVarint(reader);
  const remainingSeconds = atEnd(reader) ? 0 : readVarint(reader);
  return reader.failed || !atEnd(reader) ? null : { ttlSeconds, remainingSeconds };
}
