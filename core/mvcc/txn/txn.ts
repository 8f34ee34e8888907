// Writes: put, delete, and transactions of both with reads between them. One request is one main
// revision, or none where it changes nothing. A request happens whole or has no effect, on every
// replica alike.

import type { KvReader, KvWrite, Result } from "../../contract.ts";
import type { DeleteRangeRequest, KvResponse, PutRequest, TxnRequest } from "../../api/request.ts";
import { must } from "../../lib/assert.ts";
import { UNLIMITED } from "../budget.ts";
import type { LeaseExists } from "./check.ts";
import type { HeaderFill } from "./kv-work.ts";
import { beginKv, continueKv } from "./kv-work.ts";
import type { Attachment, Mvcc } from "../store.ts";

export type AppliedKv = Readonly<{
  mvcc: Mvcc;
  writes: readonly KvWrite[];
  attachments: readonly Attachment[];
  result: Result<KvResponse>;
}>;

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
