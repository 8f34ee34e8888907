import { describe, expect, it } from "vitest";
import { allocate, copyOf } from "./allocate.ts";
import type { Writer } from "./binary.ts";
import { encoded, writeRaw } from "./binary.ts";

const SIZES = [0, 1, 64, 65, 300, 4096, 4097, 70_000];

describe("small arrays of bytes", () => {
  it("begin as zeros, and nothing else is ever written into them", () => {
    const kept: Uint8Array[] = [];
    for (let round = 1; round <= 40; round++) {
      for (const size of SIZES) {
        const piece = allocate(size);
        expect(piece.length).toBe(size);
        expect(piece.every((byte) => byte === 0)).toBe(true);
        kept.push(piece.fill(round));
      }
    }
    const strangers = kept.filter((piece, at) => {
      const round = Math.floor(at / SIZES.length) + 1;
      return piece.some((byte) => byte !== round);
    });
    expect(strangers).toEqual([]);
  });

  it("are copies of what they were copied from", () => {
    const source = Uint8Array.from({ length: 5000 }, (_, at) => at % 251);
    const bounds = [
      [0, 5000],
      [7, 7],
      [100, 400],
    ] as const;
    for (const [from, to] of bounds) {
      const copy = copyOf(source, from, to);
      expect([...copy]).toEqual([...source.subarray(from, to)]);
    }
    const copy = copyOf(source, 1, 3);
    source.fill(0);
    expect([...copy]).toEqual([1, 2]);
  });
});

describe("bytes that are encoded", () => {
  it("stay as they are when others are encoded after them, or in the midst of them", () => {
    const one = Uint8Array.of(1);
    const outer = encoded((writer) => {
      writeRaw(writer, one);
      writeRaw(
        writer,
        encoded((inner) => writeRaw(inner, Uint8Array.of(2, 2))),
      );
      writeRaw(writer, one);
    });
    encoded((writer) => writeRaw(writer, Uint8Array.of(9, 9, 9, 9)));
    expect([...outer]).toEqual([1, 2, 2, 1]);
  });

  it("are whole after an encoding that was broken off", () => {
    expect(() => encoded(breakOff)).toThrow("enough");
    expect([...encoded((writer) => writeRaw(writer, Uint8Array.of(1)))]).toEqual([1]);
  });
});

function breakOff(writer: Writer): void {
  writeRaw(writer, Uint8Array.of(7));
  throw new Error("enough");
}
