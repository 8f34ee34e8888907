import { describe, expect, it } from "vitest";
import type { Index, LeaseId, Millis, Term } from "../contract.ts";
import type { Deadlines } from "./deadlines.ts";
import {
  createDeadlines,
  forget,
  inOrderOfEnds,
  markRevoking,
  maybeExpired,
  remainingMs,
  renew,
  revokingAt,
  startFresh,
} from "./deadlines.ts";
import { createLessor, grant } from "./lessor.ts";

const ONE = 1n as LeaseId;
const TWO = 2n as LeaseId;
const TERM = 3 as Term;

describe("deadlines of leases", () => {
  it("begin with the tick after the grant, and never before", () => {
    const granted = renew(none(), ONE, 5);
    expect(expiredAt(granted, 1_000_000)).toBeNull();
    expect(remainingMs(granted, 1n, at(0))).toBe(5000);
    const running = startFresh(granted, at(100));
    expect(expiredAt(running, 5099)).toBeNull();
    expect(expiredAt(running, 5100)).toBe(ONE);
    expect(remainingMs(running, 1n, at(1100))).toBe(4000);
    expect(remainingMs(running, 1n, at(9000))).toBe(0);
  });

  it("begin anew with a renewal", () => {
    const running = startFresh(renew(none(), ONE, 5), at(0));
    const renewed = renew(running, ONE, 5);
    expect(expiredAt(renewed, 6000)).toBeNull();
    expect(expiredAt(startFresh(renewed, at(4000)), 8999)).toBeNull();
    expect(expiredAt(startFresh(renewed, at(4000)), 9000)).toBe(ONE);
  });

  it("tell in which order leases end; one that is ending comes first", () => {
    const ids = [1n, 2n, 3n, 4n].map((id) => id as LeaseId);
    const ttls = [60, 5, 30, 4];
    const all = ids.reduce((now, id, which) => renew(now, id, ttls[which] ?? 0), none());
    expect(inOrderOfEnds(all, at(0))).toEqual([4n, 2n, 3n, 1n]);
    const running = markRevoking(startFresh(all, at(0)), 4n as LeaseId, 9 as Index);
    const renewed = renew(running, 2n as LeaseId, 5);
    expect(inOrderOfEnds(renewed, at(26_000))).toEqual([4n, 3n, 2n, 1n]);
  });

  it("come up in the order in which they end", () => {
    const both = startFresh(renew(renew(none(), ONE, 9), TWO, 5), at(0));
    expect(expiredAt(both, 10_000)).toBe(TWO);
    const rest = markRevoking(both, TWO, 7 as Index);
    expect(revokingAt(rest, 2n)).toBe(7);
    expect(expiredAt(rest, 10_000)).toBe(ONE);
    const none2 = forget(forget(rest, TWO), ONE);
    expect(expiredAt(none2, 10_000)).toBeNull();
    expect(revokingAt(none2, 2n)).toBeNull();
  });

  it("of a new leader last for the whole time and an election timeout", () => {
    const lessor = grant(grant(createLessor(), TWO, 2), ONE, 60);
    const running = startFresh(createDeadlines(TERM, lessor, 1000), at(500));
    expect(expiredAt(running, 3499)).toBeNull();
    expect(expiredAt(running, 3500)).toBe(TWO);
    expect(remainingMs(running, 1n, at(500))).toBe(61_000);
  });
});

function none(): Deadlines {
  return createDeadlines(TERM, createLessor(), 0);
}

function expiredAt(deadlines: Deadlines, now: number): LeaseId | null {
  return maybeExpired(deadlines, at(now));
}

function at(ms: number): Millis {
  return ms as Millis;
}
