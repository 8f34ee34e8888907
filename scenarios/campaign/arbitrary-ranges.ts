// Ranges of a store of few keys, for properties of whoever answers them.

import fc from "fast-check";
import type { RangeRequest } from "../../core/api/request.ts";
import { SORT_ORDERS, SORT_TARGETS } from "../../core/api/request.ts";
import type { Bytes } from "../../core/contract.ts";

/** Neighbours, one within another, and the last that there is. */
export const fewKeys: fc.Arbitrary<Bytes> = fc.constantFrom(
  "a",
  "aa",
  "b",
  "b\0",
  "c",
  "d",
  "\xff",
) as fc.Arbitrary<Bytes>;
export const fewEnds: fc.Arbitrary<Bytes> = fc.oneof(
  fc.constantFrom("" as Bytes, "\0" as Bytes, "\0" as Bytes),
  fewKeys,
);
export const rarely: fc.Arbitrary<boolean> = fc.nat({ max: 7 }).map((number) => number === 0);

const filter = fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.integer({ min: -1, max: 12 }));

export const fewRanges: fc.Arbitrary<RangeRequest> = fc.record({
  kind: fc.constant("range"),
  key: fewKeys,
  rangeEnd: fewEnds,
  limit: fc.oneof(fc.constant(0), fc.integer({ min: -1, max: 4 })),
  revision: fc.oneof(fc.constant(0), fc.integer({ min: -3, max: 14 })),
  sortOrder: fc.constantFrom(...SORT_ORDERS),
  sortTarget: fc.constantFrom(...SORT_TARGETS),
  serializable: fc.boolean(),
  keysOnly: rarely,
  countOnly: rarely,
  minModRevision: filter,
  maxModRevision: filter,
  minCreateRevision: filter,
  maxCreateRevision: filter,
});
