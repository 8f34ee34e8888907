// Plays a case: tells a driver what to do, is told what came of it, and says what does not conform.
// It is a generator, so that one player serves drivers that answer at once (a node, a simulated
// cluster) and those that must wait for a socket.

import type { NodeId } from "../contract.ts";
import type { StreamRequest, UnaryRequest, UnaryResponse } from "../api/request.ts";
import { deleteOf, putOf } from "../api/testing.ts";
import { assert } from "../lib/assert.ts";
import type { By, CallRequest, Case, CaseStep, Known, Late } from "./cases/case.ts";
import { difference } from "./match.ts";
import { shifted } from "./shift.ts";
import { show } from "./show.ts";
import type { Told } from "./show.ts";

/** What the driver is to do. Only a call and a `hear` have an answer; else it tells "nothing". */
export type Order = Readonly<
  | ({ kind: "call"; request: CallRequest } & By)
  | ({ kind: "begin"; stream: string; request: CallRequest } & By) // to be heard later
  | ({ kind: "say"; stream: string; request: StreamRequest } & By) // the first opens it
  | { kind: "hear"; stream: string }
  | { kind: "close" | "leave"; stream: string }
>;

/** Ends with what does not conform; null: nothing. */
export type Play = Generator<Order, string | null, Told>;

/** For drivers that answer at once. */
export function perform(play: Play, driver: (order: Order) => Told): string | null {
  let next = play.next();
  while (next.done !== true) next = play.next(driver(next.value));
  return next.value;
}

export function* playCase(test: Case): Play {
  const before = (yield* empty()) - 1;
  let names: Readonly<Record<string, string>> = {};
  let complaint: string | null = null;
  const streams = new Set<string>();
  for (const [at, step] of test.steps.entries()) {
    if (step.kind === "say" || step.kind === "begin") streams.add(step.stream);
    if (step.kind === "leave") streams.delete(step.stream);
    const order = orderOf(step, before, (name) => names[name] ?? "");
    const told = yield order;
    if (step.kind !== "call" && step.kind !== "hear") continue;
    const shown = show(shifted(told, -before));
    const [found, learned] = difference(step.answer, shown, names);
    names = learned;
    if (found === null) continue;
    complaint = `${test.name}: step ${at + 1}, ${titleOf(order)}\n${found}`;
    break;
  }
  for (const stream of streams) yield { kind: "leave", stream };
  return complaint;
}

type AnswerTo<K extends UnaryRequest["kind"]> = Extract<UnaryResponse, { kind: K }>;

/** Neither keys, leases, alarms nor users are left, nor is anything compacted that the case may
 *  read. Tells the revision. */
function* empty(): Generator<Order, number, Told> {
  const all = { kind: "alarm", memberId: 0n as NodeId, alarm: "none" } as const;
  for (const { memberId, alarm } of (yield* answered({ ...all, action: "get" })).alarms) {
    yield* answered({ kind: "alarm", action: "deactivate", memberId, alarm });
  }
  for (const name of (yield* answered({ kind: "user_list" })).users) {
    yield* answered({ kind: "user_delete", name });
  }
  for (const name of (yield* answered({ kind: "role_list" })).roles) {
    yield* answered({ kind: "role_delete", name });
  }
  const { leases } = yield* answered({ kind: "lease_leases" });
  for (const id of leases) yield* answered({ kind: "lease_revoke", id });
  const { header, deleted } = yield* answered(deleteOf("\0", "\0"));
  if (header.revision === 1 && deleted === 0) return 1;
  yield* answered(putOf("used", ""));
  return (yield* answered(deleteOf("used"))).header.revision;
}

function* answered<R extends UnaryRequest>(
  request: R,
): Generator<Order, AnswerTo<R["kind"]>, Told> {
  const told = yield { kind: "call", member: 0, token: "", request };
  assert(told.kind === "response", `a server can be emptied, not: ${show(told).join()}`);
  return told.response as AnswerTo<R["kind"]>;
}

function orderOf(step: CaseStep, before: number, known: Known): Order {
  const made = <R extends object>(late: Late<R>): R =>
    shifted(typeof late === "function" ? late(known) : late, before);
  switch (step.kind) {
    case "call": {
      const { kind, member, request } = step;
      return { kind, member, token: known(step.token), request: made(request) };
    }
    case "begin":
      return { ...step, token: known(step.token), request: made(step.request) };
    case "say":
      return { ...step, token: known(step.token), request: made(step.request) };
    case "hear":
      return { kind: "hear", stream: step.stream };
    case "close":
    case "leave":
      return step;
  }
}

function titleOf(order: Order): string {
  if (order.kind === "call") return order.request.kind;
  return `${order.kind} ${order.stream}`;
}
