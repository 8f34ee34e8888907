// A range in one go: small ones, and those of tests.

import type { KvReader, Result } from "../../contract.ts";
import type { KeyValue, RangeRequest } from "../../api/request.ts";
import { beginRange, continueRange, endOf, type RangeBudget, type RangeEnd } from "./range-walk.ts";
import { type Mvcc, rowsOf } from "../store.ts";

export type Ranged = Readonly<{ kvs: readonly KeyValue[] } & RangeEnd>;

const WHOLE: RangeBudget = { rows: Infinity, bytes: Infinity };

/** The answer to a range request, but for its header. */
export function range(mvcc: Mvcc, view: KvReader, request: RangeRequest): Result<Ranged> {
  const begun = beginRange(mvcc, request);
  if (!begun.ok) return begun;
  const { walk, kvs } = continueRange(begun.value, rowsOf(view), WHOLE);
  return { ok: true, value: { kvs, ...endOf(walk) } };
}
