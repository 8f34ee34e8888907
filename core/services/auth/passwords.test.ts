// Who logs in, what the token is worth, and for how long: on one member, whose driver is played by
// the test.

import { describe, expect, it } from "vitest";
import { ERRORS } from "../../api/errors.ts";
import type { Request, Response } from "../../api/request.ts";
import { key, putOf, rangeOf, watchOf } from "../../api/testing.ts";
import type { Limits } from "../../config.ts";
import type { Bytes, CallContext, CallId, Effect, Millis, PasswordAnswer } from "../../contract.ts";
import { credentialOf } from "../../auth/tokens.ts";
import { must } from "../../lib/assert.ts";
import type { LoneNode } from "../../testing/lone-node.ts";
import { startLoneNode } from "../../testing/lone-node.ts";

const ROOT = key("root");
const HASHED: PasswordAnswer = { kind: "hashed", hash: key("hash of pw") };
const RIGHT: PasswordAnswer = { kind: "right", prefix: key("letters"), token: "" };
const LOGIN = { kind: "authenticate", name: ROOT, password: "pw" } as const;
const TOKEN_MS = 300_000;

/** Root, whose password is "pw", and auth is on. */
class Stage {
  readonly node: LoneNode;
  calls = 0;
  now: number;

  constructor(limits: Partial<Limits> = {}) {
    this.node = startLoneNode({ tokenMs: TOKEN_MS, ...limits });
    this.now = this.node.now;
    this.addUser("root");
    this.ask({ kind: "user_grant_role", name: ROOT, role: ROOT });
    this.ask({ kind: "auth_enable" });
  }

  addUser(name: string, token = ""): void {
    this.ask({ kind: "user_add", name: key(name), password: "pw", noPassword: false }, token);
    this.work(HASHED);
  }

  ask(request: Request, token: CallContext["token"] = ""): readonly Effect[] {
    this.calls += 1;
    const deadline = Number.MAX_SAFE_INTEGER as Millis;
    const context = { deadline, token, requireLeader: false };
    return this.node.take({ kind: "call", call: this.call, request, context });
  }

  /** The driver answers about the last call. */
  work(answer: PasswordAnswer): readonly Effect[] {
    return this.node.take({ kind: "password.done", call: this.call, answer });
  }

  get call(): CallId {
    return this.calls as CallId;
  }

  login(): string {
    this.ask(LOGIN);
    const response = responseOf(this.work(RIGHT));
    return response.kind === "authenticate" ? response.token : "";
  }

  pass(ms: number): readonly Effect[] {
    const told: Effect[] = [];
    for (const end = this.now + ms; this.now < end;) {
      this.now += 500;
      told.push(...this.node.take({ kind: "tick", now: this.now as Millis }));
    }
    return told;
  }
}

describe("a name that no store can keep", () => {
  it("is refused before anything is hashed or proposed", () => {
    const stage = new Stage();
    const root = { token: stage.login(), name: key("n".repeat(1025)) };
    for (const request of [
      { kind: "user_add", name: root.name, password: "pw", noPassword: false },
      { kind: "user_add", name: root.name, password: "", noPassword: true },
      { kind: "role_add", name: root.name },
    ] as const) {
      const result = { ok: false, error: ERRORS.NameTooLong };
      expect(stage.ask(request, root.token)).toEqual([
        { kind: "call.reply", call: stage.call, result },
      ]);
    }
  });
});

describe("a certificate", () => {
  const LIST = { kind: "user_list" } as const;

  it("says who asks, for one that shows no token", () => {
    const stage = new Stage();
    expect(responseOf(stage.ask(LIST, { commonName: ROOT }))).toMatchObject({ users: [ROOT] });
    const nobody = { commonName: key("nobody") };
    expect(errorOf(stage.ask(LIST, nobody))).toBe(ERRORS.UserNotFound);
    expect(errorOf(stage.ask(putOf("k", "v"), nobody))).toBe(ERRORS.PermissionDenied);
    expect(responseOf(stage.ask(putOf("k", "v"), { commonName: ROOT }))).toMatchObject({
      kind: "put",
    });
    expect(errorOf(stage.ask(LIST))).toBe(ERRORS.UserEmpty);
  });

  it("counts for nothing beside a token, were it a wrong one, and says nothing without a name", () => {
    expect(credentialOf("made up", ROOT)).toBe("made up");
    expect(credentialOf("", ROOT)).toEqual({ commonName: ROOT });
    expect(credentialOf("", key(""))).toBe("");
  });
});

