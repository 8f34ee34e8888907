// Messages of the wire as one line of text, for people and for comparing: what is zero is left out,
// as on the wire.

import type { Bytes } from "../../../core/contract.ts";
import { fromBytes, quote, toBytes } from "../../../core/lib/bytes.ts";
import { crc32c } from "../../../core/lib/crc32c.ts";
import { nameOfSymbol } from "./symbols.ts";

export function show(value: unknown): string {
  if (value instanceof Uint8Array) return showBytes(fromBytes(value));
  if (typeof value === "string") return showBytes(value as Bytes);
  if (typeof value === "bigint") return nameOfSymbol(value) ?? String(value);
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  const fields = Object.entries(value).filter(([, part]) => !isZero(part));
  return `{${fields.map(([name, part]) => `${name}: ${show(part)}`).join(", ")}}`;
}

function isZero(value: unknown): boolean {
  if (value instanceof Uint8Array || Array.isArray(value)) return value.length === 0;
  return value === 0 || value === false || value === "" || value === null || value === undefined;
}

function showBytes(bytes: Bytes): string {
  if (bytes.length < 200) return `"${quote(bytes)}"`;
  return `${bytes.length} bytes with crc ${crc32c(toBytes(bytes))}`;
}
