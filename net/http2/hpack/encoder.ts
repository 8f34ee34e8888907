// Header fields to header blocks (RFC 7541). Fields that will come again take a place in the
// client's table the first time, and one byte afterwards; the blocks of lists that are sent again
// and again are kept. Strings are sent plain: Huffman would save bytes that are sent once.

import { encoded, reserve, writeByte } from "../../../core/lib/binary.ts";
import type { Writer } from "../../../core/lib/binary.ts";
import { sizeOf, STATIC_TABLE } from "./header-field.ts";
import type { Field } from "./header-field.ts";
import { TABLE_BYTES_MAX } from "./decoder.ts";

/** Worth a place in the table, or sent once. */
export type OutgoingField = Field & Readonly<{ repeats: boolean }>;
export type OutgoingFields = readonly OutgoingField[];

export class HpackEncoder {
  readonly #table: Field[] = []; // the newest is the last
  #tableBytes = 0;
  #tableBytesMax = TABLE_BYTES_MAX;
  #smallestMax: number | null = null; // since the last block: the client must hear of it
  #kept = new WeakMap<OutgoingFields, Uint8Array>();

  /** The client's setting. A larger table than the default is not used. */
  limitTable(bytesMax: number): void {
    const limit = Math.min(bytesMax, TABLE_BYTES_MAX);
    if (limit === this.#tableBytesMax) return;
    this.#smallestMax = Math.min(this.#smallestMax ?? limit, limit);
    this.#tableBytesMax = limit;
    this.#evict(limit);
    this.#kept = new WeakMap();
  }

  /** Blocks must be sent in the order in which they were made. */
  encode(fields: OutgoingFields): Uint8Array {
    const kept = this.#kept.get(fields);
    if (kept !== undefined) return kept;
    let stable = this.#smallestMax === null;
    const block = encoded((writer) => {
      this.#writeResizes(writer);
      for (const field of fields) if (!this.#write(writer, field)) stable = false;
    });
    if (stable) this.#kept.set(fields, block);
    return block;
  }

  #writeResizes(writer: Writer): void {
    if (this.#smallestMax === null) return;
    writeInteger(writer, 0x20, 0x1f, this.#smallestMax);
    if (this.#smallestMax < this.#tableBytesMax) {
      writeInteger(writer, 0x20, 0x1f, this.#tableBytesMax);
    }
    this.#smallestMax = null;
  }

  /** True: the field is known to the client, and took no more than an index. */
  #write(writer: Writer, field: OutgoingField): boolean {
    const [index, same] = this.#find(field);
    if (same) {
      writeInteger(writer, 0x80, 0x7f, index);
      return true;
    }
    const keep = field.repeats && sizeOf(field) <= this.#tableBytesMax;
    if (keep) writeInteger(writer, 0x40, 0x3f, index);
    else writeInteger(writer, 0x00, 0x0f, index);
    if (index === 0) writeString(writer, field.name);
    writeString(writer, field.value);
    if (keep) this.#insert(field);
    return false;
  }

  /** The index of the field, or else of its name, or else 0. */
  #find(field: Field): readonly [index: number, same: boolean] {
    let named = 0;
    for (let index = 1; index <= STATIC_TABLE.length + this.#table.length; index++) {
      const known = this.#fieldAt(index);
      if (known.name !== field.name) continue;
      if (known.value === field.value) return [index, true];
      named ||= index;
    }
    return [named, false];
  }

  #fieldAt(index: number): Field {
    const inTable = index - STATIC_TABLE.length;
    if (inTable <= 0) return STATIC_TABLE[index - 1] as Field;
    return this.#table[this.#table.length - inTable] as Field;
  }

  #insert(field: Field): void {
    this.#evict(this.#tableBytesMax - sizeOf(field));
    this.#table.push(field);
    this.#tableBytes += sizeOf(field);
    this.#kept = new WeakMap(); // every index is one more
  }

  #evict(bytesMax: number): void {
    while (this.#tableBytes > bytesMax) {
      this.#tableBytes -= sizeOf(this.#table.shift() as Field);
    }
  }
}

function writeString(writer: Writer, text: string): void {
  writeInteger(writer, 0x00, 0x7f, text.length);
  reserve(writer, text.length);
  for (let at = 0; at < text.length; at++) writer.bytes[writer.length++] = text.charCodeAt(at);
}

function writeInteger(writer: Writer, pattern: number, mask: number, value: number): void {
  if (value < mask) return writeByte(writer, pattern | value);
  writeByte(writer, pattern | mask);
  let rest = value - mask;
  for (; rest >= 0x80; rest >>>= 7) writeByte(writer, (rest & 0x7f) | 0x80);
  writeByte(writer, rest);
}
