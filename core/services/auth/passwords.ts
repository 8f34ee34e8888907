// Calls with a password, within a turn. Hashing one takes a while on purpose, so the driver does it
// in the background; meanwhile the call waits like any other.
//
//   authenticate      read ticket → check against the user's hash → entry → token
//   user_add, …       read ticket, root? → hash → entry
//
// The ticket comes first: a member that lags must not take an old password for the right one, nor
// work for somebody who is root no more. If users changed while the password was checked, the entry
// makes no token and the check begins again.

import type { CallId, Millis, PasswordAnswer, PasswordWork, Result } from "../../contract.ts";
import { changeOf, isPasswordRequest } from "./calls.ts";
import type { WaitingCall } from "../../turn/calls.ts";
import { findCall, queueCall, replaceCall } from "../../turn/calls.ts";
import { ERRORS } from "../../api/errors.ts";
import type { AuthChange, AuthenticateRequest } from "../../api/request-auth.ts";
import type { Response } from "../../api/request.ts";
import { findUser } from "../../auth/store.ts";
import { encodeCommand } from "../../apply/commands/command.ts";
import { proposerOf, refusalNow } from "../../turn/callers.ts";
import { requestTimeoutMs } from "../../config.ts";
import type { Turn } from "../../turn/turn.ts";
import { setCalls } from "../../turn/set-state.ts";
import { reply } from "../../turn/turn.ts";

/** The state is fit to decide. */
export function servePassword(turn: Turn, waiting: WaitingCall): void {
  const { call, request, context } = waiting;
  if (!isPasswordRequest(request)) return;
  if (request.kind === "authenticate") return checkPassword(turn, call, request);
  const error = refusalNow(turn, request, context);
  if (error !== null) return reply(turn, call, { ok: false, error });
  askDriver(turn, waiting, { kind: "hash", password: request.password });
}

/** Who waits for the driver waits as long as it takes, or as the client does: how much others ask
 *  it for is no failure of this server. */
function askDriver(turn: Turn, waiting: WaitingCall, work: PasswordWork): void {
  const serverDeadline = Number.MAX_SAFE_INTEGER as Millis;
  const pending = replaceCall(turn.state.calls.pending, { ...waiting, serverDeadline });
  setCalls(turn, { ...turn.state.calls, pending });
  turn.effects.push({ kind: "password", call: waiting.call, work });
}

/** The driver has done its part. */
export function passwordDone(turn: Turn, call: CallId, answer: PasswordAnswer): void {
  const waiting = findCall(turn.state.calls.pending, call);
  if (waiting === null || !isPasswordRequest(waiting.request)) return; // nobody waits any more
  const { request } = waiting;
  switch (answer.kind) {
    case "refused":
      return reply(turn, call, { ok: false, error: answer.error });
    case "wrong":
      return reply(turn, call, { ok: false, error: ERRORS.AuthFailed });
    case "hashed":
      if (request.kind === "authenticate") return;
      return proposeChange(
        turn,
        { ...waiting, request: { ...request, password: "" } },
        changeOf(request, answer.hash),
      );
    case "right": {
      if (request.kind !== "authenticate") return;
      const { name } = request;
      const { prefix, token: signed } = answer;
      const { revision: checkedRevision } = waiting.checked;
      const checked = { revision: checkedRevision, signed };
      const change = { kind: "authenticate", name, prefix, checkedRevision } as const;
      return proposeChange(turn, { ...waiting, checked }, change);
    }
  }
}

function checkPassword(turn: Turn, call: CallId, request: AuthenticateRequest): void {
  const { store } = turn.state;
  const { pending } = turn.state.calls;
  const waiting = findCall(pending, call);
  if (waiting === null) return;
  const { name, password } = request;
  const { revision, enabled } = store.auth;
  const user = findUser(store.auth, name);
  if (!enabled) return reply(turn, call, { ok: false, error: ERRORS.AuthNotEnabled });
  if (user === null) return reply(turn, call, { ok: false, error: ERRORS.AuthFailed });
  if (user.noPassword) return reply(turn, call, { ok: false, error: ERRORS.NoPasswordUser });
  const checked = { revision, signed: "" };
  const work = { kind: "check", password, hash: user.hash, user: name, revision } as const;
  askDriver(turn, { ...waiting, checked }, work);
}

function proposeChange(turn: Turn, waiting: WaitingCall, change: AuthChange): void {
  const { call, request, context } = waiting;
  const caller = proposerOf(turn, request, context);
  if (!caller.ok) return reply(turn, call, caller);
  const { config, life, now } = turn.state;
  const { pending } = turn.state.calls;
  const serverDeadline = (now + requestTimeoutMs(config)) as Millis;
  const origin = { node: config.node, life, call };
  const data = encodeCommand({ kind: "auth", origin, change }, caller.value);
  if (data.length > config.limits.requestBytes) {
    return reply(turn, call, { ok: false, error: ERRORS.RequestTooLarge });
  }
  setCalls(turn, {
    ...turn.state.calls,
    pending: queueCall(pending, { ...waiting, serverDeadline }, data),
  });
}

/** An authentication was applied. */
export function tellToken(turn: Turn, waiting: WaitingCall, result: Result<Response>): void {
  const { call, request, checked } = waiting;
  if (request.kind !== "authenticate") return;
  if (!result.ok && result.error === ERRORS.AuthOldRevision) {
    return checkPassword(turn, call, request); // users changed since the password was checked
  }
  if (!result.ok || result.value.kind !== "authenticate" || checked.signed === "") {
    return reply(turn, call, result);
  }
  reply(turn, call, { ok: true, value: { ...result.value, token: checked.signed } });
}
