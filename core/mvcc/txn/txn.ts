// Writes: put, delete, and transactions of both with reads between them. One request is one main
// revision, or none where it changes nothing. A request happens whole or has no effect, on every
// replica alike.

import type { KvReader, KvWrite, Result } from "../../contract.ts";
import type {
  DeleteRangeRequest,
  KvResponse,
  PutRequest,
  RangeRequest,
  TxnRequest,
} from "../../api/request.ts";
import { assert, must } from "../../lib/assert.ts";
import { UNLIMITED } from "../budget.ts";
import type { LeaseExists } from "./check.ts";
import { check } from "./check.ts";
import { choosePath } from "./compare.ts";
import type { HeaderFill } from "./kv-work.ts";
import { beginKv, continueKv } from "./kv-work.ts";
import { type Attachment, type Mvcc, rowsOf } from "../store.ts";

export type AppliedKv = Readonly<{
  mvcc: Mvcc;
  writes: readonly KvWrite[];
  attachments: readonly Attachment[];
  result: Result<KvResponse>;
}>;

const NO_LEASE: LeaseExists = () => false; // where there is no put, nobody asks

/** Executes one replicated request, all at once. An error means that nothing happened. */
export function applyKv(
  mvcc: Mvcc,
  view: KvReader,
  request: PutRequest | DeleteRangeRequest | TxnRequest,
  fill: HeaderFill,
  leaseExists: LeaseExists,
): AppliedKv {
  const begun = beginKv(mvcc, request, true);
  const budget = { ...UNLIMITED };
  const { work, writes, attachments, result } = continueKv(begun, view, fill, leaseExists, budget);
  const told = must(result, "without a limit, all is done");
  if (!told.ok) return { mvcc, writes: [], attachments: [], result: told };
  return { mvcc: work.mvcc, writes, attachments, result: told };
}

/** The ranges of a transaction that can only read, and whether its compares held. */
export function chooseRanges(
  mvcc: Mvcc,
  view: KvReader,
  request: TxnRequest,
): Result<Readonly<{ succeeded: boolean; ranges: readonly RangeRequest[] }>> {
  const path = choosePath(mvcc, rowsOf(view), request);
  const error = check(mvcc, path, NO_LEASE);
  if (error !== null) return { ok: false, error };
  const ranges = path.operations.filter((operation) => operation.kind === "range");
  assert(ranges.length === path.operations.length, "a transaction that can only read writes");
  return { ok: true, value: { succeeded: path.succeeded, ranges } };
}
