// Calls that promote a learner: judged by the leader, at whichever member they came in. A question
// may be lost, so it is asked again; what is granted twice changes nothing the second time.

import type { CallId, NodeId } from "../../contract.ts";
import { findCall } from "../../turn/calls.ts";
import { ERRORS } from "../../api/errors.ts";
import { refusePromotion } from "../../membership/reconfiguration.ts";
import { encodeCommand } from "../../apply/commands/command.ts";
import type { Origin } from "../../apply/commands/command.ts";
import type { PromotionMessage, PromotionRefusal } from "../../membership/promotion-message.ts";
import type { Promotion } from "../../node-state.ts";
import type { Turn } from "../../turn/turn.ts";
import { setCalls } from "../../turn/set-state.ts";
import { reply, tellRaft } from "../../turn/turn.ts";

export function openPromotion(turn: Turn, call: CallId): void {
  const promotion = { call, askedAt: null, term: turn.state.raft.term };
  setCalls(turn, { ...turn.state.calls, promotions: [...turn.state.calls.promotions, promotion] });
}

/** Hands every open call to the leader, if there is one. */
export function askForPromotions(turn: Turn): void {
  for (const promotion of turn.state.calls.promotions) {
    const request = findCall(turn.state.calls.pending, promotion.call)?.request;
    if (request?.kind === "member_promote") ask(turn, promotion, request.id);
    else keep(turn, promotion, null); // it is over
  }
}

export function takePromotionMessage(turn: Turn, from: NodeId, message: PromotionMessage): void {
  const { raft, life } = turn.state;
  if (message.term !== raft.term) return;
  if (message.kind === "promotion_ask") {
    if (raft.role !== "leader") return; // it asks again
    const origin = { node: from, life: message.life, call: message.call as CallId };
    const reason = judge(turn, message.member, origin);
    if (reason === null) return;
    const { term, life: asker, call } = message;
    const refusal = { kind: "promotion_refused", term, life: asker, call, reason } as const;
    return void turn.effects.push({ kind: "peer.send", to: from, message: refusal });
  }
  const open = turn.state.calls.promotions.find(({ call }) => call === message.call);
  if (message.life !== life || open === undefined) return;
  refuse(turn, open, message.reason);
}

function ask(turn: Turn, promotion: Promotion, member: NodeId): void {
  const { raft, config, life, now } = turn.state;
  const { call, askedAt, term } = promotion;
  if (raft.leader === null) return;
  const waits = askedAt !== null && term === raft.term && now - askedAt < config.electionMs;
  if (waits) return;
  keep(turn, promotion, { call, askedAt: now, term: raft.term });
  if (raft.role === "leader") {
    const reason = judge(turn, member, { node: config.node, life, call });
    if (reason !== null) refuse(turn, promotion, reason);
  } else {
    const message = { kind: "promotion_ask", term: raft.term, life, call, member } as const;
    turn.effects.push({ kind: "peer.send", to: raft.leader, message });
  }
}

/** Null: it is proposed. Should that be lost, it is asked for again. */
function judge(turn: Turn, member: NodeId, origin: Origin): PromotionRefusal | null {
  const error = refusePromotion(turn.state, member);
  if (error !== null) return error;
  tellRaft(turn, {
    kind: "propose",
    data: encodeCommand({ kind: "member_promote", origin, member }),
  });
  return null;
}

function refuse(turn: Turn, promotion: Promotion, reason: PromotionRefusal): void {
  keep(turn, promotion, null);
  reply(turn, promotion.call, { ok: false, error: ERRORS[reason] });
}

/** Null: it is over. */
function keep(turn: Turn, { call }: Promotion, next: Promotion | null): void {
  const others = turn.state.calls.promotions.filter((promotion) => promotion.call !== call);
  const promotions = next === null ? others : [...others, next];
  setCalls(turn, { ...turn.state.calls, promotions });
}
