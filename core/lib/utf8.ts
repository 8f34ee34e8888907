// UTF-8 as protobuf demands it of a `string`, and etcd of metadata: a byte sequence that is not
// exactly one encoding of a text is malformed. Pure, because TextDecoder is not part of the
// language. Strings are rare on etcd's wire (names, URLs, versions), so this is short rather than
// fast.

import type { Bytes } from "../contract.ts";
import { fromText } from "./bytes.ts";

/** A lone surrogate has no encoding and becomes U+FFFD. */
export function encodeUtf8(text: string): Bytes {
  return fromText(text.toWellFormed());
}

/** The text, or null where the bytes are no UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  let text = "";
  let at = 0;
  while (at < bytes.length) {
    const lead = bytes[at++] as number;
    const more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if ((lead >= 0x80 && lead < 0xc2) || lead > 0xf4 || at + more > bytes.length) return null;
    let point = more === 0 ? lead : lead & (0x3f >> more);
    for (let nth = 0; nth < more; nth++) {
      const byte = bytes[at++] as number;
      if ((byte & 0xc0) !== 0x80) return null;
      point = (point << 6) | (byte & 0x3f);
    }
    if (more === 2 && (point < 0x800 || (point >= 0xd800 && point <= 0xdfff))) return null;
    if (more === 3 && (point < 0x10000 || point > 0x10ffff)) return null;
    text += String.fromCodePoint(point);
  }
  return text;
}
