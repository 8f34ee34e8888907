// What a large world begins with: every member was restored from one backup. Its rows are made by
// the product's own transactions, and what they were goes into the history, for whoever judges what
// clients see later.

import type { Request, Response, TxnRequest } from "../../core/api/request.ts";
import { putOf } from "../../core/api/testing.ts";
import {
  configurationOf,
  putGenesis,
  putMember,
  sortedMembers,
} from "../../core/membership/membership.ts";
import type { Member } from "../../core/membership/membership.ts";
import type {
  Bytes,
  ClusterId,
  Index,
  KvWrite,
  LeaseId,
  NodeId,
  Term,
} from "../../core/contract.ts";
import { putApplied } from "../../core/kv/tables.ts";
import { putLease } from "../../core/lease/lessor.ts";
import { fromText } from "../../core/lib/bytes.ts";
import { restoreMvcc } from "../../core/mvcc/store.ts";
import { applyKv } from "../../core/mvcc/txn/txn.ts";
import { createWal, NO_HARD_STATE, resetWal } from "../../core/storage/wal.ts";
import type { WalIdentity } from "../../core/storage/wal.ts";
import type { DiskImage, Files } from "../world/disk-files.ts";
import { filesOf, imageOf, perform } from "../world/disk-files.ts";
import type { KvRoot } from "../world/kv.ts";
import { EMPTY_ROOT, readerOf, written } from "../world/kv.ts";
import type { Sizes } from "../options/sizes.ts";

/** The entry of which the stock is the outcome: all that there is of the log, as in a cluster that
 *  was restored. */
type Origin = Readonly<{ index: Index; term: Term }>;

export type InitialData = Readonly<{
  origin: Origin;
  root: KvRoot;
  writes: readonly KvWrite[]; // all of it, in the order in which it was made
  past: readonly Readonly<{ input: Request; output: Response }>[];
}>;

/** The lease that keys of the stock hang on. */
export const STOCK_LEASE = 777n as LeaseId;
/** Outside what most clients touch. */
export const STOCK: Readonly<{ key: Bytes; end: Bytes }> = {
  key: "b/" as Bytes,
  end: "b0" as Bytes,
};
const PUTS_AT_ONCE = 1000;
const NOBODY = { clusterId: 0n as ClusterId, memberId: 0n as NodeId, raftTerm: 0 };

export function stockKey(number: number): Bytes {
  return fromText(`${STOCK.key}${String(number).padStart(7, "0")}`);
}

let latest: Readonly<{ name: string; stock: InitialData }> | null = null;

/** Null: members begin with nothing. Runs of one campaign share a stock, which nobody changes. */
export function stockOf(sizes: Sizes, members: readonly Member[]): InitialData | null {
  const { keys, valueBytes, leased, leaseSeconds, pastEntries, pastTerms } = sizes;
  if (keys === 0 && pastEntries === 0 && pastTerms === 0) return null;
  const past = [pastEntries, pastTerms];
  const name = [members.length, keys, valueBytes, leased, leaseSeconds, ...past].join();
  if (latest?.name !== name) latest = { name, stock: createInitialData(sizes, members) };
  return latest.stock;
}

/** The log of a member that begins so. */
export function diskOfStock(
  { origin }: InitialData,
  identity: WalIdentity,
  segmentBytes: number,
): DiskImage {
  const { wal, ops } = createWal(identity, segmentBytes);
  const hard = { ...NO_HARD_STATE, term: origin.term, commit: origin.index };
  const files: Files = filesOf([]);
  for (const op of [...ops, ...resetWal(wal, origin, hard).ops]) perform(files, op);
  return imageOf(files);
}

function createInitialData(sizes: Sizes, founders: readonly Member[]): InitialData {
  const origin: Origin = {
    index: (1 + sizes.pastEntries) as Index,
    term: (1 + sizes.pastTerms) as Term,
  };
  const members = sortedMembers(founders);
  const past: InitialData["past"][number][] = [];
  const writes: KvWrite[] = [];
  const { leased, leaseSeconds } = sizes;
  if (leased > 0) {
    writes.push(putLease({ id: STOCK_LEASE, ttlSeconds: leaseSeconds, remainingSeconds: 0 }));
    const granted = { id: STOCK_LEASE, ttlSeconds: leaseSeconds };
    const header = { ...NOBODY, revision: 1 };
    past.push({
      input: { kind: "lease_grant", ...granted },
      output: { kind: "lease_grant", header, ...granted },
    });
  }
  let root = written(EMPTY_ROOT, origin.index, writes);
  let mvcc = restoreMvcc(readerOf(() => root));
  for (let first = 0; first < sizes.keys; first += PUTS_AT_ONCE) {
    const input = putsFrom(first, sizes);
    const applied = applyKv(
      mvcc,
      readerOf(() => root),
      input,
      NOBODY,
      () => true,
    );
    if (!applied.result.ok) throw new Error(`the stock is refused: ${applied.result.error.name}`);
    mvcc = applied.mvcc;
    root = written(root, origin.index, applied.writes);
    for (const write of applied.writes) writes.push(write);
    past.push({ input, output: applied.result.value });
  }
  const last = [
    ...members.map(putMember),
    putGenesis(members),
    putApplied({ ...origin, ...configurationOf(members) }),
  ];
  for (const write of last) writes.push(write);
  return { origin, root: written(root, origin.index, last), writes, past };
}

function putsFrom(first: number, { keys, valueBytes, leased }: Sizes): TxnRequest {
  const count = Math.min(PUTS_AT_ONCE, keys - first);
  const success = Array.from({ length: count }, (_, nth) => {
    const number = first + nth;
    const value = new Uint8Array(valueBytes).fill(number);
    const lease = number < leased ? STOCK_LEASE : 0n;
    return { ...putOf("", ""), key: stockKey(number), value, lease: lease as LeaseId };
  });
  return { kind: "txn", compare: [], success, failure: [] };
}
