// What a call is told that waited too long, by what the member knew meanwhile.

import { expect, it } from "vitest";
import type { WaitingCall } from "./calls.ts";
import { UNCHECKED } from "./calls.ts";
import { confirmRead, NO_READS } from "./reads.ts";
import type { UnaryRequest } from "../api/request.ts";
import { putOf, rangeOf } from "../api/testing.ts";
import type { CallId, Index, LeaseId, Millis, NodeId } from "../contract.ts";
import type { Calls, Leadership, NodeState } from "../node-state.ts";
import { timeoutOf } from "./timeouts.ts";

type Known = Partial<Pick<Calls, "reads"> & Pick<Leadership, "leaderLostAt">> &
  Readonly<{ leader?: number | null; linkedSince?: readonly (number | null)[] }>;

const CALL = 7 as CallId;
const [SINCE, NOW] = [1000, 8000];
const ALWAYS = [0, 0];

it("a write that had a way to the leader is told that time ran out, and no more", () => {
  expect(said(putOf("a", "1"), {})).toBe("Timeout");
  expect(said(putOf("a", "1"), { leader: 1 })).toBe("Timeout");
  expect(said(putOf("a", "1"), { leader: 1, linkedSince: [0, null] })).toBe("Timeout");
  expect(said(putOf("a", "1"), { leader: null })).toBe("Timeout");
});

it("a write is told of the leader that was lost, and of connections that were", () => {
  const lost = { leaderLostAt: 2000 as Millis };
  expect(said(putOf("a", "1"), lost)).toBe("TimeoutDueToLeaderFail");
  expect(said(putOf("a", "1"), { linkedSince: [null, 0] })).toBe("TimeoutDueToConnectionLost");
  expect(said(putOf("a", "1"), { linkedSince: [2000, 0] })).toBe("TimeoutDueToConnectionLost");
  const alone = { leader: 1, linkedSince: [2000, null] };
  expect(said(putOf("a", "1"), alone)).toBe("TimeoutDueToConnectionLost");
});

it("a read is not", () => {
  const reads = confirmRead(NO_READS, CALL, 9 as Index);
  const known = { reads, leaderLostAt: 2000 as Millis, linkedSince: [null, null] };
  expect(said(rangeOf("a"), known)).toBe("Timeout");
});

it("who asks about a lease, or hands over the lead, is told about that", () => {
  const left = { kind: "lease_time_to_live", id: 1n as LeaseId, keys: false } as const;
  expect(said(left, {})).toBe("Timeout");
  expect(said(left, { leader: null })).toBe("NoLeader");
  const hand = { kind: "move_leader", targetId: 2n as NodeId } as const;
  expect(said(hand, {})).toBe("TimeoutLeaderTransfer");
});

/** By member 1 of three. Where nothing else is said, 2 leads, and all have been linked always. */
function said(request: UnaryRequest, known: Known): string {
  const { leader = 2, linkedSince = ALWAYS, reads = NO_READS, leaderLostAt = -1 } = known;
  const links = linkedSince.flatMap((since, at) =>
    since === null ? [] : [{ peer: BigInt(at + 2) as NodeId, since: since as Millis }],
  );
  const state: unknown = {
    now: NOW,
    calls: { reads },
    leadership: { links, leaderLostAt },
    config: { node: 1n },
    raft: { leader: leader === null ? null : BigInt(leader), voters: [1n, 2n, 3n] },
  };
  const waiting: WaitingCall = {
    call: CALL,
    request,
    since: SINCE as Millis,
    serverDeadline: NOW as Millis,
    context: { deadline: (NOW + 1) as Millis, token: "", requireLeader: false },
    queued: null,
    checked: UNCHECKED,
  };
  return timeoutOf(state as NodeState, waiting).name;
}
