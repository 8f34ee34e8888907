// A hash that is taken in pieces is the hash that one step takes, whatever is written meanwhile.

import { describe, expect, it } from "vitest";
import { putOf } from "../../api/testing.ts";
import type { Request } from "../../api/request.ts";
import type { CallId, Effect, Input, Millis } from "../../contract.ts";
import { startLoneNode } from "../../testing/lone-node.ts";
import { hashKv } from "../../mvcc/hash/hash.ts";
import { restoreMvcc } from "../../mvcc/store.ts";
import { describeEffect } from "../../transcript/transcript.ts";

const ROWS = 5;
const PUTS = 23;
const HASH: Request = { kind: "hash_kv", revision: 0 };

describe("HashKV of a store with more rows than one step hashes", () => {
  it("is answered some pieces later, of the revision at which it was asked for", () => {
    const node = startNode();
    for (let at = 0; at < PUTS; at++) node.ask(putOf(`k${at % 7}`, `v${at}`));
    const expected = node.hash();
    expect(node.ask(HASH)).toBe("");
    expect(node.ask(putOf("k0", "later"))).toContain("put revision=25");
    expect(told(node)).toEqual([[4, `hash=${expected} at 24`]]);
  });

  it("begins anew when its history is compacted meanwhile, or is refused", () => {
    const node = startNode();
    for (let at = 0; at < PUTS; at++) node.ask(putOf(`k${at % 7}`, `v${at}`));
    node.ask(HASH);
    node.ask({ kind: "hash_kv", revision: 15 });
    node.resume();
    node.ask({ kind: "compact", revision: 20, physical: true });
    const answers = told(node).map(([, answer]) => answer);
    expect(answers).toHaveLength(2);
    expect(answers[0]).toBe(`hash=${node.hash()} at 24`);
    expect(answers[1]).toContain("required revision has been compacted");
  });

  it("of everything is told in pieces, too, and is the same however many they are", () => {
    const [node, other] = [startNode(), startNode(1000)];
    for (const each of [node, other]) {
      for (let at = 0; at < PUTS; at++) each.ask(putOf(`k${at % 7}`, `v${at}`));
    }
    const whole = other.ask({ kind: "hash" });
    expect(whole).toMatch(/hash revision=24 .*hash=\d+$/);
    expect(node.ask({ kind: "hash" })).toBe("");
    const answers = told(node);
    expect(answers).toEqual([[expect.any(Number), expect.stringMatching(/hash=\d+$/)]]);
    expect(whole).toContain(answers[0]?.[1]);
    expect(answers[0]?.[0]).toBeGreaterThan(4);
  });

  it("stays what it was where a compaction has taken its rows, of the ten newest", () => {
    const node = startNode(1000);
    for (let at = 0; at < PUTS; at++) node.ask(putOf(`k${at % 7}`, `v${at}`));
    const hashAt = (revision: number): string =>
      node.ask({ kind: "hash_kv", revision }).replace(/^reply \d+ /, "");
    const before: string[] = [];
    for (let revision = 4; revision < 15; revision++) {
      before.push(hashAt(revision));
      node.ask({ kind: "compact", revision, physical: true });
    }
    const after = before.map((_, at) => hashAt(4 + at));
    expect(after[0]).toContain("required revision has been compacted");
    expect(after.slice(1)).toEqual(before.slice(1));
  });

  it("of the present is never that of a compaction at revision 0", () => {
    const node = startNode(1000);
    node.ask({ kind: "compact", revision: 0, physical: true });
    node.ask(putOf("k", "v"));
    expect(node.ask(HASH)).toContain(`hash=${node.hash()} at`);
  });

  it("is forgotten when its client goes", () => {
    const node = startNode();
    for (let at = 0; at < PUTS; at++) node.ask(putOf("k", `v${at}`));
    node.ask(HASH);
    node.cancel();
    expect(told(node)).toEqual([]);
  });
});

/** The answers that come with the next pieces, and with which of them each came. */
function told(node: ReturnType<typeof startNode>): readonly (readonly [number, string])[] {
  const answers: (readonly [number, string])[] = [];
  for (let pieces = 1; pieces <= 20; pieces++) {
    for (const line of node.resume()) {
      answers.push([pieces, line.replace(/^reply \d+ (hash_kv revision=\d+ )?/, "")]);
    }
  }
  return answers;
}

/** A member alone, in office. */
function startNode(hashRows = ROWS) {
  const { kv, take, resume } = startLoneNode({ hashRows }, true);
  let call = 0;
  const tell = (input: Input): readonly string[] => linesOf(take(input));
  return {
    resume: (): readonly string[] => linesOf(resume()),
    ask: (request: Request): string => {
      const context = { deadline: 1e9 as Millis, token: "", requireLeader: false };
      call += 1;
      return tell({ kind: "call", call: call as CallId, request, context }).join("\n");
    },
    cancel: () => tell({ kind: "call.cancel", call: call as CallId }),
    hash: (): number => {
      const mvcc = restoreMvcc(kv);
      return hashKv(mvcc, kv, mvcc.revision);
    },
  };
}

function linesOf(effects: readonly Effect[]): readonly string[] {
  return effects.map((effect) => describeEffect(effect, String));
}
