// The judge of what was taken away, proven: each way in that it forbids, and those that it must
// allow.

import { describe, expect, it } from "vitest";
import { ERRORS } from "../../core/api/errors.ts";
import type { Request, Response } from "../../core/api/request.ts";
import { deleteOf, key, putOf, rangeOf, txnOf } from "../../core/api/testing.ts";

import type { Operation, Outcome } from "../history.ts";
import type { Shown } from "./revocations.ts";
import { firstIntruder } from "./revocations.ts";

const [ADMIN, USER_CLIENT, NOBODY] = [300, 301, 0];
const OK: Outcome = { kind: "ok", output: { kind: "put" } as Response };
const FAILED: Outcome = { kind: "failed", error: ERRORS.PermissionDenied };
const UNKNOWN: Outcome = { kind: "unknown", error: null };
const USER = key("g0");
const RANGE = { key: key("g0/"), rangeEnd: key("g00") };
const ADDED: Request = { kind: "user_add", name: USER, password: "p0", noPassword: false };
const GRANTED: Request = {
  kind: "role_grant_permission",
  name: USER,
  permission: { type: 2, ...RANGE },
};
const REVOKED: Request = { kind: "role_revoke_permission", name: USER, ...RANGE };
const ON: Request = { kind: "auth_enable" };
const OFF: Request = { kind: "auth_disable" };
const OWN = putOf("g0/a", "");

/** A history as it is written down, one call after the other unless `at` says otherwise. */
class Story {
  readonly history: Operation[] = [];
  readonly shown: Shown[] = [];

  constructor() {
    for (const request of [ADDED, GRANTED, ON]) this.add(ADMIN, request);
  }

  add(client: number, input: Request, outcome = OK, at?: readonly [number, number]): number {
    const id = this.history.length;
    const [call, end] = at ?? [10 * id, 10 * id + 5];
    const returned = outcome.kind === "unknown" ? null : end;
    this.history.push({ id, client, input, call, return: returned, outcome });
    return id;
  }

  login(password: string, outcome = OK): number {
    return this.add(USER_CLIENT, { kind: "authenticate", name: USER, password }, outcome);
  }

  use(login: number, input: Request, outcome = OK, at?: readonly [number, number]): void {
    this.shown.push({ call: this.add(USER_CLIENT, input, outcome, at), login });
  }

  change(password: string, outcome = OK): number {
    const request = { kind: "user_change_password", name: USER, password } as const;
    return this.add(ADMIN, { ...request, hashedPassword: "" }, outcome);
  }

  verdict(): string | null {
    return firstIntruder(this.history, this.shown);
  }
}

describe("the judge of what was taken away", () => {
  it("lets in who may, and hears of refusals without a word", () => {
    const story = new Story();
    const login = story.login("p0");
    story.use(login, OWN);
    story.use(login, rangeOf("k1"), FAILED);
    story.add(NOBODY, putOf("a", ""), FAILED);
    story.add(NOBODY, rangeOf("a", { serializable: true }));
    story.add(ADMIN, OFF);
    story.add(NOBODY, putOf("a", ""));
    expect(story.verdict()).toBeNull();
  });

  it("sees who shows nothing", () => {
    const story = new Story();
    story.add(NOBODY, putOf("a", ""));
    expect(story.verdict()).toBe(
      "call 3, a put, succeeded without a token while everybody was asked for one",
    );
  });

  it("sees what was never granted, in a transaction too", () => {
    for (const request of [putOf("k", ""), rangeOf("k"), deleteOf("k"), nested("k")]) {
      const story = new Story();
      story.use(story.login("p0"), request);
      expect(story.verdict()).toContain("was about k, which g0 was never granted");
    }
  });

  it("sees what was lost, unless it may have been granted again", () => {
    const lost = new Story();
    const login = lost.login("p0");
    lost.add(ADMIN, REVOKED);
    lost.use(login, OWN);
    expect(lost.verdict()).toContain("which g0 had lost");

    const again = new Story();
    const other = again.login("p0");
    again.add(ADMIN, GRANTED, UNKNOWN); // it may come late
    again.add(ADMIN, REVOKED);
    again.use(other, OWN);
    expect(again.verdict()).toBeNull();

    const meanwhile = new Story();
    const third = meanwhile.login("p0");
    meanwhile.add(ADMIN, REVOKED, OK, [100, 200]);
    meanwhile.use(third, OWN, OK, [199, 300]);
    expect(meanwhile.verdict()).toBeNull();
  });

  it("sees an old password, and a token that was given for one", () => {
    const old = new Story();
    const change = old.change("p1");
    old.login("p0");
    expect(old.verdict()).toContain(`showed a password that call ${change} had changed`);

    const token = new Story();
    const login = token.login("p0");
    token.change("p1");
    token.use(login, OWN);
    expect(token.verdict()).toContain(`the token of call ${login}, whose password`);

    const unsure = new Story();
    const early = unsure.login("p0");
    unsure.change("p1", UNKNOWN);
    unsure.use(early, OWN);
    expect(unsure.verdict()).toBeNull();
  });

  it("sees a token from before everybody was let in", () => {
    const story = new Story();
    const login = story.login("p0");
    const off = story.add(ADMIN, OFF);
    story.use(login, OWN);
    story.add(ADMIN, ON);
    expect(story.verdict()).toBeNull();
    story.use(login, OWN);
    expect(story.verdict()).toContain(`from before call ${off} let everybody in`);
  });
});

function nested(at: string): Request {
  return txnOf([], [txnOf([], [putOf(at, "")])]);
}
