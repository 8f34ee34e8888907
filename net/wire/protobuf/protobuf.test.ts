// What the codec reads besides its own writing, and what it refuses. The bytes are spelt out: tag,
// then value, where a tag is 8 × number + wire type.

import { describe, expect, it } from "vitest";
import { createCodec, DEPTH_MAX, TOO_MANY_ITEMS } from "./protobuf.ts";
import type { Codec } from "./protobuf.ts";

const SCHEMA = {
  Inner: { a: [1, "int64"], b: [2, "int64"], list: [3, "enum Choice", "repeated"] },
  Outer: {
    number: [1, "int64"],
    inner: [2, "Inner"],
    text: [3, "string"],
    left: [4, "Inner", "oneof"],
    right: [5, "int64", "oneof"],
    blob: [6, "bytes"],
    small: [7, "uint32"],
  },
  Nest: { nest: [1, "Nest"] },
} as const;
const codec: Codec<typeof SCHEMA> = createCodec(SCHEMA);

const INNER = { a: 0, b: 0, list: [] };
const OUTER = {
  number: 0,
  inner: null,
  text: "",
  left: null,
  right: null,
  blob: new Uint8Array(0),
  small: 0,
};

describe("the protobuf codec reads", () => {
  it("nothing as zeros", () => {
    expect(outer()).toEqual(OUTER);
  });

  it("the last of several scalars", () => {
    expect(outer(0x08, 1, 0x08, 2)).toEqual({ ...OUTER, number: 2 });
  });

  it("pieces of an embedded message as one message", () => {
    const pieces = [0x12, 2, 0x08, 1, 0x12, 2, 0x10, 2];
    expect(outer(...pieces)).toEqual({ ...OUTER, inner: { ...INNER, a: 1, b: 2 } });
  });

  it("repeated scalars packed, unpacked and mixed", () => {
    const mixed = [0x1a, 2, 1, 2, 0x18, 3, 0x1a, 1, 4];
    expect(outer(0x12, mixed.length, ...mixed).inner).toEqual({ ...INNER, list: [1, 2, 3, 4] });
  });

  it("the last choice of a oneof, even if it is zero", () => {
    expect(outer(0x28, 5, 0x22, 0)).toEqual({ ...OUTER, left: INNER });
    expect(outer(0x22, 2, 0x08, 1, 0x28, 0)).toEqual({ ...OUTER, right: 0 });
  });

  it("a choice that comes back after another from the beginning", () => {
    const again = [0x22, 2, 0x08, 1, 0x28, 5, 0x22, 2, 0x10, 2];
    expect(outer(...again)).toEqual({ ...OUTER, left: { ...INNER, b: 2 } });
  });

  it("over unknown fields of every wire type", () => {
    const varint = [0xf8, 0x01, 0xff, 0x01];
    const fixed64 = [0xf9, 0x01, 1, 2, 3, 4, 5, 6, 7, 8];
    const run = [0xfa, 0x01, 3, 1, 2, 3];
    const group = [0xfb, 0x01, 0x0b, 0x08, 7, 0x0c, 0xfc, 0x01]; // with a group inside
    const fixed32 = [0xfd, 0x01, 1, 2, 3, 4];
    const unknown = [...varint, ...fixed64, ...run, ...group, ...fixed32];
    expect(outer(...unknown, 0x08, 9, ...unknown)).toEqual({ ...OUTER, number: 9 });
  });

  it("over a known field with another wire type, as an unknown one", () => {
    expect(outer(0x0d, 1, 2, 3, 4, 0x10, 1, 0x08, 3)).toEqual({ ...OUTER, number: 3 });
  });

  it("varints that are longer than they need to be", () => {
    expect(outer(0x88, 0x00, 0x85, 0x80, 0x00)).toEqual({ ...OUTER, number: 5 });
  });

  it("the low 32 bits of what should have 32", () => {
    const minusOne = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    expect(outer(0x38, ...minusOne).small).toBe(0xffff_ffff);
    expect(outer(0x12, 11, 0x18, ...minusOne).inner).toEqual({ ...INNER, list: [-1] });
  });

  it("Node's buffers, without keeping their memory", () => {
    const buffer = Buffer.from([0x32, 2, 7, 8]);
    const decoded = codec.decode("Outer", buffer);
    buffer.fill(0);
    expect(decoded).toEqual({ ok: true, value: { ...OUTER, blob: new Uint8Array([7, 8]) } });
  });
});

