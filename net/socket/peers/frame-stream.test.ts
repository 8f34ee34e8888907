// Frames out of a stream that is cut anywhere.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createFrameParser, joinFrames } from "./frame-stream.ts";

describe("the frame parser", () => {
  it("finds the frames again wherever the stream is cut", () => {
    const payloads = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 8 });
    const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(payloads, cuts, (sent, sizes) => {
        const stream = joinFrames(sent);
        const parser = createFrameParser(20);
        const found: Uint8Array[] = [];
        let nth = 0;
        for (let at = 0; at < stream.length;) {
          const size = sizes[nth++ % sizes.length] as number;
          const frames = parser.push(stream.subarray(at, at + size));
          found.push(...frames.map((frame) => Uint8Array.from(frame)));
          at += size;
        }
        expect(found).toEqual(sent);
        expect(parser.failure()).toBeNull();
      }),
      { seed: 20262, numRuns: 300 },
    );
  });

  it("fails at a frame above the limit, and stays so", () => {
    const parser = createFrameParser(4);
    const stream = joinFrames([new Uint8Array(4), new Uint8Array(5), new Uint8Array(1)]);
    expect(parser.push(stream)).toHaveLength(1);
    expect(parser.failure()).toBe("a frame of 5 bytes, the limit is 4");
    expect(parser.push(joinFrames([new Uint8Array(1)]))).toEqual([]);
  });
});
