// The compares of a transaction, and of the transactions within it, choose what will be executed.
// They all see the store as it was before the transaction.

import type { Compare, CompareResult, KeyValue, RequestOp, TxnRequest } from "../../api/request.ts";
import type { Bytes } from "../../contract.ts";
import { must } from "../../lib/assert.ts";
import { compareBytes, EMPTY } from "../../lib/bytes.ts";
import { type Budget, isSpent, spend } from "../budget.ts";
import { liveVersions, type Version } from "../key-index.ts";
import { keyRange } from "../range/key-range.ts";
import type { Mvcc, ReadRow } from "../store.ts";

/** A transaction of which the branch is chosen, all the way down. */
export type Path = Readonly<{ kind: "path"; succeeded: boolean; operations: readonly PathOp[] }>;
export type PathOp = Exclude<RequestOp, TxnRequest> | Path;

const NO_VERSION: Version = { main: 0, sub: 0, created: 0, version: 0 };
const NO_ROW: KeyValue = {
  key: EMPTY,
  createRevision: 0,
  modRevision: 0,
  version: 0,
  value: new Uint8Array(0),
  lease: 0n,
};

/** How far the choosing has come: what was decided of the transactions that were met, in order,
 *  and where the one that is under way has come to. */
export type Choice = Readonly<{
  decided: readonly boolean[];
  compare: number; // which one of its compares
  from: Bytes | null; // the key that this one looks at next; null: it has looked at none
}>;

export const NO_CHOICE: Choice = { decided: [], compare: 0, from: null };

type Choosing = {
  readonly mvcc: Mvcc;
  readonly readRow: ReadRow;
  readonly budget: Budget;
  choice: Choice;
  met: number; // transactions
};

/** One piece more. Path null: there is more to look at. */
export function continueChoice(
  mvcc: Mvcc,
  readRow: ReadRow,
  txn: TxnRequest,
  choice: Choice,
  budget: Budget,
): Readonly<{ path: Path | null; choice: Choice }> {
  const choosing: Choosing = { mvcc, readRow, budget, choice, met: 0 };
  const path = choose(choosing, txn);
  return { path, choice: choosing.choice };
}

function choose(choosing: Choosing, txn: TxnRequest): Path | null {
  const { decided } = choosing.choice;
  const succeeded = decided[choosing.met++] ?? decide(choosing, txn);
  if (succeeded === null) return null;
  const operations: PathOp[] = [];
  for (const operation of succeeded ? txn.success : txn.failure) {
    const chosen = operation.kind === "txn" ? choose(choosing, operation) : operation;
    if (chosen === null) return null;
    operations.push(chosen);
  }
  return { kind: "path", succeeded, operations };
}

function decide(choosing: Choosing, { compare: compares }: TxnRequest): boolean | null {
  let succeeded = true;
  while (succeeded && choosing.choice.compare < compares.length) {
    const compare = must(compares[choosing.choice.compare] ?? null, "there is one left");
    const held = holds(choosing, compare);
    if (held === null) return null;
    succeeded = held;
    choosing.choice = { ...choosing.choice, compare: choosing.choice.compare + 1, from: null };
  }
  const decided = [...choosing.choice.decided, succeeded];
  choosing.choice = { decided, compare: 0, from: null };
  return succeeded;
}

/** For every key of the range. Where there is none, a value never compares; all else is zero. Null:
 *  there are more keys than could be looked at. */
function holds(choosing: Choosing, compare: Compare): boolean | null {
  const { mvcc, readRow, budget } = choosing;
  const keys = keyRange(compare.key, compare.rangeEnd);
  const from = choosing.choice.from ?? keys.from;
  let some = false;
  for (const [key, version] of liveVersions(mvcc.index, { ...keys, from })) {
    if (isSpent(budget)) {
      choosing.choice = { ...choosing.choice, from: key };
      return null;
    }
    spend(budget, 1);
    some = true;
    if (!agrees(compare.result, differenceOf(compare, version, readRow))) return false;
  }
  if (some) return true;
  spend(budget, 1);
  if (compare.target.kind === "value") return false;
  return agrees(
    compare.result,
    differenceOf(compare, NO_VERSION, () => NO_ROW),
  );
}

/** Negative, zero or positive, as what is stored lies below, at or above the operand. */
function differenceOf({ target }: Compare, stored: Version, readRow: ReadRow): number {
  switch (target.kind) {
    case "version":
      return stored.version - target.operand;
    case "create":
      return stored.created - target.operand;
    case "mod":
      return stored.main - target.operand;
    case "value":
      return compareBytes(readRow(stored).value, target.operand);
    case "lease": {
      const { lease } = readRow(stored);
      return lease < target.operand ? -1 : lease > target.operand ? 1 : 0;
    }
    case "invalid": // as in etcd, an unknown target always finds both sides equal
      return 0;
  }
}

function agrees(result: CompareResult, difference: number): boolean {
  switch (result) {
    case "equal":
      return difference === 0;
    case "not_equal":
      return difference !== 0;
    case "greater":
      return difference > 0;
    case "less":
      return difference < 0;
    case "invalid":
      return true;
  }
}
