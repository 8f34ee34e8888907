import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Bytes, Index, KvReader, KvWrite, NodeId, SnapshotMeta, Term } from "../contract.ts";
import { crc32c } from "../lib/crc32c.ts";
import { createImageDecoder, decodeImage, encodeImage, type ImageDecoder } from "./snapshot.ts";

const META: SnapshotMeta = {
  index: 70_000 as Index,
  term: 3 as Term,
  voters: [1n as NodeId, 0xffff_ffff_ffff_fffen as NodeId],
  learners: [7n as NodeId],
};

type Outcome = Readonly<{
  decoder: ImageDecoder;
  writes: readonly KvWrite[];
  error: string | null;
}>;

/** A store of these puts, which are sorted by table and key. */
function readerOf(puts: readonly KvWrite[]): KvReader {
  return {
    get: () => null,
    *scan(table) {
      for (const put of puts) {
        if (put.kind === "put" && put.table === table) yield [put.key, put.value];
      }
    },
    sizeBytes: () => 0,
    sizeInUseBytes: () => 0,
  };
}

function decodeAll(chunks: readonly Uint8Array[]): Outcome {
  let decoder = createImageDecoder();
  const writes: KvWrite[] = [];
  for (const chunk of chunks) {
    const result = decodeImage(decoder, chunk);
    if (!result.ok) return { decoder, writes, error: result.error };
    decoder = result.value.decoder;
    writes.push(...result.value.writes);
  }
  return { decoder, writes, error: null };
}

function putOf(table: "meta" | "members" | "keys", key: string, value: Uint8Array): KvWrite {
  return { kind: "put", table, key: key as Bytes, value };
}

const PUTS = [
  putOf("meta", "applied", Uint8Array.of(7)),
  putOf("keys", "\x00\xff", new Uint8Array(0)),
  ...Array.from({ length: 30 }, (_, at) => putOf("keys", `k${at}`, filled(9000, at))),
];

describe("an image", () => {
  it("comes out as it went in, chunk by chunk or several at once", () => {
    const sizes = fc.array(fc.oneof(fc.nat(50), fc.nat(40_000)), { maxLength: 12 });
    const check = fc.property(sizes, fc.integer({ min: 1, max: 9 }), (lengths, atOnce) => {
      const puts = lengths.map((length, at) => putOf("keys", `k${at}`, filled(length, at)));
      const chunks = [...encodeImage(readerOf(puts), META)];
      const { decoder, writes } = decodeAll(together(chunks, atOnce));
      expect(decoder).toMatchObject({ complete: true, meta: META, pairs: puts.length });
      expect(writes.map(fingerprint)).toEqual(puts.map(fingerprint));
    });
    fc.assert(check, { seed: 3, numRuns: 40 });
  });

  it("is split into chunks of moderate size", () => {
    const chunks = [...encodeImage(readerOf(PUTS), META)];
    expect(chunks.length).toBe(6); // a header, 270 kB in somewhat more than 64 KiB each, a trailer
    expect(Math.max(...chunks.map((chunk) => chunk.length))).toBeLessThan(80_000);
  });

  it("is refused with any bit flipped, or never completes", () => {
    const small = PUTS.slice(0, 2);
    const bytes = concatenated([...encodeImage(readerOf(small), META)]);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = bytes.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      const { decoder, error } = decodeAll([flipped]);
      expect(decoder.complete && error === null, `bit ${bit}`).toBe(false);
    }
  });

  it("is refused when chunks are lost, doubled or swapped", () => {
    const chunks = [...encodeImage(readerOf(PUTS), META)];
    for (let at = 0; at < chunks.length; at++) {
      const chunk = chunks[at] as Uint8Array;
      const rest = chunks.toSpliced(at, 1);
      expect(isAccepted(rest), `without ${at}`).toBe(false);
      expect(isAccepted(chunks.toSpliced(at, 0, chunk)), `twice ${at}`).toBe(false);
      if (at > 0) expect(isAccepted(rest.toSpliced(at - 1, 0, chunk)), `swapped ${at}`).toBe(false);
    }
    expect(isAccepted(chunks)).toBe(true);
  });

  it("never completes when it is cut short, anywhere", () => {
    const bytes = concatenated([...encodeImage(readerOf(PUTS.slice(0, 2)), META)]);
    for (let length = 0; length < bytes.length; length++) {
      expect(decodeAll([bytes.subarray(0, length)]).decoder.complete).toBe(false);
    }
  });

  it("is refused if a chunk claims more pairs than any of ours has", () => {
    expect(errorOfPairs(20_000)).toBe(null);
    expect(errorOfPairs(30_000)).toContain("makes no sense");
  });

  it("is refused when arbitrary bytes stand for it, without a throw", () => {
    const check = fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(isAccepted([bytes])).toBe(false);
    });
    fc.assert(check, { seed: 4, numRuns: 300 });
  });
});

/** What is wrong with a chunk of so many of the smallest pairs. */
function errorOfPairs(count: number): string | null {
  const [header, chunk] = [...encodeImage(readerOf([putOf("keys", "", filled(0, 0))]), META)];
  if (header === undefined || chunk === undefined) return "an image has chunks";
  const many = new Uint8Array(9 + 3 * count);
  many.set(chunk.subarray(0, 9));
  for (let at = 9; at < many.length; at += 3) many.set(chunk.subarray(9, 12), at);
  const view = new DataView(many.buffer);
  const before = new DataView(header.buffer, header.byteOffset).getUint32(4, true);
  view.setUint32(0, 3 * count, true);
  view.setUint32(4, crc32c(many.subarray(8), before), true);
  return decodeAll([header, many]).error;
}

function fingerprint(write: KvWrite): string {
  if (write.kind !== "put") return "delete";
  return `${write.table} ${write.key} ${write.value.length} ${crc32c(write.value)}`;
}

function filled(length: number, byte: number): Uint8Array {
  return new Uint8Array(length).fill(byte);
}

function isAccepted(chunks: readonly Uint8Array[]): boolean {
  const { decoder, error } = decodeAll(chunks);
  return error === null && decoder.complete;
}

function concatenated(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

function together(chunks: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  const joined: Uint8Array[] = [];
  for (let at = 0; at < chunks.length; at += count) {
    joined.push(concatenated(chunks.slice(at, at + count)));
  }
  return joined;
}
