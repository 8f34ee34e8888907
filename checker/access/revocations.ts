// What an administrator may rely on: once a change is acknowledged, no call that began later
// succeeds against it. Judged from what clients saw alone, so only where it is certain: a change
// whose outcome is not known may take effect at any later time, or never.
//
// The run keeps to a few rules, which make much certain: one administrator, one call at a time;
// users g0, g1, …, each with one role of its name, which is granted the keys below "g0/" and so on,
// whole, or nothing; and no password is used twice.

import type { Request } from "../../core/api/request.ts";
import type { Operation } from "../history.ts";

/** A call that showed the token of an authentication: both by their places in the history. */
export type Shown = Readonly<{ call: number; login: number }>;

/** How a fact is made true, and untrue: two kinds of changes. */
type Fact = Readonly<{ made: readonly Operation[]; unmade: readonly Operation[] }>;

type Case = Readonly<{
  history: readonly Operation[];
  enabled: Fact;
  changes: readonly Operation[]; // of passwords, and users that were added
}>;

/** Clients with numbers like these are users; those below show no token, those above no fault. */
const FIRST_USER = 301;
const FIRST_ACTOR = 200;

/** A sentence about the first call that was let in and should not have been, or null. */
export function firstIntruder(
  history: readonly Operation[],
  shown: readonly Shown[],
): string | null {
  const loginOf = new Map(shown.map(({ call, login }) => [call, login]));
  const judged: Case = {
    history,
    enabled: {
      made: history.filter(({ input }) => input.kind === "auth_enable"),
      unmade: history.filter(({ input }) => input.kind === "auth_disable"),
    },
    changes: history.filter(({ input }) => passwordIn(input) !== null),
  };
  for (const operation of history) {
    if (operation.outcome.kind !== "ok" || operation.client < 0) continue;
    const reason = whyIntruder(judged, operation, loginOf.get(operation.id) ?? null);
    if (reason !== null) return `call ${operation.id}, a ${operation.input.kind}, ${reason}`;
  }
  return null;
}

function whyIntruder(judged: Case, operation: Operation, login: number | null): string | null {
  if (operation.input.kind === "authenticate") return whyWrongPassword(judged, operation);
  if (!isAsked(operation.input) || !isCertain(judged.enabled, operation)) return null;
  if (operation.client < FIRST_ACTOR || (isUser(operation) && login === null)) {
    return "succeeded without a token while everybody was asked for one";
  }
  if (!isUser(operation)) return null;
  return whyDeadToken(judged, operation, login ?? 0) ?? whyForbidden(judged, operation);
}

/** A password that had been changed before. */
function whyWrongPassword({ changes }: Case, operation: Operation): string | null {
  const used = changes.find((each) => isSamePassword(each, operation));
  if (used?.outcome.kind !== "ok") return null;
  const newer = changes.find((each) => {
    return isOfUser(each, operation) && isAfter(each, used) && isDoneBefore(each, operation);
  });
  return newer === undefined ? null : `showed a password that call ${newer.id} had changed`;
}

/** A token is worth nothing once its password, or whether anybody is asked, was changed. */
function whyDeadToken(judged: Case, operation: Operation, login: number): string | null {
  const given = judged.history[login];
  if (given === undefined) return null;
  const { changes, enabled } = judged;
  const used = changes.find((each) => isSamePassword(each, given));
  if (used?.outcome.kind !== "ok") return null;
  const newer = changes.find((each) => {
    const isLater = isOfUser(each, given) && isAfter(each, used);
    return isLater && isDoneBefore(each, operation) && !isDoneBefore(each, given);
  });
  if (newer !== undefined) {
    return `showed the token of call ${login}, whose password call ${newer.id} had changed`;
  }
  const off = enabled.unmade.find((each) => isAfter(each, given) && isDoneBefore(each, operation));
  return off === undefined
    ? null
    : `showed the token of call ${login}, from before call ${off.id} let everybody in`;
}

function whyForbidden({ history }: Case, operation: Operation): string | null {
  const key = keyIn(operation.input);
  const user = `g${operation.client - FIRST_USER}`;
  if (key === null) return null;
  if (!key.startsWith(`${user}/`)) return `was about ${key}, which ${user} was never granted`;
  const revoked: Fact = {
    made: history.filter((each) => isRoleChange(each.input, "role_revoke_permission", user)),
    unmade: history.filter((each) => isRoleChange(each.input, "role_grant_permission", user)),
  };
  return isCertain(revoked, operation) ? `was about ${key}, which ${user} had lost` : null;
}

/** Whether the fact was true all the time that the call took. */
function isCertain({ made, unmade }: Fact, operation: Operation): boolean {
  return made.some((maker) => {
    if (maker.outcome.kind !== "ok" || !isDoneBefore(maker, operation)) return false;
    return unmade.every((each) => {
      if (each.outcome.kind === "failed" || each.call >= endOf(operation)) return true;
      return each.outcome.kind === "ok" && endOf(each) <= maker.call;
    });
  });
}

/** What needs a permission that every member asks for at the right moment. A serializable read
 *  may be of a member that lags. */
function isAsked(input: Request): boolean {
  switch (input.kind) {
    case "put":
    case "delete_range":
    case "compact":
    case "lease_grant":
    case "lease_revoke":
      return true;
    case "range":
      return !input.serializable;
    case "txn": {
      const operations = [...input.success, ...input.failure];
      return operations.some((each) => each.kind !== "range" || !each.serializable);
    }
    default:
      return false;
  }
}

function keyIn(input: Request): string | null {
  if (input.kind === "put" || input.kind === "delete_range") return input.key;
  if (input.kind === "range") return input.key;
  if (input.kind !== "txn") return null;
  const [first] = input.success;
  return first === undefined || first.kind === "empty" ? null : keyIn(first);
}

function passwordIn(input: Request): string | null {
  return input.kind === "user_add" || input.kind === "user_change_password" ? input.password : null;
}

function isSamePassword({ input }: Operation, login: Operation): boolean {
  return login.input.kind === "authenticate" && passwordIn(input) === login.input.password;
}

function isOfUser({ input, outcome }: Operation, login: Operation): boolean {
  if (outcome.kind !== "ok" || login.input.kind !== "authenticate") return false;
  const isChange = input.kind === "user_add" || input.kind === "user_change_password";
  return isChange && input.name === login.input.name;
}

function isRoleChange(
  input: Request,
  kind: "role_grant_permission" | "role_revoke_permission",
  role: string,
): boolean {
  return input.kind === kind && input.name === role;
}

function isUser({ client }: Operation): boolean {
  return client >= FIRST_USER;
}

function isAfter(operation: Operation, other: Operation): boolean {
  return operation.outcome.kind === "ok" && operation.call >= endOf(other);
}

function isDoneBefore(operation: Operation, other: Operation): boolean {
  return operation.outcome.kind === "ok" && endOf(operation) <= other.call;
}

function endOf({ return: end }: Operation): number {
  return end ?? Number.POSITIVE_INFINITY;
}
