// An entry that is too much for one step: while it is applied, piece by piece, everything else goes
// on, and everybody sees the store as it was before.

import { describe, expect, it } from "vitest";
import { deleteOf, putOf, rangeOf, watchOf } from "../api/testing.ts";
import type { Request } from "../api/request.ts";
import type { CallId, Effect, LeaseId, Millis } from "../contract.ts";
import type { LoneNode } from "../testing/lone-node.ts";
import { startLoneNode } from "../testing/lone-node.ts";
import { describeEffect } from "../transcript/transcript.ts";

const FOREVER = { deadline: Number.MAX_SAFE_INTEGER as Millis, token: "", requireLeader: false };
const KEYS = 20;
const LEASE = 7n as LeaseId;
const ALL = { rangeEnd: deleteOf("", "\0").rangeEnd, serializable: true } as const;

describe("a deletion in pieces", () => {
  it("is seen when it is done, at once; what comes behind it waits, and what reads does not", () => {
    const node = startNode();
    for (let at = 0; at < KEYS; at++) node.ask(putOf(`k${at}`, "v"));
    expect(node.ask(deleteOf("k", "l"))).toBe("");
    expect(node.ask(putOf("later", "v"))).toBe("");
    for (let piece = 0; piece < 2; piece++) {
      expect(node.resume()).toBe("");
      expect(node.ask(rangeOf("\0", ALL))).toContain("revision=21");
    }
    const answers = `delete_range revision=22 deleted=${KEYS}\nput revision=23`;
    expect(told(node)).toEqual([answers]);
    expect(node.ask(rangeOf("\0", ALL))).toContain("revision=23");
  });

  it("is told to watchers as history, in one response", () => {
    const node = startNode();
    for (let at = 0; at < KEYS; at++) node.ask(putOf(`k${at}`, "v"));
    node.ask({ kind: "watch", ask: watchOf("k", "l") });
    node.ask(deleteOf("k", "l"));
    told(node);
    const pushes = node.pushed().filter((each) => each.includes("delete"));
    expect(pushes).toHaveLength(1);
    expect(pushes[0]?.match(/delete/g)).toHaveLength(KEYS);
  });

  it("begins anew after a crash, and is done in the end", () => {
    const node = startNode();
    for (let at = 0; at < KEYS; at++) node.ask(putOf(`k${at}`, "v"));
    node.ask(deleteOf("k", "l"));
    node.resume();
    node.restart();
    expect(node.ask(rangeOf("\0", ALL))).toContain("revision=21");
    told(node);
    expect(node.ask(rangeOf("\0", ALL))).toContain("revision=22");
  });
});

describe("the end of a lease in pieces", () => {
  it("takes its keys at one revision", () => {
    const node = startNode();
    node.ask({ kind: "lease_grant", id: LEASE, ttlSeconds: 60 });
    for (let at = 0; at < KEYS; at++) node.ask(putOf(`k${at}`, "v", { lease: LEASE }));
    expect(node.ask({ kind: "lease_revoke", id: LEASE })).toBe("");
    expect(node.ask(rangeOf("\0", ALL))).toContain("revision=21");
    expect(told(node)).toEqual(["lease_revoke revision=22"]);
    expect(node.ask(rangeOf("\0", { ...ALL, countOnly: true }))).toContain("revision=22");
  });
});

type Node = Readonly<{
  ask: (request: Request) => string; // what is replied at once
  resume: () => string;
  pushed: () => readonly string[];
  restart: () => void;
}>;

/** It looks at four rows in a step. */
function startNode(): Node {
  const node: LoneNode = startLoneNode({ applyRows: 4, rangeRows: 100 }, true);
  const pushed: string[] = [];
  let calls = 0;
  let now = node.now as number;
  const heard = (effects: readonly Effect[]): string => {
    for (const effect of effects) {
      if (effect.kind === "call.push") pushed.push(describeEffect(effect, String));
    }
    return effects
      .filter((effect) => effect.kind === "call.reply")
      .map((effect) => describeEffect(effect, String).replace(/^reply +\d+ /, ""))
      .join("\n");
  };
  return {
    ask: (request) => {
      const call = ++calls as CallId;
      return heard(node.take({ kind: "call", call, request, context: FOREVER }));
    },
    resume: () => heard(node.resume()),
    pushed: () => pushed,
    restart: () => {
      node.restart((now += 1) as Millis);
      for (let tick = 0; tick < 100; tick++)
        node.take({ kind: "tick", now: (now += 50) as Millis });
    },
  };
}

/** What it replies until nothing is left to go on with. */
function told(node: Node): readonly string[] {
  return Array.from({ length: 50 }, () => node.resume()).filter((reply) => reply !== "");
}
