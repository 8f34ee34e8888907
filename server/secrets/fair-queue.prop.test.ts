// Turns: whoever asks for little does not wait behind whoever asks for much.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FairQueue } from "./fair-queue.ts";

const NAME = fc.nat({ max: 3 });
const PATH = fc.tuple(NAME, NAME);

describe("a fair queue", () => {
  it("lets all names take turns, and those below them as well", () => {
    const queue = new FairQueue<string>();
    for (const at of [1, 2, 3]) {
      queue.add(["a", "x"], `a x ${at}`);
      queue.add(["a", "y"], `a y ${at}`);
    }
    queue.add(["b", "z"], "b z 1");
    const order = Array.from({ length: 7 }, () => queue.take());
    const turns = ["a x 1", "b z 1", "a y 1", "a x 2", "a y 2", "a x 3", "a y 3"];
    expect(order).toEqual(turns);
    expect(queue.take()).toBe(null);
  });

  it("finds a place for a stranger behind one piece of each name, however many there are", () => {
    const entries = fc.array(PATH, { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(entries, (paths) => {
        const queue = new FairQueue<string>();
        for (const path of paths) queue.add(path, path.join());
        queue.add([9, 9], "stranger");
        const before: (string | null)[] = [];
        for (let item = queue.take(); item !== "stranger"; item = queue.take()) before.push(item);
        expect(new Set(before.map((each) => each?.split(",")[0])).size).toBe(before.length);
      }),
      { seed: 21, numRuns: 200 },
    );
  });

  it("gives back everything once, each path in its order, and takes from the heaviest", () => {
    const acts = fc.array(fc.tuple(fc.constantFrom("add", "add", "take", "drop"), PATH), {
      maxLength: 120,
    });
    fc.assert(
      fc.property(acts, (script) => {
        const queue = new FairQueue<readonly [path: string, nth: number]>();
        const lists = new Map<string, number[]>();
        let made = 0;
        for (const [kind, path] of script) {
          const name = path.join();
          const list = lists.get(name) ?? [];
          lists.set(name, list);
          if (kind === "add") {
            made += 1;
            queue.add(path, [name, made]);
            list.push(made);
          } else if (kind === "take") {
            const item = queue.take();
            if (item !== null) expect(lists.get(item[0])?.shift()).toBe(item[1]);
          } else {
            const weight = (user: string): number =>
              [...lists].reduce((sum, [at, of]) => sum + (at.startsWith(user) ? of.length : 0), 0);
            const heaviest = Math.max(...["0", "1", "2", "3"].map(weight));
            const item = queue.takeFromHeaviest();
            if (item === null) continue;
            expect(weight(item[0].charAt(0))).toBe(heaviest);
            expect(lists.get(item[0])?.pop()).toBe(item[1]);
          }
          expect(queue.sizeOf(path)).toBe(list.length);
        }
        expect(queue.size).toBe([...lists.values()].reduce((sum, { length }) => sum + length, 0));
      }),
      { seed: 22, numRuns: 200 },
    );
  });
});
