// A range that is larger than a piece is what it would be in one step; and what comes between two
// pieces makes it begin anew, or ends it.

import { describe, expect, it } from "vitest";
import type { KeyValue, Request } from "../../api/request.ts";
import { deleteOf, key, putOf, rangeOf, txnOf } from "../../api/testing.ts";
import type { Limits } from "../../config.ts";
import type { CallContext, CallId, Effect, Millis, PasswordAnswer } from "../../contract.ts";
import { fromBytes } from "../../lib/bytes.ts";
import { startLoneNode } from "../../testing/lone-node.ts";

const KEYS = 20;
const ALL = rangeOf("k", { rangeEnd: key("l") });
const HASHED: PasswordAnswer = { kind: "hashed", hash: key("hash") };
const RIGHT: PasswordAnswer = { kind: "right", prefix: key("letters"), token: "" };

describe("a range of more rows than a step reads", () => {
  it("is answered in pieces, at the revision at which it began", () => {
    const client = startStage();
    const call = client.ask(ALL);
    client.resume();
    const revision = client.revision();
    for (let piece = 0; client.answerOf(call) === null; piece++) {
      client.ask(putOf(nameOf(piece), "later"));
      client.ask(deleteOf(nameOf(KEYS - 1 - piece)));
      client.resume();
      expect(piece).toBeLessThan(KEYS);
    }
    expect(client.answerOf(call)).toBe(`revision=${revision} count=20 ${keysOf(0, KEYS, "first")}`);
  });

  it("is answered like any other where it is small, whoever else is being served", () => {
    const client = startStage();
    client.ask(ALL);
    const small = client.ask(rangeOf("k03"));
    expect(client.answerOf(small)).toBe(`revision=${client.revision()} count=1 k03=first`);
  });

  it("is in a transaction what it is alone", () => {
    const client = startStage();
    const some = rangeOf("k04", { rangeEnd: key("k09") });
    const call = client.ask(txnOf([], [ALL, rangeOf("absent"), some]));
    client.resume();
    client.ask(putOf("k00", "later"));
    client.resumeAll();
    const inside = [keysOf(0, KEYS, "first"), "", keysOf(4, 9, "first")];
    expect(client.answerOf(call)).toBe(`revision=21 succeeded ${inside.join(" | ")}`);
  });

  it("looks at the keys of its compares in pieces, too, as they were when it began", () => {
    const client = startStage();
    const isOld = { result: "equal", target: { kind: "version", operand: 1 } } as const;
    const all = { key: key("k"), rangeEnd: key("l"), ...isOld };
    const call = client.ask(txnOf([all], [rangeOf("k00")], [rangeOf("absent")]));
    for (let piece = 0; piece < 3; piece++) {
      client.resume();
      expect(client.answerOf(call)).toBeNull();
      client.ask(putOf(nameOf(KEYS - 1 - piece), "later"));
    }
    client.resumeAll();
    expect(client.answerOf(call)).toBe("revision=21 succeeded k00=first");
  });

  it("is refused as it would be in one step, when its compares have chosen", () => {
    const client = startStage();
    const all = { key: key("k"), rangeEnd: key("l"), result: "greater" } as const;
    const compare = { ...all, target: { kind: "version", operand: 0 } } as const;
    const call = client.ask(txnOf([compare], [rangeOf("k00", { revision: 99 })]));
    expect(client.answerOf(call)).toBeNull();
    client.resumeAll();
    expect(client.answerOf(call)).toBe("FutureRevision");
  });

  it("shares its time with others: none waits for another one's end", () => {
    const client = startStage({ rangesAtOnce: 2 });
    const calls = [client.ask(ALL), client.ask(ALL), client.ask(ALL)];
    const order: number[] = [];
    while (order.length < calls.length) {
      client.resume();
      for (const call of calls) {
        if (client.answerOf(call) !== null && !order.includes(call)) order.push(call);
      }
      const begun = client.underWay();
      expect(begun).toBeLessThanOrEqual(2);
    }
    expect(order).toEqual(calls);
    expect(client.pieces().slice(0, 4)).toEqual([calls[0], calls[1], calls[0], calls[1]]);
  });
});

