import { expect, it } from "vitest";
import type { CallId, Millis, NodeId } from "../contract.ts";
import type { Asker, Asks } from "./leader-calls.ts";
import { admit, createAsks, dismissOld, neglectedStreams } from "./leader-calls.ts";

const QUESTION = { lease: 7n, renew: true };
const CALL = 5 as CallId;

it("a stream is neglected when one of its questions has waited too long, others' are forgotten", () => {
  let asks = createAsks();
  for (const since of [0, 10, 4000]) asks = ask(asks, { kind: "stream", call: CALL }, since);
  asks = ask(asks, { kind: "stream", call: 6 as CallId }, 4000);
  asks = ask(asks, { kind: "peer", peer: 2n as NodeId, id: 1n }, 0);
  expect(neglectedStreams(asks, 6999 as Millis, 7000)).toEqual([]);
  expect(neglectedStreams(asks, 7500 as Millis, 7000)).toEqual([CALL]);
  expect(dismissOld(asks, 7500 as Millis, 7000).visitors.size).toBe(2);
});

function ask(asks: Asks, asker: Asker, since: number): Asks {
  return admit(asks, { asker, question: QUESTION, since: since as Millis })[0];
}
