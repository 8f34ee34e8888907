// Requests, answers and pairs in the words of people. One line each, the same on every machine.

import type { Compare, KeyValue, RequestOp } from "../../core/api/request.ts";
import type { Reply } from "./history-of-keys.ts";

export function describeRequest(request: RequestOp): string {
  switch (request.kind) {
    case "range":
      return `range ${describeKeys(request.key, request.rangeEnd)}${optionsOf([
        [request.revision > 0, `at revision ${request.revision}`],
        [request.serializable, "serializable"],
        [request.limit > 0, `limit ${request.limit}`],
        [request.countOnly, "count only"],
        [request.keysOnly, "keys only"],
      ])}`;
    case "put": {
      const value = request.ignoreValue ? "its own value" : describeValue(request.value);
      return `put ${describeKey(request.key)} = ${value}`;
    }
    case "delete_range":
      return `delete ${describeKeys(request.key, request.rangeEnd)}`;
    case "txn": {
      const conditions = request.compare.map(describeCompare).join(" and ");
      return (
        `txn if ${conditions === "" ? "true" : conditions} ` +
        `{ ${request.success.map(describeRequest).join("; ")} } ` +
        `else { ${request.failure.map(describeRequest).join("; ")} }`
      );
    }
    case "empty":
      return "nothing";
  }
}

export function describeReply(reply: Reply): string {
  switch (reply.kind) {
    case "range": {
      const pairs = reply.kvs.map(describePair).join(", ");
      const shown = pairs === "" ? `${reply.count} keys` : pairs;
      return `${shown} (revision ${reply.header.revision})`;
    }
    case "put":
      return `revision ${reply.header.revision}`;
    case "delete_range":
      return `${reply.deleted} deleted (revision ${reply.header.revision})`;
    case "txn": {
      const branch = reply.succeeded ? "succeeded" : "did not succeed";
      return `${branch} (revision ${reply.header.revision})`;
    }
    case "error":
      return `the error ${reply.name}`;
  }
}

export function describePair(pair: KeyValue | null): string {
  if (pair === null) return "nothing";
  const { key, value, modRevision, createRevision, version } = pair;
  const revisions = `mod ${modRevision}, create ${createRevision}, version ${version}`;
  return `${describeKey(key)} = ${describeValue(value)} (${revisions})`;
}

/** Printable ASCII as it is, the rest as \xNN. */
export function describeKey(key: string): string {
  let text = "";
  for (let at = 0; at < key.length; at++) text += describeByte(key.charCodeAt(at));
  return text === "" ? '""' : text;
}

export function describeKeys(key: string, rangeEnd: string): string {
  if (rangeEnd === "") return describeKey(key);
  return `[${describeKey(key)}, ${rangeEnd === "\0" ? "end" : describeKey(rangeEnd)})`;
}

/** Microseconds as seconds, without floating point. */
export function describeTime(micros: number): string {
  if (!Number.isSafeInteger(micros)) return "the beginning";
  const text = String(micros).padStart(7, "0");
  return `${text.slice(0, -6)}.${text.slice(-6)}s`;
}

function describeValue(value: Uint8Array): string {
  const shown = Array.from(value.subarray(0, 24), describeByte).join("");
  const rest = value.length > 24 ? `… (${value.length} bytes)` : "";
  return `"${shown}"${rest}`;
}

function describeByte(byte: number): string {
  const isPrintable = byte > 0x20 && byte < 0x7f && byte !== 0x5c;
  return isPrintable ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
}

function describeCompare(compare: Compare): string {
  const { target } = compare;
  let operand = "";
  if (target.kind === "value") operand = describeValue(target.operand);
  else if (target.kind !== "invalid") operand = String(target.operand);
  const keys = describeKeys(compare.key, compare.rangeEnd);
  return `${target.kind}(${keys}) ${compare.result.replace("_", " ")} ${operand}`;
}

function optionsOf(options: readonly (readonly [boolean, string])[]): string {
  return options
    .filter(([isOn]) => isOn)
    .map(([, text]) => ` ${text}`)
    .join("");
}
