// Permission at the moment that counts: when a command is applied, on every replica alike. And the
// commands that change it.

import type { KvWrite, Result } from "../contract.ts";
import type { ApiError } from "../api/errors.ts";
import type { AuthChange } from "../api/request-auth.ts";
import type { Response } from "../api/request.ts";
import { applyChange } from "../auth/change.ts";
import { refusalOf, refusalOfChange } from "../auth/permit.ts";
import type { Auth } from "../auth/store.ts";
import type { Caller, TokenChange } from "../auth/tokens.ts";
import type { Lessor } from "../lease/lessor.ts";
import type { Replica, Store } from "./apply.ts";
import type { Command } from "./commands/command.ts";
import { NOBODY } from "./commands/command.ts";

/** Null: the command may be carried out. What members do by themselves needs no permission. */
export function refusalWhenApplied(
  auth: Auth,
  lessor: Lessor,
  caller: Caller,
  command: Command,
): ApiError | null {
  if (!auth.enabled || command.origin.call === NOBODY) return null;
  switch (command.kind) {
    case "kv":
      return refusalOf(auth, lessor, caller, command.request);
    case "lease_grant": {
      const { kind, lease: id, ttlSeconds } = command;
      return refusalOf(auth, lessor, caller, { kind, id, ttlSeconds });
    }
    case "lease_revoke":
      return refusalOf(auth, lessor, caller, { kind: command.kind, id: command.lease });
    case "auth":
      return refusalOfChange(auth, caller, command.change.kind);
    case "alarm": // asked for at the door
    case "downgrade":
    case "lease_checkpoint":
    case "publish":
    case "compact_step":
    case "member_add": // these too
    case "member_remove":
    case "member_update":
    case "member_promote":
      return null;
  }
}

type AppliedAuth = Readonly<{
  auth: Auth;
  writes: readonly KvWrite[];
  tokens: TokenChange | null;
  result: Result<Response>;
}>;

export function applyAuth(store: Store, change: AuthChange, replica: Replica): AppliedAuth {
  const changed = applyChange(store.auth, change, store.applied);
  if (!changed.ok) return { auth: store.auth, writes: [], tokens: null, result: changed };
  const { auth, writes, tokens } = changed.value;
  const header = { ...replica, revision: store.mvcc.revision };
  const token = tokens?.kind === "assigned" ? tokens.token : "";
  const value: Response =
    change.kind === "authenticate"
      ? { kind: "authenticate", header, token }
      : { kind: change.kind, header };
  return { auth, writes, tokens, result: { ok: true, value } };
}
