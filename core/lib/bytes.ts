// Byte strings: a JavaScript string with one char per byte. Immutable, `===` and `<` give etcd's
// order, one byte of memory per char in V8, and they fit a map.
//
// Two traps. A string built by `+` is a rope until first flattened, so build keys with one
// `fromBytes`. And TextDecoder("latin1") is windows-1252, which remaps 0x80–0x9F: so the loop
// below.

import type { Bytes } from "../contract.ts";
import { byteString } from "./binary.ts";

export const EMPTY: Bytes = "" as Bytes;

/** An exclusive end above every key that can be stored (a longer key of 0xFF sorts below 256). */
export const ABOVE_ALL: Bytes = "\u0100" as Bytes;

export function fromBytes(bytes: Uint8Array): Bytes {
  return byteString(bytes, 0, bytes.length);
}

export function toBytes(text: Bytes): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/** The UTF-8 bytes of a text, as a byte string: what a client that sends this text sends. */
export function fromText(text: string): Bytes {
  if (isAscii(text)) return text as Bytes;
  let out = "";
  for (const char of text) {
    const point = char.codePointAt(0) as number;
    if (point < 0x80) out += char;
    else if (point < 0x800) out += chars(0xc0 | (point >> 6), 0x80 | (point & 63));
    else if (point < 0x10000) {
      out += chars(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
    } else {
      out += chars(0xf0 | (point >> 18), 0x80 | ((point >> 12) & 63));
      out += chars(0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
    }
  }
  return out as Bytes;
}

/** The smallest byte string above every string with this prefix; null when there is none (all
 *  0xFF). */
export function prefixEnd(prefix: Bytes): Bytes | null {
  for (let last = prefix.length - 1; last >= 0; last--) {
    const byte = prefix.charCodeAt(last);
    if (byte < 0xff) return (prefix.slice(0, last) + String.fromCharCode(byte + 1)) as Bytes;
  }
  return null;
}

/** For people: printable ASCII as it is, the rest as \xNN. */
export function quote(text: Bytes): string {
  let out = "";
  for (let at = 0; at < text.length; at++) {
    const byte = text.charCodeAt(at);
    const printable = byte > 0x20 && byte < 0x7f && byte !== 0x5c;
    out += printable ? text.charAt(at) : `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return out;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

/** Byte-wise order, a prefix before what it begins: negative, zero or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at++) {
    const difference = (a[at] as number) - (b[at] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) >= 0x80) return false;
  return true;
}

function chars(...codes: number[]): string {
  return String.fromCharCode(...codes);
}
