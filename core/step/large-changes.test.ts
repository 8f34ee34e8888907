// What one call may change is only bounded by the store: a deletion of all its keys is one
// revision, however many there are.

import { describe, expect, it } from "vitest";
import { deleteOf, putOf, rangeOf, txnOf } from "../api/testing.ts";
import type { Request, Response } from "../api/request.ts";
import type { CallId, Millis } from "../contract.ts";
import { must } from "../lib/assert.ts";
import { startLoneNode } from "../testing/lone-node.ts";

const KEYS = 130_000; // more than V8 takes as arguments of one call
const PER_TXN = 10_000;
const FOREVER = { deadline: Number.MAX_SAFE_INTEGER as Millis, token: "", requireLeader: false };

describe("A deletion of many keys", () => {
  it("is one revision, before and after a restart", () => {
    const node = startLoneNode({ transactionOperations: PER_TXN });
    let calls = 0;
    const ask = (request: Request): Response => {
      const call = ++calls as CallId;
      const effects = node.take({ kind: "call", call, request, context: FOREVER });
      const reply = effects.find((each) => each.kind === "call.reply" && each.call === call);
      const result = reply?.kind === "call.reply" && reply.result.ok ? reply.result.value : null;
      return must(result, "it is answered");
    };
    for (let first = 0; first < KEYS; first += PER_TXN) {
      ask(
        txnOf(
          [],
          Array.from({ length: PER_TXN }, (_, at) => putOf(`r/${first + at}`, "v")),
        ),
      );
    }
    const count = rangeOf("r/", { rangeEnd: deleteOf("r0").key, countOnly: true });
    expect(ask(count)).toMatchObject({ count: KEYS });
    expect(ask(deleteOf("r/", "r0"))).toMatchObject({ deleted: KEYS, header: { revision: 15 } });
    expect(ask(count)).toMatchObject({ count: 0, header: { revision: 15 } });
    node.restart((node.now + 1) as Millis);
    for (let tick = 1; tick < 100; tick++) {
      node.take({ kind: "tick", now: (node.now + 50 * tick) as Millis });
    }
    expect(ask(count)).toMatchObject({ count: 0, header: { revision: 15 } });
  });
});
