// The pieces of a watch's response are its bytes, and those of a large event are shared.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { WatchEvent, WatchResponse } from "../../../core/api/request.ts";
import type { Bytes, ClusterId, NodeId } from "../../../core/contract.ts";
import { encodeResponse } from "./methods.ts";
import { encodeWatchPieces } from "./watch-pieces.ts";

const HEADER = { clusterId: 1n as ClusterId, memberId: 2n as NodeId, revision: 7, raftTerm: 2 };

function eventOf(size: number, previous: number | null): WatchEvent {
  const kv = {
    key: "k" as Bytes,
    createRevision: 2,
    modRevision: 7,
    version: 2,
    value: new Uint8Array(size).fill(7),
    lease: 0n,
  };
  const prevKv = previous === null ? null : { ...kv, value: new Uint8Array(previous) };
  return { kind: "put", kv, prevKv };
}

function responseOf(events: readonly WatchEvent[], watchId = 3n): WatchResponse {
  return {
    kind: "watch",
    header: HEADER,
    watchId,
    created: false,
    canceled: false,
    compactRevision: 0,
    cancelReason: "",
    fragment: false,
    events,
  };
}

describe("a watch's response in pieces", () => {
  it("has the bytes that it has in one", () => {
    const size = fc.constantFrom(0, 1, 100, 4095, 4096, 20_000);
    const event = fc.tuple(size, fc.option(size)).map(([own, previous]) => eventOf(own, previous));
    fc.assert(
      fc.property(fc.array(event, { maxLength: 8 }), (events) => {
        const response = responseOf(events);
        const pieces = Buffer.concat(encodeWatchPieces(response));
        expect(pieces.equals(encodeResponse(response))).toBe(true);
      }),
      { seed: 31, numRuns: 100 },
    );
  });

  it("shares the bytes of a large event with the responses of others, and copies small ones", () => {
    const [large, small] = [eventOf(100_000, null), eventOf(10, null)];
    const one = encodeWatchPieces(responseOf([small, large, small]));
    const other = encodeWatchPieces(responseOf([large], 9n));
    expect(one).toHaveLength(4);
    expect(one[2]).toBe(other[1]);
    expect(encodeWatchPieces(responseOf([small, small]))).toHaveLength(1);
  });
});