describe("the protobuf codec refuses", () => {
  it.each([
    ["a varint without an end", [0x08, 0xff]],
    ["a varint of more than 64 bits", [0x08, ...Array<number>(9).fill(0xff), 0x02]],
    ["a varint of eleven bytes", [0x08, ...Array<number>(10).fill(0x80), 0x00]],
    ["a run longer than the message", [0x32, 5, 1]],
    ["a run longer than memory", [0x32, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]],
    ["an inner message longer than the outer", [0x12, 3, 0x08, 1]],
    ["an inner message cut in a value", [0x12, 1, 0x08]],
    ["field number zero", [0x00, 1]],
    ["a field number above 2^29", [0x80, 0x80, 0x80, 0x80, 0x10, 1]],
    ["wire types that do not exist", [0x0e, 1]],
    ["the end of a group that did not begin", [0xfc, 0x01]],
    ["a group without an end", [0xfb, 0x01, 0x08, 1]],
    ["a group with another one's end", [0xfb, 0x01, 0xf4, 0x01]],
  ])("%s", (_what, bytes) => {
    expect(codec.decode("Outer", Uint8Array.from(bytes))).toEqual({
      ok: false,
      error: "proto: cannot parse invalid wire-format data",
    });
  });

  it("text that is not UTF-8, and says so", () => {
    const error = "string field contains invalid UTF-8";
    expect(codec.decode("Outer", Uint8Array.of(0x1a, 2, 0xc3, 0x28))).toEqual({ ok: false, error });
  });

  it("more repeated items than it is told to take, in all lists together, packed or not", () => {
    const apart = [0x12, 4, 0x18, 1, 0x18, 2]; // inner.list: 1, 2
    const packed = [0x12, 4, 0x1a, 2, 3, 4];
    const bytes = Uint8Array.from([...apart, ...packed]);
    expect(codec.decode("Outer", bytes, 4).ok).toBe(true);
    expect(codec.decode("Outer", bytes, 3)).toEqual({ ok: false, error: TOO_MANY_ITEMS });
  });

  it("messages nested without end", () => {
    expect(codec.decode("Nest", nested(DEPTH_MAX)).ok).toBe(true);
    expect(codec.decode("Nest", nested(DEPTH_MAX + 1)).ok).toBe(false);
    expect(codec.decode("Nest", nested(50_000)).ok).toBe(false);
    const groups = Uint8Array.from({ length: 100_000 }, () => 0x0b);
    expect(codec.decode("Outer", groups).ok).toBe(false);
  });
});

function outer(...bytes: number[]) {
  const decoded = codec.decode("Outer", Uint8Array.from(bytes));
  if (!decoded.ok) throw new Error(decoded.error);
  return decoded.value;
}

/** A message in a message in a message. */
function nested(depth: number): Uint8Array {
  const sizes = [0]; // of the innermost, and outwards
  for (let level = 1; level <= depth; level++) {
    const inner = sizes[level - 1] as number;
    sizes.push(inner + 1 + lengthOf(inner).length);
  }
  const bytes: number[] = [];
  for (let level = depth; level >= 1; level--) {
    bytes.push(0x0a, ...lengthOf(sizes[level - 1] as number));
  }
  return Uint8Array.from(bytes);
}

function lengthOf(size: number): number[] {
  return size < 0x80 ? [size] : [(size & 0x7f) | 0x80, ...lengthOf(size >>> 7)];
}
