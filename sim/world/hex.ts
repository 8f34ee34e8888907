// Bytes in files and schedules, as text.

import { must } from "../../core/lib/assert.ts";

export function hexOf(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function bytesOf(hex: string): Uint8Array {
  const pairs = hex.match(/../g) ?? [];
  return Uint8Array.from(pairs, (pair) => must(parseInt(pair, 16), "two hex digits"));
}
