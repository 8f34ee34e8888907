// A sequence as one line of text, to be pasted and run again. Unlike a seed it means the same when
// the arbitraries have changed.

import type { Bytes } from "../../core/contract.ts";
import { fromBytes, toBytes } from "../../core/lib/bytes.ts";
import type { Sequence } from "./step.ts";

export function writeScript(sequence: Sequence): string {
  return JSON.stringify(sequence, (_, value: unknown) => {
    if (value instanceof Uint8Array) return { bytes: fromBytes(value) };
    return typeof value === "bigint" ? { integer: String(value) } : value;
  }).replaceAll("'", "\\u0027"); // for a shell's quotes
}

/** Null: that is no script. */
export function readScript(text: string): Sequence | null {
  try {
    return JSON.parse(text, (_, value: unknown) => {
      if (typeof value !== "object" || value === null) return value;
      if ("bytes" in value) return toBytes(value.bytes as Bytes);
      return "integer" in value ? BigInt(value.integer as string) : value;
    }) as Sequence;
  } catch {
    return null;
  }
}
