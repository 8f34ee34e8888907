import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyCommand } from "../../../scenarios/campaign/arbitrary-commands.ts";
import { decodeCommand, encodeCommand } from "./command.ts";

const SEED = 20261121;

describe("the bytes of a command", () => {
  it("come back as they went, with who wants it", () => {
    fc.assert(
      fc.property(anyCommand, (given) => {
        expect(decodeCommand(encodeCommand(given.command, given.caller))).toEqual(given);
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  it("are refused when anything is cut off or added", () => {
    fc.assert(
      fc.property(anyCommand, fc.nat(), ({ command, caller }, cut) => {
        const encoded = encodeCommand(command, caller);
        expect(decodeCommand(encoded.subarray(0, cut % encoded.length))).toBeNull();
        expect(decodeCommand(new Uint8Array([...encoded, 0]))).toBeNull();
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  it("never make the decoder throw, whatever they are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        decodeCommand(noise);
        decodeCommand(new Uint8Array([1, ...new Uint8Array(17), ...noise]));
        decodeCommand(new Uint8Array([2, ...new Uint8Array(19), ...noise]));
        decodeCommand(new Uint8Array([3, ...new Uint8Array(17), ...noise]));
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });
});
