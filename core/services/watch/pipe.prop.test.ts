// What is on its way, against a plain list of it.

import fc from "fast-check";
import { expect, it } from "vitest";
import type { Pipe } from "./pipe.ts";
import { createPipe, hasRoom, leavePipe, pushInto } from "./pipe.ts";

const BYTES_MAX = 100_000;

it("a pipe holds what was pushed and has not left, in few runs, and forgets none of it", () => {
  const size = fc.constantFrom(0, 0, 0, 10, 100, 5000, 20_000, 1_000_000);
  const act = fc.oneof(
    size.map((bytes) => ({ kind: "push", bytes }) as const),
    fc.nat({ max: 70 }).map((items) => ({ kind: "leave", items }) as const),
  );
  fc.assert(
    fc.property(fc.array(act, { maxLength: 300, size: "max" }), (acts) => {
      let pipe: Pipe = createPipe(64);
      const list: number[] = [];
      for (const each of acts) {
        if (each.kind === "push") {
          if (each.bytes > 0 && !hasRoom(pipe, BYTES_MAX, 0, 0)) continue;
          pipe = pushInto(pipe, each.bytes);
          list.push(each.bytes);
        } else {
          const items = Math.min(each.items, list.length);
          pipe = leavePipe(pipe, items);
          list.splice(0, items);
        }
        const bytes = list.reduce((sum, one) => sum + one, 0);
        expect(pipe.pushes).toBe(64 - list.length);
        expect(pipe.bytes).toBeGreaterThanOrEqual(bytes);
        if (list.length === 0) expect(pipe).toEqual(createPipe(64));
        expect(pipe.runs.length).toBeLessThanOrEqual(20 + list.length / 8);
      }
    }),
    { seed: 41, numRuns: 300 },
  );
});