describe("logging in", () => {
  it("asks the driver, and answers with letters and the index of an entry", () => {
    const stage = new Stage();
    const asked = stage.ask(LOGIN);
    expect(asked).toMatchObject([
      { kind: "password", work: { kind: "check", password: "pw", hash: "hash of pw" } },
    ]);
    const response = responseOf(stage.work(RIGHT));
    expect(response.kind === "authenticate" && response.token).toMatch(/^letters\.\d+$/);
  });

  it("does not succeed with a wrong password, for nobody, or where the driver has no time", () => {
    const stage = new Stage();
    stage.ask(LOGIN);
    expect(errorOf(stage.work({ kind: "wrong" }))).toBe(ERRORS.AuthFailed);
    expect(errorOf(stage.ask({ ...LOGIN, name: key("nobody") }))).toBe(ERRORS.AuthFailed);
    stage.ask(LOGIN);
    const busy = { kind: "refused", error: ERRORS.TooManyRequests } as const;
    expect(errorOf(stage.work(busy))).toBe(ERRORS.TooManyRequests);
    expect(stage.work(RIGHT)).toEqual([]); // nobody waits any more
  });

  it("waits for the driver as long as its client does, and for its entry as all writes do", () => {
    const stage = new Stage();
    stage.ask(LOGIN);
    expect(stage.pass(60_000)).toEqual([]);
    expect(responseOf(stage.work(RIGHT))).toMatchObject({ kind: "authenticate" });
    const deadline = (stage.now + 1000) as Millis;
    const context = { deadline, token: "", requireLeader: false };
    stage.calls += 1;
    stage.node.take({ kind: "call", call: stage.call, request: LOGIN, context });
    expect(errorOf(stage.pass(1000))).toBe(ERRORS.DeadlineExceeded);
    expect(stage.work(RIGHT)).toEqual([]);
  });

  it("is for users whose names are no larger than a request may be", () => {
    const stage = new Stage({ requestBytes: 1000 });
    const name = key("u".repeat(1000));
    stage.ask({ kind: "user_add", name, password: "pw", noPassword: false }, stage.login());
    expect(errorOf(stage.work(HASHED))).toBe(ERRORS.RequestTooLarge);
  });

  it("begins again when users changed while the password was checked", () => {
    const stage = new Stage();
    const token = stage.login();
    stage.ask(LOGIN);
    const login = stage.call;
    stage.ask({ kind: "role_add", name: key("r") }, token);
    const done = { kind: "password.done", call: login, answer: RIGHT } as const;
    expect(stage.node.take(done)).toMatchObject([{ kind: "password", call: login }]);
    expect(responseOf(stage.node.take(done))).toMatchObject({ kind: "authenticate" });
  });

  it("gives the signed token, where tokens are signed", () => {
    const stage = new Stage();
    stage.ask(LOGIN);
    const signed = stage.work({ kind: "right", prefix: "" as Bytes, token: "a.b.c" });
    expect(responseOf(signed)).toMatchObject({ kind: "authenticate", token: "a.b.c" });
    expect(errorOf(stage.ask(rangeOf("a"), "a.b.c"))).toBe(ERRORS.InvalidAuthToken);
  });
});

