// What simulated clients saw. The shape is that of checker/history.ts, so that a history goes to
// the judge as it is; the types stand here too because a simulator must not know its judge.

import type { ApiError } from "../core/api/errors.ts";
import type { Request, Response } from "../core/api/request.ts";

/** One call of one client. Times are virtual microseconds; intervals are closed. */
export type SimOperation = Readonly<{
  id: number; // position in the history, from 0
  client: number;
  input: Request;
  call: number;
  return: number | null; // null: outcome unknown
  outcome: SimOutcome;
}>;

export type SimOutcome = Readonly<
  | { kind: "ok"; output: Response }
  | { kind: "failed"; error: ApiError } // certainly did not happen
  | { kind: "unknown"; error: ApiError | null } // timed out, disconnected, still running at the end
>;
