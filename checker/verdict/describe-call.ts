// Calls in the words of people: who asked, when, what, and what came of it. One line each.

import type { Request, Response } from "../../core/api/request.ts";
import { describeKey, describeReply, describeRequest, describeTime } from "../model/describe.ts";
import { historyOfKeys } from "../model/history-of-keys.ts";
import type { KeyOperation } from "../model/history-of-keys.ts";
import type { Operation } from "../history.ts";

export function describeCall(operation?: KeyOperation): string {
  if (operation === undefined) return "(not in this history)";
  const { input, outcome } = operation;
  const told = outcome.kind === "ok" ? describeReply(outcome.output) : "unknown";
  return `${describeSpan(operation)} ${describeRequest(input)} → ${told}`;
}

/** Any call, of keys or not. */
export function describeAny(operation: Operation): string {
  const [only] = historyOfKeys([operation]);
  if (only !== undefined) return describeCall(only);
  const { outcome } = operation;
  const asked = `${describeSpan(operation)} ${describeOther(operation.input)}`;
  if (outcome.kind === "ok") return `${asked} → ${describeAnswer(outcome.output)}`;
  return `${asked} → ${outcome.kind === "failed" ? `the error ${outcome.error.name}` : "unknown"}`;
}

function describeSpan({
  client,
  call,
  return: end,
}: Pick<Operation, "client" | "call" | "return">) {
  return `client ${client} [${describeTime(call)}, ${end === null ? "…" : describeTime(end)}]`;
}

function describeOther(input: Request): string {
  switch (input.kind) {
    case "range":
    case "put":
    case "delete_range":
    case "txn":
      return describeRequest(input);
    case "compact":
      return `compact ${input.revision}`;
    case "lease_grant":
      return `grant lease ${input.id} for ${input.ttlSeconds} s`;
    case "lease_revoke":
    case "lease_keep_alive":
    case "lease_time_to_live":
      return `${input.kind.slice(6).replaceAll("_", " ")} of lease ${input.id}`;
    case "hash_kv":
      return `hash at revision ${input.revision}`;
    default:
      return input.kind;
  }
}

function describeAnswer(output: Response): string {
  switch (output.kind) {
    case "lease_grant":
      return `lease ${output.id} for ${output.ttlSeconds} s`;
    case "lease_keep_alive":
      return `${output.ttlSeconds} s`;
    case "lease_time_to_live":
      return (
        `${output.ttlSeconds} s left of ${output.grantedTtlSeconds} s ` +
        `(keys: ${output.keys.map(describeKey).join(", ")})`
      );
    case "hash_kv":
      return (
        `${output.hash} at revision ${output.hashRevision}, compacted ${output.compactRevision}, ` +
        `by member ${output.header.memberId}`
      );
    default:
      return "ok";
  }
}
