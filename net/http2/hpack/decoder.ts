// Header blocks to header fields (RFC 7541). One decoder per connection: each block may change the
// dynamic table, so every block must be decoded, in order, even where nobody wants its fields.

import { fromBytes } from "../../../core/lib/bytes.ts";
import { createField, sizeOf, STATIC_TABLE } from "./header-field.ts";
import type { Field } from "./header-field.ts";
import { decodeHuffman } from "./huffman.ts";

/** After "malformed" the table is unknown: the connection is lost. "too large" is about this list
 *  alone. */
export type DecodedBlock = readonly Field[] | "malformed" | "too large";

/** What this side allows the dynamic table to be: the default, which is never changed. */
export const TABLE_BYTES_MAX = 4096;

const NAMES_MAX = STATIC_TABLE.length;
const INTEGER_MAX = 0xffffff; // far above any length that a block can have

export class HpackDecoder {
  readonly #listBytesMax: number;
  readonly #table: Field[] = []; // the newest is the last
  #tableBytes = 0;
  #tableBytesMax = TABLE_BYTES_MAX;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;
  #failed = false;
  #scratch = new Uint8Array(256);

  constructor(listBytesMax: number) {
    this.#listBytesMax = listBytesMax;
  }

  decode(bytes: Uint8Array, from: number, to: number): DecodedBlock {
    this.#bytes = bytes;
    this.#at = from;
    this.#end = to;
    this.#failed = false;
    this.#readResizes();
    const fields: Field[] = [];
    let size = 0;
    while (this.#at < to && !this.#failed) {
      const field = this.#readField();
      if (field === null) return "malformed";
      size += sizeOf(field);
      if (size <= this.#listBytesMax) fields.push(field);
    }
    if (this.#failed) return "malformed";
    return size <= this.#listBytesMax ? fields : "too large";
  }

  /** Changes of the table's size come first in a block, or not at all. */
  #readResizes(): void {
    while (this.#at < this.#end && ((this.#bytes[this.#at] as number) & 0xe0) === 0x20) {
      const size = this.#readInteger(0x1f);
      if (size > TABLE_BYTES_MAX) this.#failed = true;
      this.#tableBytesMax = Math.min(size, TABLE_BYTES_MAX);
      this.#evict(this.#tableBytesMax);
    }
  }

  #readField(): Field | null {
    const first = this.#bytes[this.#at] as number;
    if (first >= 0x80) return this.#fieldAt(this.#readInteger(0x7f));
    if (first >= 0x40) {
      const field = this.#readLiteral(0x3f);
      if (field !== null) this.#insert(field);
      return field;
    }
    return first >= 0x20 ? null : this.#readLiteral(0x0f); // 0x20: a resize where none may be
  }

  #readLiteral(mask: number): Field | null {
    const index = this.#readInteger(mask);
    const name = index === 0 ? this.#readString() : this.#fieldAt(index)?.name;
    const value = this.#readString();
    return name === undefined || this.#failed ? null : createField(name, value);
  }

  #fieldAt(index: number): Field | null {
    if (index <= NAMES_MAX) return STATIC_TABLE[index - 1] ?? null;
    return this.#table[this.#table.length - (index - NAMES_MAX)] ?? null;
  }

  #insert(field: Field): void {
    const size = sizeOf(field);
    this.#evict(this.#tableBytesMax - size);
    if (size > this.#tableBytesMax) return; // by now the table is empty, as it should be
    this.#table.push(field);
    this.#tableBytes += size;
  }

  #evict(bytesMax: number): void {
    let gone = 0;
    while (this.#tableBytes > bytesMax && gone < this.#table.length) {
      this.#tableBytes -= sizeOf(this.#table[gone] as Field);
      gone++;
    }
    if (gone > 0) this.#table.splice(0, gone);
  }

  #readString(): string {
    if (this.#at >= this.#end) return this.#fail();
    const huffman = (this.#bytes[this.#at] as number) >= 0x80;
    const length = this.#readInteger(0x7f);
    const from = this.#at;
    if (this.#failed || length > this.#end - from) return this.#fail();
    this.#at = from + length;
    if (!huffman) return fromBytes(this.#bytes.subarray(from, this.#at));
    if (2 * length > this.#scratch.length) this.#scratch = new Uint8Array(2 * length);
    const size = decodeHuffman(this.#bytes, from, this.#at, this.#scratch);
    return size < 0 ? this.#fail() : fromBytes(this.#scratch.subarray(0, size));
  }

  /** The low bits of one byte, or, where they are all ones, so much more as the next bytes say. */
  #readInteger(mask: number): number {
    let value = (this.#bytes[this.#at++] as number) & mask;
    if (value < mask) return value;
    for (let unit = 1; value <= INTEGER_MAX && this.#at < this.#end; unit *= 0x80) {
      const byte = this.#bytes[this.#at++] as number;
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
      if (unit > INTEGER_MAX) break; // zeros without an end
    }
    this.#failed = true;
    return 0;
  }

  #fail(): "" {
    this.#failed = true;
    return "";
  }
}
