// Base64 as Go's standard encoding reads it: padded, strict, line ends ignored.

import type { Bytes } from "../contract.ts";
import { EMPTY } from "./bytes.ts";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Null: these letters are no base64. */
export function decodeBase64(text: string): Bytes | null {
  const letters = text.replaceAll(/[\r\n]/g, "");
  if (letters.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(letters)) return null;
  let bytes: string = EMPTY;
  for (let at = 0; at < letters.length; at += 4) {
    const four = letters.slice(at, at + 4);
    const padding = four.length - four.replaceAll("=", "").length;
    let bits = 0;
    for (const letter of four) bits = bits * 64 + Math.max(0, LETTERS.indexOf(letter));
    const three = String.fromCharCode(bits >> 16, (bits >> 8) & 0xff, bits & 0xff);
    bytes += three.slice(0, 3 - padding);
  }
  return bytes as Bytes;
}
