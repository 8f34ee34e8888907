// Every promise about leases, kept and broken.

import { describe, expect, it } from "vitest";
import type { Header, Request, Response } from "../../core/api/request.ts";
import type { Bytes, LeaseId } from "../../core/contract.ts";
import type { Operation } from "../history.ts";
import { createChronicle } from "../model/chronicle.ts";
import type { LeaseEnd, LeaseTimes } from "./leases.ts";
import { brokenLeaseRules } from "./leases.ts";
import type { Change } from "../watches/watch-history.ts";
import { put as putOf } from "../testing.ts";

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
    expect(broken([grant(1, 5, { asked: 6 })], [ranOut(9)])).toMatch(/L1.*shorter than asked for/s);
    expect(broken([grant(1, 5, { id: 8n })], [])).toMatch(/L1.*another lease/s);
    const twice = [grant(1, 5), grant(3, 5)];
    expect(broken(twice, [ranOut(9)])).toMatch(/L1.*another lease of that id was there/s);
    expect(broken([refused(grant(3, 5), "LeaseExist")], [])).toMatch(/L1|L2/);
  });

  it("do not run out before their time", () => {
    expect(broken([grant(1, 5)], [ranOut(5.9)])).toMatch(/L4.*ran out at 5900000 µs, 4900000 µs/s);
    const blurred = { ...TIMES, clocksAreRight: false };
    expect(broken([grant(1, 5)], [ranOut(5.9)], blurred)).toBeNull();
    expect(broken([grant(1, 5), grant(8, 5)], [ranOut(6.5), ranOut(12)])).toMatch(/at 12000000/);
  });

  it("may be revoked at any time", () => {
    expect(broken([grant(1, 5)], [{ ...ranOut(2), ranOut: false }])).toBeNull();
  });

  it("run out in the end", () => {
    expect(broken([grant(12, 5)], [])).toMatch(/L5.*never ended/s);
    expect(broken([grant(12, 50)], [])).toBeNull(); // its time is not over yet
  });

  it("hold no key and no time once they are over", () => {
    expect(broken([grant(1, 5), put(7)], [ranOut(6.5)])).toMatch(/L2.*lease 7 was over/s);
    expect(broken([put(7)], [])).toMatch(/L2.*lease 7 was over/s);
    expect(broken([grant(1, 5), left(7, 0)], [ranOut(6.5)])).toMatch(
      /L6.*0 s left.*the lease was over/s,
    );
    expect(broken([grant(1, 5), left(2, 6)], [ranOut(6.5)])).toMatch(/L8.*6 s left of 5 s/s);
  });

  it("that are kept alive live on, and end in their time behind that", () => {
    const kept = [grant(1, 5), keepAlive(4, 5), keepAlive(8, 5)];
    expect(broken(kept, [ranOut(13.5)])).toBeNull();
    expect(broken(kept, [ranOut(12)])).toMatch(/L4.*keep alive.*ran out at 12000000/s);
    expect(broken(kept, [ranOut(30)])).toMatch(/L5.*ended at 30000000 µs only/s);
    const lost = { ...keepAlive(8, 5), return: null, outcome: UNKNOWN };
    expect(broken([grant(1, 5), lost], [ranOut(50)])).toBeNull();
  });

  it("are not kept alive once they are over, and are until then", () => {
    expect(broken([grant(1, 5), keepAlive(9, 5)], [ranOut(6.5)])).toMatch(/L9.*had run out/s);
    const revoked = { ...ranOut(6.5), ranOut: false };
    expect(broken([grant(1, 5), keepAlive(9, 5)], [revoked])).toMatch(/L6.*was revoked/s);
    expect(broken([grant(1, 5), keepAlive(3, 0)], [ranOut(6.5)])).toMatch(/L2.*all the time/s);
    expect(broken([grant(1, 5), keepAlive(3, 6)], [ranOut(9.5)])).toMatch(/L8.*so much/s);
    expect(broken([grant(1, 5), keepAlive(9, 0)], [ranOut(6.5)])).toBeNull();
  });

  it("are not missing while they are there", () => {
    expect(broken([grant(1, 5), refused(put(3), "LeaseNotFound")], [ranOut(6.5)])).toMatch(/L2/);
    expect(broken([grant(1, 5), refused(put(9), "LeaseNotFound")], [ranOut(6.5)])).toBeNull();
    expect(broken([grant(1, 5), left(3, -1)], [ranOut(6.5)])).toMatch(/L7.*all the time/s);
  });

  it("have the time left that was promised", () => {
    expect(broken([grant(1, 5), left(2, 3)], [ranOut(6.5)])).toBeNull();
    expect(broken([grant(1, 5), left(2, 2)], [ranOut(6.5)])).toMatch(/L7.*more had been promised/s);
  });

  it("take with them all and only the keys that hang on them", () => {
    const changes = [changed(2, "a", 7n), changed(3, "b", 0n), changed(4, "a", null)];
    const operations = [grant(1, 5), put(2)];
    expect(broken(operations, [took(["a"], 4)], TIMES, changes)).toBeNull();
    expect(broken(operations, [took(["a", "b"], 4)], TIMES, changes)).toMatch(
      /L3.*there|L3.*hung a/s,
    );
    expect(broken(operations, [took([], 3)], TIMES, changes)).toMatch(/L3.*took no key.*hung a/s);
    const kept = [...changes.slice(0, 2), changed(4, "b", null)];
    expect(broken(operations, [took(["a"], 4)], TIMES, kept)).toMatch(/L3.*deleted b/s);
  });

  it("of an unknown outcome may have been there at any time", () => {
    const lost = { ...grant(1, 5), return: null, outcome: UNKNOWN };
    expect(broken([lost, put(30)], [ranOut(6.5)])).toBeNull();
  });

  it("may last longer than was asked for, as far as nobody was answered", () => {
    const lost = { return: null, outcome: UNKNOWN };
    const [less, more] = [
      { ...grant(1, 2), ...lost },
      { ...grant(1, 6), ...lost },
    ];
    expect(broken([less, left(2, 3)], [ranOut(6.5)])).toBeNull();
    expect(broken([more, left(2, 3)], [ranOut(6.5)])).toMatch(/L7.*nobody.*for 5 s/s);
  });
});

