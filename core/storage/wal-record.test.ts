import { describe, expect, it } from "vitest";
import { encoded, writeRaw } from "../lib/binary.ts";
import { openRecord, readFrame, sealRecord } from "./wal-record.ts";

const PLACE = { sequence: 3, offset: 0 };

/** Records with these payloads, one after the other, and their checksums. */
function chain(...payloads: readonly string[]): readonly [bytes: Uint8Array, checksums: number[]] {
  const checksums: number[] = [];
  const bytes = encoded((writer) => {
    for (const payload of payloads) {
      const start = openRecord(writer);
      writeRaw(
        writer,
        Uint8Array.from(payload, (char) => char.charCodeAt(0)),
      );
      const place = { sequence: PLACE.sequence, offset: start };
      const previous = checksums.at(-1) ?? 7;
      checksums.push(sealRecord(writer, start, { kind: "append", place, previous }));
    }
  });
  return [bytes, checksums];
}

describe("a record", () => {
  it("is read as it was written, and leads to the next", () => {
    const [bytes, checksums] = chain("one", "twenty-two", "");
    const first = readFrame(bytes, PLACE)!;
    expect(first).toMatchObject({ kind: "append", checksum: checksums[0], previous: 7, end: 24 });
    expect(String.fromCharCode(...first.payload)).toBe("one");
    const second = readFrame(bytes, { ...PLACE, offset: first.end })!;
    expect(second).toMatchObject({ checksum: checksums[1], previous: checksums[0], end: 56 });
    const third = readFrame(bytes, { ...PLACE, offset: second.end })!;
    expect(third).toMatchObject({ previous: checksums[1], end: bytes.length });
    expect(third.payload.length).toBe(0);
  });

  it("is none with any bit flipped, in the padding too", () => {
    const [bytes] = chain("one");
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = bytes.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(readFrame(flipped, PLACE), `bit ${bit}`).toBe(null);
    }
  });

  it("is none when it is cut short", () => {
    const [bytes] = chain("twenty-two");
    for (let length = 0; length < bytes.length; length++) {
      expect(readFrame(bytes.subarray(0, length), PLACE)).toBe(null);
    }
  });

  it("is none at another place, or in another segment", () => {
    const [bytes] = chain("one");
    const moved = new Uint8Array(bytes.length + 8);
    moved.set(bytes, 8);
    expect(readFrame(moved, { ...PLACE, offset: 8 })).toBe(null);
    expect(readFrame(bytes, { ...PLACE, sequence: 4 })).toBe(null);
  });

  it("is none among zeros", () => {
    expect(readFrame(new Uint8Array(64), { sequence: 0, offset: 0 })).toBe(null);
  });
});
