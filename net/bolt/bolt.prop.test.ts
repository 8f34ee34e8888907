// Write → read gives the same, whatever the pairs; and no damage leads a reader astray.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Bytes } from "../../core/contract.ts";
import { fromBytes } from "../../core/lib/bytes.ts";
import { PAGE_BYTES, readHeader } from "./format.ts";
import { bucketsIn, checkBolt, openBolt, startReading } from "./reader.ts";
import { boltOf, contentOf, sourceOf, type Content } from "./testing.ts";

const SEED = 20261121;

const bytes = (most: number): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    { weight: 9, arbitrary: fc.uint8Array({ minLength: 0, maxLength: 60 }) },
    {
      weight: 1,
      arbitrary: fc
        .integer({ min: 60, max: most })
        .map((length) => new Uint8Array(length).fill(length)),
    },
  );
const key = fc.oneof(
  { weight: 20, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 20 }).map(fromBytes) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1000, max: 9000 }).map((n) => `${n}`.padEnd(n, "k") as Bytes),
  },
);
const bucket = fc
  .uniqueArray(fc.tuple(key, bytes(20_000)), {
    selector: ([name]) => name,
    maxLength: 300,
    size: "max",
  })
  .map((pairs) => pairs.toSorted(([a], [b]) => (a < b ? -1 : 1)));
const content: fc.Arbitrary<Content> = fc
  .uniqueArray(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 9 }).map(fromBytes), bucket), {
    selector: ([name]) => name,
    maxLength: 5,
  })
  .map((buckets) => buckets.toSorted(([a], [b]) => (a < b ? -1 : 1)));

describe("a bbolt file", () => {
  it("gives back what was written into it", () => {
    fc.assert(
      fc.property(content, (written) => {
        const opened = openBolt(sourceOf(boltOf(written)));
        if (!opened.ok) throw new Error(opened.error);
        const [found, trouble] = contentOf(opened.value);
        expect(trouble).toBe(null);
        expect(found).toEqual(written);
      }),
      { seed: SEED, numRuns: 30 },
    );
  });

  it("has two children at least in every branch, and three levels where they are needed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 700 }), (count) => {
        const pairs = Array.from({ length: count }, (_, at) => {
          const name = at.toString().padStart(5, "0").padEnd(800, ".") as Bytes;
          return [name, new Uint8Array(2000)] as const;
        });
        const file = boltOf([["many" as Bytes, pairs]]);
        for (let at = 3 * PAGE_BYTES; at < file.length; at += PAGE_BYTES) {
          const { flags, count: children } = readHeader(file.subarray(at));
          if (flags === 1) expect(children).toBeGreaterThan(1);
        }
        const opened = openBolt(sourceOf(file));
        expect(opened.ok && checkBolt(opened.value)).toBe(null);
      }),
      { seed: SEED, numRuns: 30 },
    );
  });

  it("is refused, or read without harm, whatever bytes are changed or cut off", () => {
    const pairs = Array.from({ length: 400 }, (_, at) => {
      return [`key-${at.toString().padStart(4, "0")}` as Bytes, new Uint8Array(at)] as const;
    });
    const small = [["a" as Bytes, new Uint8Array(1)]] as const;
    const whole = boltOf([
      ["alpha" as Bytes, small],
      ["beta" as Bytes, pairs],
      ["empty" as Bytes, []],
    ]);
    const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
    const header = fc.tuple(
      fc
        .nat(whole.length / PAGE_BYTES - 1)
        .chain((page) => fc.nat(200).map((at) => page * PAGE_BYTES + at)),
      fc.nat(255),
    );
    let refused = 0;
    fc.assert(
      fc.property(
        fc.array(fc.oneof(change, header), { minLength: 1, maxLength: 5 }),
        fc.option(fc.nat(whole.length), { freq: 5 }),
        (changes, length) => {
          const file = whole.slice();
          for (const [at, byte] of changes) file[at] = byte;
          const opened = openBolt(sourceOf(file.subarray(0, length ?? file.length)));
          const reading = opened.ok ? startReading(opened.value) : null;
          let read = 0;
          if (reading !== null) {
            for (const found of bucketsIn(reading))
              for (const pair of found.pairs) read += pair.length;
          }
          expect(read).toBeLessThan(20_000);
          if (reading === null || reading.trouble !== null) refused += 1;
        },
      ),
      { seed: SEED, numRuns: 2000 },
    );
    expect(refused).toBeGreaterThan(500);
  });

  it("is refused when it has no meta page, and read when one of the two is damaged", () => {
    const file = boltOf([["a" as Bytes, [["k" as Bytes, new Uint8Array(3)]]]]);
    const damaged = file.slice();
    damaged[20] = 9;
    expect(openBolt(sourceOf(damaged)).ok).toBe(true);
    damaged[PAGE_BYTES + 30] = 9;
    damaged[PAGE_BYTES + 60] = 9;
    expect(openBolt(sourceOf(damaged))).toEqual({
      ok: false,
      error: "it is no bbolt file, or both of its meta pages are damaged",
    });
    expect(openBolt(sourceOf(new Uint8Array(0))).ok).toBe(false);
  });
});
