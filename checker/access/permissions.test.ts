// What authentication promises, kept and broken.

import { describe, expect, it } from "vitest";
import type { Header, Request, Response } from "../../core/api/request.ts";
import type { Operation } from "../history.ts";
import { firstBrokenPermission } from "./permissions.ts";
import { put, range, remove, txn } from "../testing.ts";

const HEADER = { clusterId: 0n, memberId: 0n, revision: 1, raftTerm: 1 } as Header;
const RIGHTS = { hasName: (client: number) => client === 1, forbidden: "k0" };
const STRANGER = 0;
const NAMED = 1;

describe("while authentication is certainly on", () => {
  it("strangers are refused, and others do what is theirs", () => {
    expect(broken([turn(1, true), refused(2, STRANGER), ok(3, NAMED, put("k1", "1"))])).toBeNull();
    expect(broken([turn(1, true), ok(2, STRANGER, range("k1"))])).toMatch(/has no name/);
    expect(broken([turn(1, true), ok(2, STRANGER, put("k1", "1"))])).toMatch(/has no name/);
  });

  it("nobody writes a key that is root's, in whichever way", () => {
    const writes = [put("k0", "1"), remove("k0"), remove("k", "l"), txn([], [], [put("k0", "1")])];
    for (const input of writes) {
      expect(broken([turn(1, true), ok(2, NAMED, input)])).toMatch(/may not write k0/);
    }
    expect(broken([turn(1, true), ok(2, NAMED, range("k0"))])).toBeNull();
  });

  it("a member may still show what it has, if nothing more is asked for", () => {
    const stale = range("k1", { serializable: true });
    expect(broken([turn(1, true), ok(2, STRANGER, stale)])).toBeNull();
  });
});

describe("while authentication is certainly off", () => {
  it("nobody is refused for a name", () => {
    expect(broken([turn(1, true), turn(3, false), refused(4, STRANGER)])).toMatch(/was off/);
    expect(broken([turn(1, true), turn(3, false), ok(4, STRANGER, put("k0", "1"))])).toBeNull();
    const stale = { ...refused(4, STRANGER), input: range("k1", { serializable: true }) };
    expect(broken([turn(1, true), turn(3, false), stale])).toBeNull(); // of a member that lags
  });
});

describe("around a change, and where its outcome is not known", () => {
  it("anything may be", () => {
    const lost = { ...turn(3, false), return: null, outcome: { kind: "unknown", error: null } };
    const after = ok(4, STRANGER, put("k1", "1"));
    expect(broken([turn(1, true), lost as Operation, after])).toBeNull();
    expect(broken([turn(1, true), lost as Operation, refused(4, STRANGER)])).toBeNull();
    expect(broken([{ ...turn(1, true), return: 5_000_000 }, after])).toBeNull();
  });
});

function broken(operations: readonly Operation[]): string | null {
  return firstBrokenPermission(
    operations.map((operation, id) => ({ ...operation, id })),
    RIGHTS,
  );
}

function turn(seconds: number, isOn: boolean): Operation {
  const kind = isOn ? "auth_enable" : "auth_disable";
  return answered(seconds, 300, { kind }, { kind, header: HEADER });
}

function ok(seconds: number, client: number, input: Request): Operation {
  return answered(seconds, client, input, { kind: "put", header: HEADER, prevKv: null });
}

function refused(seconds: number, client: number): Operation {
  const error = { name: "UserEmpty", code: 3, message: "", definite: true } as const;
  return { ...ok(seconds, client, put("k1", "1")), outcome: { kind: "failed", error } };
}

function answered(seconds: number, client: number, input: Request, output: Response): Operation {
  const call = seconds * 1_000_000;
  return { id: 0, client, input, call, return: call + 100, outcome: { kind: "ok", output } };
}
