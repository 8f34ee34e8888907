// A sequence as one line of text, to be pasted and run again. Unlike a seed it means the same when
// the arbitraries have changed.

import type { Bytes } from "../../../core/contract.ts";
import { fromBytes, toBytes } from "../../../core/lib/bytes.ts";
import type { Sequence } from "./step.ts";

export function writeScript(sequence: Sequence): string {
  return JSON.stringify(sequence, (_, value: unknown) => {
    if (value instanceof Uint8Array) return bytesOut(value);
    return typeof value === "bigint" ? { integer: String(value) } : value;
  }).replaceAll("'", "\\u0027"); // for a shell's quotes
}

/** Large values are one byte many times. */
function bytesOut(bytes: Uint8Array): unknown {
  const [fill] = bytes;
  const isUniform = bytes.length > 100 && bytes.every((byte) => byte === fill);
  return isUniform ? { fill, length: bytes.length } : { bytes: fromBytes(bytes) };
}

/** Null: that is no script. */
export function readScript(text: string): Sequence | null {
  try {
    return JSON.parse(text, (_, value: unknown) => {
      if (typeof value !== "object" || value === null) return value;
      if ("bytes" in value) return toBytes(value.bytes as Bytes);
      if (Object.hasOwn(value, "fill")) {
        const { fill, length } = value as Readonly<{ fill: number; length: number }>;
        return new Uint8Array(length).fill(fill);
      }
      return "integer" in value ? BigInt(value.integer as string) : value;
    }) as Sequence;
  } catch {
    return null;
  }
}