const UNKNOWN: Operation["outcome"] = { kind: "unknown", error: null };

/** What one may say of a lease that is there, or is over. */
function broken(
  operations: readonly Operation[],
  ends: readonly LeaseEnd[],
  times = TIMES,
  changes: readonly Change[] = [],
): string | null {
  const [worst] = brokenLeaseRules(history(operations), ends, createChronicle(changes), times);
  return worst?.story ?? null;
}

function history(operations: readonly Operation[]): readonly Operation[] {
  return operations.map((operation, id) => ({ ...operation, id }));
}

function ranOut(seconds: number): LeaseEnd {
  return { lease: 7n, ranOut: true, at: seconds * SECOND, revision: 1, keys: [] };
}

function took(keys: readonly string[], revision: number): LeaseEnd {
  return { ...ranOut(8), keys, revision };
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
  return ok(seconds, putOf("k", "", { lease: 7n }), { kind: "put", header: HEADER, prevKv: null });
}

function keepAlive(seconds: number, ttlSeconds: number): Operation {
  const input: Request = { kind: "lease_keep_alive", id: 7n as LeaseId };
  return ok(seconds, input, { ...input, header: HEADER, ttlSeconds });
}

function refused(operation: Operation, name: string): Operation {
  const error = { name, code: 5, message: "", definite: true } as const;
  return { ...operation, outcome: { kind: "failed", error } };
}

/** Null: the key is deleted. */
function changed(revision: number, key: string, lease: bigint | null): Change {
  const numbers = { createRevision: 2, modRevision: revision, version: 1 };
  const kv = { key: key as Bytes, ...numbers, value: new Uint8Array(0), lease: lease ?? 0n };
  return { revision, at: revision, events: [{ kind: lease === null ? "delete" : "put", kv }] };
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