describe("a token", () => {
  it("is worth something until it was not used for a while", () => {
    const stage = new Stage();
    const token = stage.login();
    for (let use = 0; use < 3; use++) {
      stage.pass(TOKEN_MS - 2000);
      expect(responseOf(stage.ask(rangeOf("a"), token))).toMatchObject({ count: 0 });
    }
    stage.pass(TOKEN_MS);
    expect(errorOf(stage.ask(rangeOf("a"), token))).toBe(ERRORS.InvalidAuthToken);
  });

  it("ends with the password it was given for, the user, and auth itself", () => {
    for (const end of [
      { kind: "user_change_password", name: key("eve"), password: "", hashedPassword: "" },
      { kind: "user_delete", name: key("eve") },
      { kind: "auth_disable" },
    ] as const) {
      const stage = new Stage();
      const root = stage.login();
      stage.addUser("eve", root);
      stage.ask({ ...LOGIN, name: key("eve") });
      const response = responseOf(stage.work(RIGHT));
      const token = response.kind === "authenticate" ? response.token : "";
      expect(errorOf(stage.ask(rangeOf("a"), token))).toBe(ERRORS.PermissionDenied);
      expect(responseOf(stage.ask(end, root))).toMatchObject({ kind: end.kind });
      if (end.kind === "auth_disable") stage.ask({ kind: "auth_enable" });
      expect(errorOf(stage.ask(rangeOf("a"), token))).toBe(ERRORS.InvalidAuthToken);
    }
  });

  it("whose entry is not applied here yet waits for it, on a stream too", () => {
    const stage = new Stage();
    const token = stage.login();
    const index = Number(token.split(".")[1]);
    expect(stage.ask(putOf("a", "1"), `letters.${index + 2}`)).toEqual([]);
    const unary = stage.call;
    expect(stage.ask({ kind: "watch", ask: watchOf("a") }, `letters.${index + 3}`)).toEqual([]);
    const stream = stage.call;
    const close = { kind: "call.close", call: stream } as const;
    expect(stage.node.take(close)).toEqual([]);
    stage.ask(putOf("b", "1"), token);
    const told = stage.ask(putOf("b", "2"), token);
    expect(told).toContainEqual({
      kind: "call.reply",
      call: unary,
      result: { ok: false, error: ERRORS.InvalidAuthToken },
    });
    const refused = stage.ask(putOf("b", "3"), token);
    expect(refused).toContainEqual(
      expect.objectContaining({
        kind: "call.push",
        call: stream,
        response: expect.objectContaining({
          cancelReason: "rpc error: code = Unauthenticated desc = etcdserver: invalid auth token",
        }) as Response,
      }),
    );
  });

  it("that never comes true is worth nothing after a while; who leaves is forgotten", () => {
    const stage = new Stage();
    stage.ask(rangeOf("a"), "letters.999999");
    const waiting = stage.call;
    stage.ask(rangeOf("a"), "letters.999999");
    stage.node.take({ kind: "call.cancel", call: stage.call });
    expect(stage.pass(10_000)).toEqual([
      {
        kind: "call.reply",
        call: waiting,
        result: { ok: false, error: ERRORS.InvalidAuthToken },
      },
    ]);
  });

  it("that is made up finds only so much room to wait in", () => {
    const stage = new Stage();
    const ask = watchOf("a");
    stage.ask({ kind: "watch", ask }, "letters.999999");
    const call = stage.call;
    const item = { kind: "call.item", call, request: { kind: "watch", ask } } as const;
    for (let word = 0; word < 100; word++) expect(stage.node.take(item)).toEqual([]);
    const error = ERRORS.TooManyRequests;
    expect(stage.node.take(item)).toEqual([{ kind: "call.end", call, error }]);
    for (let guest = 0; guest < 1000; guest++) {
      expect(stage.ask(rangeOf("a"), "letters.999999")).toEqual([]);
    }
    expect(errorOf(stage.ask(rangeOf("a", { serializable: true }), "letters.999999"))).toBe(
      ERRORS.InvalidAuthToken,
    );
  });

  it("that is signed says who asks and since when: an old one is refused, even root's", () => {
    const stage = new Stage();
    const until = Number.MAX_SAFE_INTEGER as Millis;
    const claims = { user: ROOT, revision: 3, until };
    expect(responseOf(stage.ask(putOf("a", "1"), claims))).toMatchObject({ kind: "put" });
    expect(errorOf(stage.ask(putOf("a", "1"), { ...claims, revision: 2 }))).toBe(
      ERRORS.AuthOldRevision,
    );
    expect(errorOf(stage.ask(putOf("a", "1"), { ...claims, until: 0 as Millis }))).toBe(
      ERRORS.InvalidAuthToken,
    );
  });
});

function responseOf(effects: readonly Effect[]): Response {
  const reply = effects.find((effect) => effect.kind === "call.reply");
  if (reply?.kind !== "call.reply" || !reply.result.ok) {
    throw new Error(`no answer: ${JSON.stringify(effects)}`);
  }
  return reply.result.value;
}

function errorOf(effects: readonly Effect[]): unknown {
  const reply = must(
    effects.find((effect) => effect.kind === "call.reply"),
    "there is an answer",
  );
  return reply.kind === "call.reply" && !reply.result.ok ? reply.result.error : null;
}
