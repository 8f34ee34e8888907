// What probes are told.

import { describe, expect, it } from "vitest";
import type { Request } from "../../api/request.ts";
import type { CallId, Input, Millis } from "../../contract.ts";
import { startLoneNode } from "../../testing/lone-node.ts";
import { describeEffect } from "../../transcript/transcript.ts";

const CALL = 1 as CallId;
const NEVER = Number.MAX_SAFE_INTEGER as Millis;

describe("the health service", () => {
  it("knows the server as a whole, and nothing else", () => {
    const { tell } = start();
    expect(tell(ask({ kind: "health_check", service: "" }))).toEqual([
      "reply 1 health_check serving",
    ]);
    expect(tell(ask({ kind: "health_check", service: "etcdserverpb.KV" }))).toEqual([
      "reply 1 UnknownService: unknown service",
    ]);
    expect(tell(ask({ kind: "health_list" }))).toEqual(["reply 1 health_list serving"]);
  });

  it("keeps its streams open until they are left, or their time is up", () => {
    const { tell, now } = start();
    const watch: Request = { kind: "health_watch", service: "" };
    expect(tell(ask(watch))).toEqual(["push 1 health_watch serving"]);
    expect(tell({ kind: "call.cancel", call: CALL })).toEqual([]);
    const deadline = (now + 100) as Millis;
    const unknown: Request = { kind: "health_watch", service: "x" };
    expect(tell(ask(unknown, deadline))).toEqual(["push 1 health_watch service_unknown"]);
    expect(tell({ kind: "tick", now: (now + 50) as Millis })).toEqual([]);
    expect(tell({ kind: "tick", now: deadline })).toEqual(["end 1 context deadline exceeded"]);
    expect(tell({ kind: "tick", now: (now + 150) as Millis })).toEqual([]);
  });
});

function start(): { tell: (input: Input) => readonly string[]; now: Millis } {
  const { now, take } = startLoneNode();
  return { now, tell: (input) => take(input).map((effect) => describeEffect(effect, String)) };
}

function ask(request: Request, deadline: Millis = NEVER): Input {
  const context = { deadline, token: "", requireLeader: false };
  return { kind: "call", call: CALL, request, context };
}
