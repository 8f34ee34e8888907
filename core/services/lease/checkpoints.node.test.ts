// A member that notes what leases have left: a restart, which is a change of leader too, does not
// give them their whole time again, and what a client was told of a renewal holds.

import { describe, expect, it } from "vitest";
import type { Request } from "../../api/request.ts";
import type { CallId, LeaseId, Millis } from "../../contract.ts";
import { startLoneNode } from "../../testing/lone-node.ts";
import { describeEffect } from "../../transcript/transcript.ts";

const LEASE = 7n as LeaseId;
const GRANT: Request = { kind: "lease_grant", id: LEASE, ttlSeconds: 60 };
const LEFT: Request = { kind: "lease_time_to_live", id: LEASE, keys: false };
const RENEW: Request = { kind: "lease_keep_alive", id: LEASE };

describe("a lease whose remaining time is noted", () => {
  it("goes on where it was under the next leader, with an election's grace", () => {
    const node = startNode(1000);
    node.ask(GRANT);
    node.pass(40_000);
    node.restart();
    const left = secondsLeft(node.ask(LEFT));
    expect(left).toBeGreaterThanOrEqual(18); // it may have been noted a second before
    expect(left).toBeLessThanOrEqual(23);
    node.pass(30_000);
    expect(node.ask(LEFT)).toContain("left=-1");
  });

  it("has its whole time again where nothing is noted", () => {
    const node = startNode(0);
    node.ask(GRANT);
    node.pass(40_000);
    node.restart();
    expect(secondsLeft(node.ask(LEFT))).toBeGreaterThan(50);
  });

  it("has its whole time under the next leader, too, once a client knows that it was renewed", () => {
    const node = startNode(1000);
    node.ask(GRANT);
    node.pass(40_000);
    expect(node.ask(RENEW)).toContain("ttl=60");
    node.restart();
    expect(secondsLeft(node.ask(LEFT))).toBeGreaterThan(50);
  });
});

function secondsLeft(told: string): number {
  return Number(/left=(-?\d+)/.exec(told)?.[1]);
}

/** A member alone, in office. */
function startNode(leaseCheckpointMs: number): {
  ask: (request: Request) => string;
  pass: (ms: number) => void;
  restart: () => void;
} {
  const node = startLoneNode({ leaseCheckpointMs });
  let now: number = node.now;
  let call = 0;
  const pass = (ms: number): void => {
    for (const end = now + ms; now < end; now += 50) {
      node.take({ kind: "tick", now: now as Millis });
    }
  };
  const restart = (): void => {
    node.restart(now as Millis);
    pass(3000);
  };
  const ask = (request: Request): string => {
    const context = { deadline: 1e9 as Millis, token: "", requireLeader: false };
    const told = node.take({ kind: "call", call: ++call as CallId, request, context });
    return told.map((effect) => describeEffect(effect, String)).join("\n");
  };
  return { ask, pass, restart };
}
