// Calls on their way in: refused at the door, answered from what is here, made to wait for Raft's
// word, or proposed.

import type { CallContext, CallId, Input, Millis } from "../contract.ts";
import { addCall, findCall, removeCall, UNCHECKED } from "../turn/calls.ts";
import { changeOf } from "../services/auth/calls.ts";
import { openLeaderCall } from "../turn/leader-calls.ts";
import type { ProposedRequest, ReadRequest } from "./plan.ts";
import { plan } from "./plan.ts";
import { downgradeCommand } from "../services/maintenance/downgrade.ts";
import { ERRORS } from "../api/errors.ts";
import { exceedsQuota } from "../services/kv/quota.ts";
import { memberChangeOf, refuseChange, refuseUrls } from "../membership/reconfiguration.ts";
import { isMembershipRequest } from "../api/request-membership.ts";
import { confirmRead, joinReads } from "../turn/reads.ts";
import type { UnaryRequest } from "../api/request.ts";
import { isStreamRequest } from "../api/request.ts";
import { isConcurrencyRequest } from "../api/request-concurrency.ts";
import { isHealthRequest } from "../api/request-health.ts";
import { isRaised, noSpaceAlarm } from "../apply/alarms.ts";
import type { Command, Origin } from "../apply/commands/command.ts";
import { encodeCommand } from "../apply/commands/command.ts";
import { proposerOf, refusalOnArrival } from "../turn/callers.ts";
import type { Config } from "../config.ts";
import { requestTimeoutMs } from "../config.ts";
import { refusalAtDoor } from "../turn/leader-guards.ts";
import { answerHealth } from "../services/maintenance/health.ts";
import { assert } from "../lib/assert.ts";
import { chooseLeaseId, leastTtlSeconds } from "../services/lease/leases.ts";
import type { CallInput } from "../services/auth/token-waits.ts";
import { openPromotion } from "../services/cluster/promotions.ts";
import { beginConcurrencyCall, dropConcurrencyCall } from "../services/concurrency/locks.ts";
import {
  closeStreamCall,
  creditStreamCall,
  dropStreamCall,
  openStreamCall,
  takeStreamItem,
} from "./stream-calls.ts";
import { serveRead } from "./serve-reads.ts";
import type { Turn } from "../turn/turn.ts";
import { setCalls } from "../turn/set-state.ts";
import { reply, tellRaft } from "../turn/turn.ts";

export function takeCallInput(turn: Turn, input: CallInput): void {
  switch (input.kind) {
    case "call":
      return takeRequest(turn, input);
    case "call.item":
      return takeStreamItem(turn, input.call, input.request);
    case "call.credit":
      return creditStreamCall(turn, input.call, input.items);
    case "call.close":
      return closeStreamCall(turn, input.call);
    case "call.cancel":
      setCalls(turn, {
        ...turn.state.calls,
        pending: removeCall(turn.state.calls.pending, input.call),
      });
      dropConcurrencyCall(turn, takeCall, input.call);
      return dropStreamCall(turn, input.call);
  }
}

function takeRequest(turn: Turn, input: Extract<Input, { kind: "call" }>): void {
  const { call, request, context } = input;
  if (isStreamRequest(request)) openStreamCall(turn, input, request);
  else if (isConcurrencyRequest(request))
    beginConcurrencyCall(turn, takeCall, call, request, context);
  else if (isHealthRequest(request)) answerHealth(turn, call, request, context);
  else takeCall(turn, call, request, context);
}

export function takeCall(
  turn: Turn,
  call: CallId,
  request: UnaryRequest,
  context: CallContext,
): void {
  const refusal =
    refusalAtDoor(turn, request, context) ??
    refuseUrls(request) ??
    refusalOnArrival(turn, request, context) ??
    refuseChange(turn.state, request);
  const { config, raft, store, now, installing, life } = turn.state;
  if (refusal !== null) return reply(turn, call, { ok: false, error: refusal });
  const what = plan(request, config, raft, raft.log.commit - store.applied);
  if (what.kind === "refuse") return reply(turn, call, { ok: false, error: what.error });
  if (what.kind === "local" && installing === null) {
    return serveRead(turn, { call, context }, request as ReadRequest);
  }
  let queued: Uint8Array | null = null;
  if (what.kind === "propose") {
    const origin = { node: config.node, life, call };
    const isFull = exceedsQuota(what.request, config.limits.quotaBytes, turn.kv);
    if (isFull && isRaised(store.alarms, "no_space", config.node)) {
      return reply(turn, call, { ok: false, error: ERRORS.NoSpace });
    }
    const caller = proposerOf(turn, request, context);
    if (!caller.ok) return reply(turn, call, caller);
    // The call is answered, with the same error, once the alarm is in force.
    const command = isFull ? noSpaceAlarm(origin) : commandOf(what.request, origin, config);
    queued = encodeCommand(command, caller.value);
    if (queued.length > config.limits.requestBytes) {
      return reply(turn, call, { ok: false, error: ERRORS.RequestTooLarge });
    }
  }
  assert(findCall(turn.state.calls.pending, call) === null, `call ${call} is already waiting`);
  const serverDeadline = (now + requestTimeoutMs(config)) as Millis;
  const checked = UNCHECKED;
  const waiting = { call, request, since: now, serverDeadline, context, queued, checked };
  setCalls(turn, { ...turn.state.calls, pending: addCall(turn.state.calls.pending, waiting) });
  if (what.kind === "transfer") {
    setCalls(turn, { ...turn.state.calls, waits: [...turn.state.calls.waits, call] });
    tellRaft(turn, { kind: "transfer_leader", to: what.to });
  } else if (what.kind === "promote") {
    openPromotion(turn, call);
  } else if (what.kind === "linearizable") {
    setCalls(turn, { ...turn.state.calls, reads: joinReads(turn.state.calls.reads, call) });
  } else if (what.kind === "leader") {
    setCalls(turn, {
      ...turn.state.calls,
      leaderCalls: openLeaderCall(turn.state.calls.leaderCalls, call),
    });
  } else if (what.kind === "local" && installing !== null) {
    setCalls(turn, {
      ...turn.state.calls,
      reads: confirmRead(turn.state.calls.reads, call, installing.index),
    });
  }
}

/** Whatever replicas could differ about is decided here, before they hear of it. */
function commandOf(request: ProposedRequest, origin: Origin, config: Config): Command {
  switch (request.kind) {
    case "lease_grant": {
      const lease = request.id === 0n ? chooseLeaseId(origin.life, origin.call) : request.id;
      const ttlSeconds = Math.max(request.ttlSeconds, leastTtlSeconds(config));
      return { kind: "lease_grant", origin, lease, ttlSeconds };
    }
    case "lease_revoke":
      return { kind: "lease_revoke", origin, lease: request.id };
    case "alarm": {
      const { action, memberId, alarm } = request;
      return { kind: "alarm", origin, raised: action === "activate", alarm: { memberId, alarm } };
    }
    case "downgrade":
      return downgradeCommand(request, origin, config);
    case "put":
    case "delete_range":
    case "txn":
    case "compact":
      return { kind: "kv", origin, request };
    default:
      if (isMembershipRequest(request)) return memberChangeOf(request, origin);
      return { kind: "auth", origin, change: changeOf(request, null) };
  }
}
