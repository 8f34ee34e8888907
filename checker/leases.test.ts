// Every promise about leases, kept and broken.

import { describe, expect, it } from "vitest";
import type { Header, Request, Response } from "../core/api/request.ts";
import type { Bytes, LeaseId } from "../core/contract.ts";
import type { Operation } from "./history.ts";
import type { LeaseEnd, LeaseTimes } from "./leases.ts";
import { firstBrokenLease } from "./leases.ts";

const SECOND = 1_000_000;
const TIMES: LeaseTimes = {
  endsAt: 60 * SECOND,
  calmAt: 10 * SECOND,
  slack: 3 * SECOND,
  clocksAreRight: true,
};
const HEADER = { clusterId: 0n, memberId: 0n, revision: 1, raftTerm: 1 } as Header;

describe("leases", () => {
  it("that live and end as promised are fine", () => {
    expect(broken([grant(1, 5), put(2), left(3, 2)], [ranOut(6.5)])).toBeNull();
    expect(broken([grant(1, 5), left(20, -1)], [ranOut(6.5)])).toBeNull();
    const again = [grant(1, 5), grant(8, 5), put(9)];
    expect(broken(again, [ranOut(6.5), ranOut(13.5)])).toBeNull();
  });

  it("are not shorter than asked for, and not other ones", () => {
    expect(broken([grant(1, 5, { asked: 6 })], [ranOut(9)])).toMatch(/asked for 6 s and got 5 s/);
    expect(broken([grant(1, 5, { id: 8n })], [])).toMatch(/asked for lease 7 and got 8/);
  });

  it("do not run out before their time", () => {
    expect(broken([grant(1, 5)], [ranOut(5.9)])).toMatch(/ran out at 5900000 µs, 4900000 µs after/);
    const blurred = { ...TIMES, clocksAreRight: false };
    expect(firstBrokenLease(history([grant(1, 5)]), [ranOut(5.9)], blurred)).toBeNull();
    expect(broken([grant(1, 5), grant(8, 5)], [ranOut(6.5), ranOut(12)])).toMatch(/at 12000000/);
  });

  it("may be revoked at any time", () => {
    expect(broken([grant(1, 5)], [{ ...ranOut(2), ranOut: false }])).toBeNull();
  });

  it("run out in the end", () => {
    expect(broken([grant(12, 5)], [])).toMatch(/granted at 12000100 µs, never ended/);
    expect(broken([grant(12, 50)], [])).toBeNull(); // its time is not over yet
  });

  it("hold no key and no time once they are over", () => {
    expect(broken([grant(1, 5), put(7)], [ranOut(6.5)])).toMatch(/put a key on lease 7/);
    expect(broken([put(7)], [])).toMatch(/put a key on lease 7, which was over/);
    expect(broken([grant(1, 5), left(7, 0)], [ranOut(6.5)])).toMatch(/has 0 s, and it was over/);
    expect(broken([grant(1, 5), left(2, 6)], [ranOut(6.5)])).toMatch(/6 s left of 5 s/);
  });

  it("of an unknown outcome may have been there at any time", () => {
    const lost = { ...grant(1, 5), return: null, outcome: UNKNOWN };
    expect(broken([lost, put(30)], [ranOut(6.5)])).toBeNull();
  });
});

const UNKNOWN: Operation["outcome"] = { kind: "unknown", error: null };

function broken(operations: readonly Operation[], ends: readonly LeaseEnd[]): string | null {
  return firstBrokenLease(history(operations), ends, TIMES);
}

function history(operations: readonly Operation[]): readonly Operation[] {
  return operations.map((operation, id) => ({ ...operation, id }));
}

function ranOut(seconds: number): LeaseEnd {
  return { lease: 7n, ranOut: true, at: seconds * SECOND };
}

function grant(
  seconds: number,
  ttlSeconds: number,
  { asked = ttlSeconds, id = 7n }: { asked?: number; id?: bigint } = {},
): Operation {
  const input: Request = { kind: "lease_grant", id: 7n as LeaseId, ttlSeconds: asked };
  return ok(seconds, input, { kind: "lease_grant", header: HEADER, id: id as LeaseId, ttlSeconds });
}

function put(seconds: number): Operation {
  const flags = { prevKv: false, ignoreValue: false, ignoreLease: false };
  const value = new Uint8Array(0);
  const input: Request = { kind: "put", key: "k" as Bytes, value, lease: 7n, ...flags };
  return ok(seconds, input, { kind: "put", header: HEADER, prevKv: null });
}

function left(seconds: number, ttlSeconds: number): Operation {
  const id = 7n as LeaseId;
  const granted = { grantedTtlSeconds: ttlSeconds < 0 ? 0 : 5, keys: [] };
  const output: Response = {
    kind: "lease_time_to_live",
    header: HEADER,
    id,
    ttlSeconds,
    ...granted,
  };
  return ok(seconds, { kind: "lease_time_to_live", id, keys: false }, output);
}

function ok(seconds: number, input: Request, output: Response): Operation {
  const call = seconds * SECOND;
  return { id: 0, client: 0, input, call, return: call + 100, outcome: { kind: "ok", output } };
}
