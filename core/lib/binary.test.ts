// What a reader makes of bytes that promise more than they hold.

import { describe, expect, it } from "vitest";
import {
  byteString,
  createReader,
  encoded,
  ITEMS_MAX,
  readByte,
  readByteString,
  readList,
  readText,
  writeByteString,
  writeRaw,
  writeText,
  writeVarint,
} from "./binary.ts";

describe("a reader", () => {
  it("makes no list that claims more items than there are bytes", () => {
    const reader = createReader(encoded((writer) => writeVarint(writer, 2 ** 40)));
    let made = 0;
    expect(readList(reader, () => made++)).toEqual([]);
    expect([reader.failed, made]).toEqual([true, 0]);
  });

  it("makes no more items than a reader may, in all its lists together", () => {
    const half = ITEMS_MAX / 2;
    const bytes = encoded((writer) => {
      for (let list = 0; list < 3; list++) {
        writeVarint(writer, half);
        writeRaw(writer, new Uint8Array(half));
      }
    });
    const reader = createReader(bytes);
    expect(readList(reader, readByte)).toHaveLength(half);
    expect(readList(reader, readByte)).toHaveLength(half);
    expect(reader.failed).toBe(false);
    expect(readList(reader, readByte)).toEqual([]);
    expect(reader.failed).toBe(true);
  });

  it("makes no text that claims more characters than there are bytes", () => {
    const reader = createReader(encoded((writer) => writeVarint(writer, 2 ** 40)));
    expect([readText(reader), reader.failed]).toEqual(["", true]);
  });
});

describe("text", () => {
  it("comes back, of any length and any characters", () => {
    for (const length of [0, 1, 7, 8, 9, 4095, 4096, 4097, 10_000]) {
      const text = Array.from({ length }, (_, at) => String.fromCharCode((at * 31) % 256)).join("");
      const bytes = encoded((writer) => writeByteString(writer, text));
      expect(readByteString(createReader(bytes))).toBe(text);
      expect(
        byteString(
          Uint8Array.from(text, (char) => char.charCodeAt(0)),
          0,
          length,
        ),
      ).toBe(text);
      const wide = `${text}\u{1f600}`;
      const reader = createReader(encoded((writer) => writeText(writer, wide)));
      expect([readText(reader), reader.failed]).toEqual([wide, false]);
    }
  });
});
