// What clients saw: the only evidence a judge may use. Types of the API, none of its values.

import type { ApiError } from "../core/api/errors.ts";
import type { Request, Response } from "../core/api/request.ts";

/** One call of one client. Times are microseconds of one clock (virtual, or a real monotonic one).
 *  Intervals are closed: a call at the very time of another's return is concurrent with it. */
export type Operation<I = Request, O = Response> = Readonly<{
  id: number; // position in the history, from 0
  client: number;
  input: I;
  call: number;
  /** Null while the outcome is unknown: the call may take effect at any time from `call` on, or
   *  never. */
  return: number | null;
  outcome: Outcome<O>;
}>;

export type Outcome<O = Response> = Readonly<
  | { kind: "ok"; output: O }
  | { kind: "failed"; error: ApiError } // certainly did not happen
  | { kind: "unknown"; error: ApiError | null } // timed out, disconnected, still running at the end
>;
