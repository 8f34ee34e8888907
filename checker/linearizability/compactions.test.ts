// What is known of compactions alone: legal histories stay legal, each contradiction is found,
// proven and explained.

import { describe, expect, it } from "vitest";
import { ERRORS } from "../../core/api/errors.ts";
import type { Request } from "../../core/api/request.ts";
import { validityOf } from "../verdict/certificate.ts";
import { EMPTY_STORE, evaluate } from "../model/etcd-model.ts";
import { explain } from "../verdict/explain.ts";
import type { Operation } from "../history.ts";
import { checkRevisionOrder } from "./revision-order.ts";
import { put, range, respond, txn } from "../testing.ts";
import type { Verdict } from "../verdict/verdict.ts";

const BUDGET = 1000;
const AFTER_X = evaluate(EMPTY_STORE, put("a", "x")).state;
const AFTER_XY = evaluate(AFTER_X, put("a", "y")).state;
const HEADER = { clusterId: 1n, memberId: 1n, raftTerm: 1, revision: 3 } as never;

type Call = Pick<Operation, "input" | "call" | "return" | "outcome">;

/** Two writes, revisions 2 and 3, and then these. */
function after(calls: readonly Call[]): readonly Operation[] {
  const written: readonly Call[] = [EMPTY_STORE, AFTER_X].map((state, at) => {
    const input = put("a", at === 0 ? "x" : "y");
    const { answer } = evaluate(state, input);
    const output = respond(answer as Parameters<typeof respond>[0]);
    return { input, call: -4 + 2 * at, return: -3 + 2 * at, outcome: { kind: "ok", output } };
  });
  return [...written, ...calls].map((call, id) => ({ ...call, id, client: 1 }));
}

function compact(revision: number, call: number, end: number | null, error = ""): Call {
  const input: Request = { kind: "compact", revision, physical: false };
  if (end === null) return { input, call, return: null, outcome: { kind: "unknown", error: null } };
  if (error !== "") return failed(input, call, end, error);
  const output = { kind: "compact", header: HEADER } as const;
  return { input, call, return: end, outcome: { kind: "ok", output } };
}

function failed(input: Request, call: number, end: number, error: string): Call {
  const found = Object.values(ERRORS).find(({ name }) => name === error) ?? ERRORS.Compacted;
  return { input, call, return: end, outcome: { kind: "failed", error: found } };
}

function read(revision: number, call: number, end: number, serializable = false): Call {
  const input = range("a", { revision, serializable });
  const { answer } = evaluate(AFTER_XY, input);
  const output = respond(answer as Parameters<typeof respond>[0]);
  return { input, call, return: end, outcome: { kind: "ok", output } };
}

const refused = (revision: number, call: number, end: number): Call =>
  failed(range("a", { revision }), call, end, "Compacted");

function verdictOf(calls: readonly Call[]): Verdict {
  return checkRevisionOrder(after(calls), BUDGET);
}

describe("Compactions", () => {
  it.each<[string, readonly Call[]]>([
    ["leave their own revision readable", [compact(2, 1, 2), read(2, 3, 4)]],
    ["refuse what is below", [compact(3, 1, 2), refused(2, 3, 4)]],
    ["may have happened when nobody knows", [compact(3, 1, null), refused(2, 3, 4)]],
    ["may not have happened when nobody knows", [compact(3, 1, null), read(2, 3, 4)]],
    ["may happen late when nobody knows", [compact(3, 1, null), read(2, 3, 4), refused(2, 5, 6)]],
    ["are concurrent with a read", [compact(3, 1, 4), refused(2, 2, 3), read(2, 1, 4)]],
    ["are not seen by a member that is behind", [compact(3, 1, 2), read(2, 3, 4, true)]],
    ["rise", [compact(2, 1, 2), compact(3, 3, 4), compact(2, 5, 6, "Compacted")]],
    [
      "refuse a transaction whole",
      [
        compact(3, 1, 2),
        failed(txn([], [put("a", "z"), range("a", { revision: 2 })], []), 3, 4, "Compacted"),
      ],
    ],
  ])("%s", (_, calls) => {
    expect(verdictOf(calls).verdict).toBe("ok");
  });

  it.each<[kind: string, words: string, calls: readonly Call[]]>([
    ["never_compacted", "history that nobody gave up", [refused(2, 1, 2)]],
    ["never_compacted", "history that nobody gave up", [compact(2, 1, 2), refused(2, 3, 4)]],
    ["never_compacted", "history that nobody gave up", [refused(2, 1, 2), compact(3, 3, 4)]],
    ["compaction_undone", "history that came back", [compact(3, 1, 2), read(2, 3, 4)]],
    [
      "compaction_undone",
      "history that came back",
      [compact(3, 1, null), refused(2, 2, 3), read(2, 4, 5)],
    ],
    ["compaction_undone", "history that came back", [compact(3, 1, 2), compact(2, 3, 4)]],
    ["compacted_again", "one revision compacted twice", [compact(3, 1, 3), compact(3, 2, 4)]],
  ])("%s is found, proven and explained as %s", (kind, words, calls) => {
    const verdict = verdictOf(calls);
    if (verdict.verdict !== "illegal") return expect.unreachable(JSON.stringify(verdict));
    expect(verdict.certificate.kind).toBe(kind);
    expect(validityOf(after(calls), verdict.certificate, BUDGET)).toBe("valid");
    expect(explain(after(calls), verdict)).toContain(words);
    const [first, second] = [0, 1];
    const wrong = { kind: "compacted_again", first, second, revision: 3 } as const;
    expect(validityOf(after(calls), wrong, BUDGET)).toBe("invalid");
  });
});
