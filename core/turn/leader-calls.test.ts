import { expect, it } from "vitest";
import type { CallId, Millis, NodeId } from "../contract.ts";
import type { Asker, LeaderCalls } from "./leader-calls.ts";
import { admit, createLeaderCalls, dismissOld, neglectedStreams } from "./leader-calls.ts";

const QUESTION = { lease: 7n, renew: true };
const CALL = 5 as CallId;

it("a stream is neglected when one of its questions has waited too long, others' are forgotten", () => {
  let leaderCalls = createLeaderCalls();
  for (const since of [0, 10, 4000])
    leaderCalls = ask(leaderCalls, { kind: "stream", call: CALL }, since);
  leaderCalls = ask(leaderCalls, { kind: "stream", call: 6 as CallId }, 4000);
  leaderCalls = ask(leaderCalls, { kind: "peer", peer: 2n as NodeId, id: 1n }, 0);
  expect(neglectedStreams(leaderCalls, 6999 as Millis, 7000)).toEqual([]);
  expect(neglectedStreams(leaderCalls, 7500 as Millis, 7000)).toEqual([CALL]);
  expect(dismissOld(leaderCalls, 7500 as Millis, 7000).forwarded.size).toBe(2);
});

function ask(leaderCalls: LeaderCalls, asker: Asker, since: number): LeaderCalls {
  return admit(leaderCalls, { asker, question: QUESTION, since: since as Millis })[0];
}
