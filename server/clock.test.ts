import { describe, expect, it } from "vitest";
import { createClock } from "./clock.ts";

describe("the node's clock", () => {
  it("begins at zero and counts whole milliseconds", () => {
    let source = 1234.5;
    const clock = createClock(500, () => source);
    expect(clock.now()).toBe(0);
    source += 10.9;
    expect(clock.now()).toBe(10);
    expect(clock.tick()).toBe(10);
    source += 0.2;
    expect(clock.tick()).toBe(11);
  });

  it("counts a pause of the process as one step only, and goes on from there", () => {
    let source = 0;
    const clock = createClock(500, () => source);
    source += 60_000;
    expect(clock.now()).toBe(500);
    expect(clock.tick()).toBe(500);
    source += 50;
    expect(clock.now()).toBe(550);
    expect(clock.tick()).toBe(550);
  });
});
