// What only the leader knows of leases, asked of it wherever it is.

import type { CallId, NodeId } from "../../contract.ts";
import type { Question } from "../../turn/leader-calls.ts";
import {
  admit,
  closeLeaderCall,
  findForwarded,
  isSent,
  isForwarded,
  keepAnswer,
  markSent,
  takeOpen,
} from "../../turn/leader-calls.ts";
import { findCall } from "../../turn/calls.ts";
import { joinReads } from "../../turn/reads.ts";
import type { LeaseMessage } from "../../lease/message.ts";
import type { NodeState } from "../../node-state.ts";
import type { Turn } from "../../turn/turn.ts";
import { setCalls } from "../../turn/set-state.ts";
import { answerForwarded } from "./keep-alive.ts";

/** Takes the calls that only the leader can answer to the leader, wherever it is. */
export function askLeader(turn: Turn): void {
  const { raft, config } = turn.state;
  if (turn.state.calls.leaderCalls.open.length === 0 || raft.leader === null) return;
  const [leaderCalls, calls] = takeOpen(turn.state.calls.leaderCalls);
  setCalls(turn, { ...turn.state.calls, leaderCalls });
  for (const call of calls) {
    const question = questionOf(turn.state, call);
    if (question === null) continue; // it timed out, or its client has gone
    if (raft.leader === config.node) {
      setCalls(turn, { ...turn.state.calls, reads: joinReads(turn.state.calls.reads, call) });
    } else {
      sendAsk(turn, raft.leader, call, question);
    }
  }
}

function questionOf({ calls }: NodeState, call: CallId): Question | null {
  if (isForwarded(call)) return findForwarded(calls.leaderCalls, call)?.question ?? null;
  const request = findCall(calls.pending, call)?.request;
  if (request?.kind !== "lease_time_to_live") return null;
  return { lease: request.id, renew: false };
}

function sendAsk(turn: Turn, to: NodeId, call: CallId, question: Question): void {
  const { raft, now, life } = turn.state;
  const { leaderCalls } = turn.state.calls;
  const id = BigInt.asUintN(64, life + BigInt(call));
  const { lease, renew: renews } = question;
  const message = { kind: "lease_ask", term: raft.term, id, lease, renew: renews } as const;
  setCalls(turn, { ...turn.state.calls, leaderCalls: markSent(leaderCalls, call, raft.term, now) });
  turn.effects.push({ kind: "peer.send", to, message });
}

export function takeLeaseMessage(turn: Turn, from: NodeId, message: LeaseMessage): void {
  const { raft, config, now, life } = turn.state;
  if (message.term !== raft.term || from === config.node || !raft.voters.includes(from)) return;
  if (message.kind === "lease_ask") {
    if (raft.role !== "leader") return; // it asks again
    const { id, lease, renew: renews } = message;
    const asker = { kind: "peer", peer: from, id } as const;
    const question = { lease, renew: renews };
    const [leaderCalls, call] = admit(turn.state.calls.leaderCalls, {
      asker,
      question,
      since: now,
    });
    setCalls(turn, {
      ...turn.state.calls,
      leaderCalls,
      reads: joinReads(turn.state.calls.reads, call),
    });
    return;
  }
  const call = Number(BigInt.asIntN(64, message.id - life)) as CallId;
  if (!isSent(turn.state.calls.leaderCalls, call)) return;
  setCalls(turn, {
    ...turn.state.calls,
    leaderCalls: closeLeaderCall(turn.state.calls.leaderCalls, call),
  });
  if (isForwarded(call)) return answerForwarded(turn, call, message);
  setCalls(turn, {
    ...turn.state.calls,
    leaderCalls: keepAnswer(turn.state.calls.leaderCalls, { call, answer: message }),
  });
}
