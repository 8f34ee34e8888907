// From what clients saw to what a judge of the key-value store needs: calls that say nothing about
// keys are left out, refusals that do say something are answers, and stale reads are told apart.

import type { KvRequest, KvResponse, RequestOp, Response } from "../../core/api/request.ts";
import type { Operation } from "../history.ts";

/** A refusal that depends on the store is an observation of it, like any answer. */
export type Reply = KvResponse | Readonly<{ kind: "error"; name: string }>;
export type KeyOperation = Operation<KvRequest, Reply>;

/** What is compacted is the business of compactions.ts. */
const OBSERVING_ERRORS: readonly string[] = ["KeyNotFound", "FutureRevision"];

export function historyOfKeys(history: readonly Operation[]): readonly KeyOperation[] {
  const kept: KeyOperation[] = [];
  for (const operation of history) {
    const { input, outcome } = operation;
    if (!isKeyRequest(input)) continue;
    // A serializable read may be of any age, so for a judge it began before everything.
    const call = isStale(input) ? Number.NEGATIVE_INFINITY : operation.call;
    const base = { ...operation, input, call };
    if (outcome.kind === "unknown") {
      if (mayWrite(input)) kept.push({ ...base, return: null, outcome });
    } else if (outcome.kind === "ok") {
      if (isKeyResponse(outcome.output)) {
        kept.push({ ...base, outcome: { kind: "ok", output: outcome.output } });
      }
    } else if (OBSERVING_ERRORS.includes(outcome.error.name)) {
      const output: Reply = { kind: "error", name: outcome.error.name };
      kept.push({ ...base, outcome: { kind: "ok", output } });
    }
  }
  return kept;
}

/** Could this request change the store, in some state? */
export function mayWrite(request: RequestOp): boolean {
  switch (request.kind) {
    case "range":
    case "empty":
      return false;
    case "put":
    case "delete_range":
      return true;
    case "txn":
      return [...request.success, ...request.failure].some(mayWrite);
  }
}

/** Did the operation that was answered so change the store? */
export function changes(reply: Reply): boolean {
  switch (reply.kind) {
    case "range":
    case "error":
      return false;
    case "put":
      return true;
    case "delete_range":
      return reply.deleted > 0;
    case "txn":
      return reply.responses.some(changes);
  }
}

/** Served by one member from what it has: a serializable range, and, as etcd has it, a transaction
 *  of nothing but serializable ranges (none at all included). */
function isStale(request: KvRequest): boolean {
  if (request.kind === "range") return request.serializable;
  if (request.kind !== "txn") return false;
  const ops = [...request.success, ...request.failure];
  return ops.every((op) => op.kind === "range" && op.serializable);
}

function isKeyRequest(request: Operation["input"]): request is KvRequest {
  const { kind } = request;
  return kind === "range" || kind === "put" || kind === "delete_range" || kind === "txn";
}

function isKeyResponse(response: Response): response is KvResponse {
  const { kind } = response;
  return kind === "range" || kind === "put" || kind === "delete_range" || kind === "txn";
}
