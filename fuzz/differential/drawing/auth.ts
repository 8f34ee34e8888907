// What clients say about users and roles, and as whom: most sequences begin with a store that asks
// for tokens, so that what follows is refused or allowed by permissions.
//
// What 3.4 asks nobody about, and newer releases only root or a user (leases, compaction, hashes),
// is said by root alone. Nor does 3.4 look into transactions within transactions, at the leases and
// the previous values of puts in them (`plain`), or at all that an open-ended watch would tell
// (`bounded`, GHSA-xg4h-6gfc-h4m8). Whether somebody may ask for an empty range is nobody's
// promise, for it depends on the shape of a tree in etcd: it becomes a key (`forward`).

import fc from "fast-check";
import type { Bytes } from "../../../core/contract.ts";
import type { ToWire } from "../../../net/wire/messages/etcd-messages.ts";
import { PASSWORDS, ROOT } from "../steps/step.ts";
import type { CallStep, Step, WatchStep } from "../steps/step.ts";
import { IMPOSTOR } from "../steps/symbols.ts";

type Arbitrary<T> = fc.Arbitrary<T>;
type AuthKind = Extract<CallStep["kind"], `${"user" | "role" | "auth"}${string}`>;

const STEPS_MAX = 25;
/** The calls that permissions decide about. */
const BY_KEYS: readonly string[] = ["range", "put", "delete", "txn"];

const user: Arbitrary<string> = fc.constantFrom("u", "u", "v", ROOT, "nobody", "");
const role: Arbitrary<string> = fc.constantFrom("r", "r", "s", ROOT, "none", "");
const password: Arbitrary<string> = fc.constantFrom("p", "p", "p", "q", "");
/** An empty one is a password for 3.4, and none for newer releases. */
const realPassword: Arbitrary<string> = fc.constantFrom(...PASSWORDS);
const key: Arbitrary<Bytes> = fc.constantFrom("a", "b", "c", "\0", "") as Arbitrary<Bytes>;
const rangeEnd: Arbitrary<Bytes> = fc.constantFrom("", "b", "d", "\0", "a") as Arbitrary<Bytes>;
/** Others are refused since 3.5. */
const permission = fc
  .record({ permType: fc.constantFrom(0, 1, 2, 2), key, rangeEnd })
  .filter((each) => each.key !== "" && (/^\0?$/.test(each.rangeEnd) || each.key < each.rangeEnd));

const authCall: Arbitrary<CallStep> = fc.oneof(
  fc
    .record({
      name: user,
      password: realPassword,
      options: fc.constantFrom(null, { noPassword: true }),
    })
    .map((message) => said("user_add", message)),
  user.map((name) => said("user_get", { name })),
  fc.constant(said("user_list", {})),
  user.map((name) => said("user_delete", { name })),
  fc
    .record({ name: user, password: realPassword })
    .map((message) => said("user_password", message)),
  fc.record({ user, role }).map((message) => said("user_grant", message)),
  fc.record({ name: user, role }).map((message) => said("user_revoke", message)),
  role.map((name) => said("role_add", { name })),
  role.map((each) => said("role_get", { role: each })),
  fc.constant(said("role_list", {})),
  role.map((each) => said("role_delete", { role: each })),
  fc.record({ name: role, perm: permission }).map((message) => said("role_grant", message)),
  fc.record({ role, key, rangeEnd }).map((message) => said("role_revoke", message)),
  fc.constant(said("auth_disable", {})),
);

const authenticate: Arbitrary<CallStep> = fc
  .record({ name: user, password })
  .map((message) => said("authenticate", message));

/** Root, and a user who may do something; both have tokens. */
const beginning: Arbitrary<readonly Step[]> = fc
  .array(permission, { maxLength: 3 })
  .map((permissions) => [
    said("user_add", { name: ROOT, password: PASSWORDS[0] ?? "" }),
    said("user_grant", { user: ROOT, role: ROOT }),
    said("user_add", { name: "u", password: PASSWORDS[0] ?? "" }),
    said("role_add", { name: "r" }),
    ...permissions.map((perm) => said("role_grant", { name: "r", perm })),
    said("user_grant", { user: "u", role: "r" }),
    said("auth_enable", {}),
    said("authenticate", { name: ROOT, password: PASSWORDS[0] ?? "" }),
    said("authenticate", { name: "u", password: PASSWORDS[0] ?? "" }),
  ]);

/** With `call` and `watch` said by somebody, or by nobody. */
export function authSteps(
  call: Arbitrary<CallStep>,
  watch: Arbitrary<WatchStep>,
): Arbitrary<readonly Step[]> {
  const anyone = fc.constantFrom("u", "u", "u", "u", ROOT, ROOT, ROOT, "v", "", IMPOSTOR);
  const asked = fc.tuple(call, anyone).map(([each, as]): Step => {
    const message = forward(each.kind === "txn" ? plain(each.message) : each.message);
    return { ...each, message, as: BY_KEYS.includes(each.kind) ? as : ROOT };
  });
  const administered = fc.tuple(authCall, anyone).map(([each, as]): Step => ({ ...each, as }));
  const watched = fc
    .tuple(watch, anyone)
    .map(([each, as]): Step => ({ ...each, message: bounded(forward(each.message)), as }));
  const step = fc.oneof(
    { weight: 2, arbitrary: watched },
    { weight: 12, arbitrary: asked },
    { weight: 5, arbitrary: administered },
    { weight: 2, arbitrary: authenticate },
  );
  const taken = fc.array(step, { minLength: 1, maxLength: STEPS_MAX, size: "max" });
  return fc.tuple(beginning, taken).map((parts) => parts.flat());
}

function bounded(ask: ToWire<"WatchRequest">): ToWire<"WatchRequest"> {
  const { createRequest } = ask;
  if (createRequest?.rangeEnd !== "\0") return ask;
  return { createRequest: { ...createRequest, rangeEnd: "" as Bytes } };
}

function plain(txn: ToWire<"TxnRequest">): ToWire<"TxnRequest"> {
  const operations = (branch: typeof txn.success): ToWire<"RequestOp">[] =>
    (branch ?? []).flatMap((operation) => {
      const { put, txn: inner } = operation;
      if (inner) return [];
      return [put ? { put: { ...put, lease: 0, prevKv: false } } : operation];
    });
  return { ...txn, success: operations(txn.success), failure: operations(txn.failure) };
}

function forward<T>(message: T): T {
  if (Array.isArray(message)) return message.map(forward) as T;
  if (typeof message !== "object" || message === null || message instanceof Uint8Array) {
    return message;
  }
  const { key: from = "", rangeEnd: to = "" } = message as { key?: string; rangeEnd?: string };
  const isForward = to === "\0" || from < to;
  const fields = Object.entries(message).map(([name, part]) => [
    name,
    name === "rangeEnd" && !isForward ? "" : forward(part),
  ]);
  return Object.fromEntries(fields) as T;
}

function said<K extends AuthKind>(
  kind: K,
  message: Extract<CallStep, { kind: K }>["message"],
): CallStep {
  return { kind, at: 0, as: "", message } as CallStep;
}
