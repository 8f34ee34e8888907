// A body of JSON values, one behind the other, cut into its values as the bytes arrive. It keeps
// the value that has begun, and no more of it than is allowed.

import { createWriter, writeRaw } from "../../core/lib/binary.ts";
import type { Writer } from "../../core/lib/binary.ts";
import { JsonScanner } from "./json-scanner.ts";

/** `text` is a value that is well-formed, a char for each byte. */
export type Cut = Readonly<
  | { kind: "value"; text: string }
  | { kind: "wrong"; fault: string }
  | { kind: "too large"; bytes: number }
>;

/** Go's words for a body that stops in the middle of a value. */
const CUT_OFF: Cut = { kind: "wrong", fault: "unexpected EOF" };

export class JsonValues {
  readonly #bytesMax: number;
  #scanner = new JsonScanner();
  #kept: Writer | null = null; // of the value that has begun
  #over = false;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The values that end in these bytes. After one that is wrong there are no more. */
  feed(bytes: Uint8Array): readonly Cut[] {
    const found: Cut[] = [];
    let at = 0;
    while (!this.#over && at < bytes.length) {
      const end = this.#scanner.feed(bytes, at, bytes.length);
      if (this.#scanner.fault !== "") return this.#last(found, wrong(this.#scanner.fault));
      if (end < 0) {
        if (this.#scanner.isBlank) return found;
        const size = (this.#kept?.length ?? 0) + bytes.length - at;
        if (size > this.#bytesMax) {
          return this.#last(found, { kind: "too large", bytes: size });
        }
        this.#keep(bytes.subarray(at));
        return found;
      }
      found.push(this.#cut(bytes.subarray(at, end)));
      at = end;
    }
    return found;
  }

  /** The last value, where only the end of the body says that it is one; null: there is none. */
  end(): Cut | null {
    if (this.#over || this.#scanner.isBlank) return null;
    return this.#scanner.isWholeNumber ? this.#cut(new Uint8Array(0)) : CUT_OFF;
  }

  #keep(bytes: Uint8Array): void {
    this.#kept ??= createWriter(bytes.length);
    writeRaw(this.#kept, bytes);
  }

  #cut(rest: Uint8Array): Cut {
    this.#scanner = new JsonScanner();
    let whole = rest;
    if (this.#kept !== null) {
      writeRaw(this.#kept, rest);
      whole = this.#kept.bytes.subarray(0, this.#kept.length);
      this.#kept = null;
    }
    if (whole.length > this.#bytesMax) return { kind: "too large", bytes: whole.length };
    const { buffer, byteOffset, length } = whole;
    const text = Buffer.from(buffer, byteOffset, length).toString("latin1");
    return { kind: "value", text: text.trimStart() };
  }

  #last(found: Cut[], cut: Cut): readonly Cut[] {
    this.#over = true;
    this.#kept = null;
    found.push(cut);
    return found;
  }
}

function wrong(fault: string): Cut {
  return { kind: "wrong", fault };
}
