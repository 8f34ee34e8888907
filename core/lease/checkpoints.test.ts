import { describe, expect, it } from "vitest";
import type { LeaseId, Millis, Term } from "../contract.ts";
import { firstRound, takeRound } from "./checkpoints.ts";
import type { Deadlines } from "./deadlines.ts";
import { createDeadlines, maybeExpired, remainingMs, renew, startFresh } from "./deadlines.ts";
import { createLessor, grant, noteLeases } from "./lessor.ts";

const EVERY_MS = 5000;

describe("what leases have left", () => {
  it("is noted once in an interval, of those that have more than an interval left", () => {
    const running = leases([
      [1, 4],
      [2, 60],
      [3, 61],
    ]);
    const first = firstRound(at(0), EVERY_MS);
    expect(takeRound(first, running, at(4999), EVERY_MS)).toEqual([first, []]);
    const [next, noted] = takeRound(first, running, at(5001), EVERY_MS);
    expect(noted).toEqual([
      { id: 2n, remainingSeconds: 55 }, // 54,999 ms: never less than there is
      { id: 3n, remainingSeconds: 56 },
    ]);
    expect(takeRound(next, running, at(10_000), EVERY_MS)[1]).toEqual([]);
    expect(takeRound(next, running, at(10_001), EVERY_MS)[1]).toHaveLength(2);
  });

  it("is noted in batches, where leases are many", () => {
    const running = leases(Array.from({ length: 2500 }, (_, id) => [id + 1, 60]));
    let round = firstRound(at(0), EVERY_MS);
    const sizes: number[] = [];
    for (let now = 5000; now < 5004; now++) {
      const [next, noted] = takeRound(round, running, at(now), EVERY_MS);
      round = next;
      sizes.push(noted.length);
    }
    expect(sizes).toEqual([1000, 1000, 500, 0]);
  });

  it("is what a new leader gives, and the whole time where nothing was noted", () => {
    const lessor = [1n, 2n].reduce((all, id) => grant(all, id as LeaseId, 60), createLessor());
    const noted = noteLeases(lessor, [
      { id: 1n as LeaseId, remainingSeconds: 20 },
      { id: 9n as LeaseId, remainingSeconds: 20 }, // gone meanwhile
    ]);
    expect(noted.writes).toHaveLength(1);
    const fresh = createDeadlines(2 as Term, noted.lessor, 1000);
    const running = startFresh(fresh, at(0));
    expect([1n, 2n].map((id) => remainingMs(running, id, at(0)))).toEqual([21_000, 61_000]);
    expect(maybeExpired(running, at(21_000))).toBe(1n);
    const renewed = noteLeases(noted.lessor, [{ id: 1n as LeaseId, remainingSeconds: 0 }]);
    const again = createDeadlines(3 as Term, renewed.lessor, 1000);
    expect(remainingMs(again, 1n, at(0))).toBe(61_000);
  });
});

function leases(all: readonly (readonly [id: number, ttlSeconds: number])[]): Deadlines {
  const none = createDeadlines(1 as Term, createLessor(), 0);
  const fresh = all.reduce((now, [id, ttl]) => renew(now, BigInt(id) as LeaseId, ttl), none);
  return startFresh(fresh, at(0));
}

function at(ms: number): Millis {
  return ms as Millis;
}