describe("between two pieces", () => {
  it("a compaction above its revision makes a range of the present begin anew", () => {
    const client = startStage();
    const call = client.ask(ALL);
    client.resume();
    client.ask(putOf("k00", "later"));
    client.ask({ kind: "compact", revision: client.revision(), physical: false });
    client.resumeAll();
    const later = `k00=later ${keysOf(1, KEYS, "first")}`;
    expect(client.answerOf(call)).toBe(`revision=22 count=20 ${later}`);
  });

  it("a compaction of a revision that was asked for ends the range", () => {
    const client = startStage();
    const call = client.ask({ ...ALL, revision: 21 });
    client.resume();
    client.ask(putOf("k00", "later"));
    client.ask({ kind: "compact", revision: 22, physical: false });
    client.resumeAll();
    expect(client.answerOf(call)).toBe("Compacted");
  });

  it("a compaction at its revision, or below, takes nothing from it", () => {
    const client = startStage();
    const call = client.ask(ALL);
    client.resume();
    client.ask(deleteOf("k05"));
    client.ask({ kind: "compact", revision: 21, physical: true });
    client.resumeAll();
    expect(client.answerOf(call)).toBe(`revision=21 count=20 ${keysOf(0, KEYS, "first")}`);
  });

  it("whoever has gone is read for no more", () => {
    const client = startStage();
    const call = client.ask(ALL);
    client.resume();
    const pieces = client.pieces().length;
    client.take({ kind: "call.cancel", call });
    client.resumeAll();
    expect(client.answerOf(call)).toBeNull();
    expect(client.pieces()).toHaveLength(pieces);
  });

  it("the end of the time that a client waits ends the range", () => {
    const client = startStage();
    const call = client.ask(ALL, "", client.now + 100);
    client.resume();
    client.take({ kind: "tick", now: (client.now + 150) as Millis });
    expect(client.answerOf(call)).toBe("DeadlineExceeded");
    client.resumeAll();
  });

  it("the right to read may be taken away: nothing is told then", () => {
    const client = startStage();
    const token = client.turnAuthOn();
    const call = client.ask(ALL, token);
    client.resume();
    expect(client.pieces()).toEqual([call]);
    const own = { name: key("reader"), key: key("k"), rangeEnd: key("l") };
    client.ask({ kind: "role_revoke_permission", ...own }, client.root());
    client.resumeAll();
    expect(client.answerOf(call)).toBe("PermissionDenied");
  });
});

type Part = Extract<Effect, { kind: "call.part" }>;

/** A member alone, with twenty keys, which reads three rows at a time. */
function startStage(limits: Partial<Limits> = {}) {
  const node = startLoneNode({ rangeRows: 3, ...limits }, true);
  const answers = new Map<CallId, string>();
  const parts: Part[] = [];
  let calls = 0;
  const hear = (effects: readonly Effect[]): void => {
    for (const effect of effects) {
      if (effect.kind === "call.part") parts.push(effect);
      if (effect.kind === "call.reply") answers.set(effect.call, told(effect, parts));
    }
  };
  const take = (input: Parameters<typeof node.take>[0]): void => hear(node.take(input));
  const ask = (request: Request, token: CallContext["token"] = "", deadline = 1e9): CallId => {
    calls += 1;
    const context = { deadline: deadline as Millis, token, requireLeader: false };
    const call = calls as CallId;
    take({ kind: "call", call, request, context });
    if (request.kind === "user_add") take({ kind: "password.done", call, answer: HASHED });
    if (request.kind === "authenticate") take({ kind: "password.done", call, answer: RIGHT });
    return call;
  };
  const login = (name: string): string => {
    const call = ask({ kind: "authenticate", name: key(name), password: "pw" });
    return answers.get(call) ?? "";
  };
  for (let at = 0; at < KEYS; at++) ask(putOf(nameOf(at), "first"));
  return {
    now: node.now,
    take,
    ask,
    resume: () => hear(node.resume()),
    resumeAll: () => {
      for (let left = 100; left > 0; left--) hear(node.resume());
    },
    answerOf: (call: CallId): string | null => answers.get(call) ?? null,
    revision: (): number => node.state().store.mvcc.revision,
    underWay: (): number => node.state().calls.rangeCalls.underWay.length,
    pieces: (): readonly CallId[] => parts.map(({ call }) => call),
    root: () => login("root"),
    turnAuthOn: (): string => {
      const root = key("root");
      const [user, role] = [key("reader"), key("reader")];
      const range = { key: key("k"), rangeEnd: key("l") };
      ask({ kind: "user_add", name: root, password: "pw", noPassword: false });
      ask({ kind: "user_grant_role", name: root, role: root });
      ask({ kind: "user_add", name: user, password: "pw", noPassword: false });
      ask({ kind: "role_add", name: role });
      ask({ kind: "role_grant_permission", name: role, permission: { type: 0, ...range } });
      ask({ kind: "user_grant_role", name: user, role });
      ask({ kind: "auth_enable" });
      return login("reader");
    },
  };
}

/** As a driver puts it together. */
function told({ call, result }: Effect & { kind: "call.reply" }, parts: readonly Part[]): string {
  if (!result.ok) return result.error.name;
  const { value } = result;
  if (value.kind === "authenticate") return value.token;
  if (value.kind !== "range" && value.kind !== "txn") return value.kind;
  const own = parts.filter((part) => part.call === call);
  const valid = own.slice(
    Math.max(
      0,
      own.findLastIndex(({ isFirst }) => isFirst),
    ),
  );
  const all = (operation: number, rest: readonly KeyValue[]): string => {
    const before = valid.filter((part) => part.operation === operation);
    return [...before.flatMap(({ kvs }) => kvs), ...rest].map(shown).join(" ");
  };
  const { revision } = value.header;
  if (value.kind === "range")
    return `revision=${revision} count=${value.count} ${all(0, value.kvs)}`;
  const inside = value.responses.map((each, at) =>
    each.kind === "range" ? all(at, each.kvs) : "",
  );
  return `revision=${revision} ${value.succeeded ? "succeeded" : "failed"} ${inside.join(" | ")}`;
}

function shown(kv: KeyValue): string {
  return `${kv.key}=${fromBytes(kv.value)}`;
}

function keysOf(from: number, to: number, value: string): string {
  const numbers = Array.from({ length: to - from }, (_, at) => from + at);
  return numbers.map((at) => `${nameOf(at)}=${value}`).join(" ");
}

function nameOf(at: number): string {
  return `k${String(at).padStart(2, "0")}`;
}
