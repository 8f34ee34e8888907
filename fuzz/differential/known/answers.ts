// Answers to calls in which detcd follows the newest etcd and 3.4.23 does not.

import { NAME_BYTES_MAX } from "../../../core/auth/records.ts";
import type { Bytes } from "../../../core/contract.ts";
import { CALLS } from "../steps/calls.ts";
import { A, asked, isError, pathOf, PUT } from "./known-difference.ts";
import type { KnownDifference } from "./known-difference.ts";
import { NO_ANSWER } from "../steps/outcome.ts";
import type { Outcome } from "../steps/outcome.ts";
import { show } from "../steps/show.ts";
import type { Step } from "../steps/step.ts";
import { ROOT } from "../steps/step.ts";
import { IMPOSTOR } from "../steps/symbols.ts";

const SORT_ORDERS = 3;
const UNIMPLEMENTED = 12;
const NEW_CALLS: readonly string[] = [CALLS.downgrade[0], "/etcdserverpb.Auth/AuthStatus"];

export const KNOWN_ANSWERS: readonly KnownDifference[] = [
  {
    kind: "answer",
    name: "hash at a compacted revision",
    reason: "3.4 refuses it; since 3.5 what a compaction hashed is remembered",
    proof: [PUT, { kind: "compact", at: 0, as: "", message: { revision: 2 } }, hashAt(2)],
    explains: ({ step, ours, theirs }) =>
      step.kind === "hash" && isError(theirs, "Compacted") && ours.code === 0,
  },
  {
    kind: "answer",
    name: "the revision of a hash",
    reason: "hash_revision came with 3.6",
    proof: [hashAt(0)],
    explains: ({ step, ours, theirs }) =>
      step.kind === "hash" &&
      theirs.message !== null &&
      show({ ...ours.message, hashRevision: 0 }) === show(theirs.message),
  },
  {
    kind: "answer",
    name: "a sort order that is none",
    reason: "3.4 ignores it; since 3.5 it is refused before anything is read",
    proof: [{ kind: "range", at: 0, as: "", message: { key: A, sortOrder: SORT_ORDERS } }],
    explains: ({ step, ours }) =>
      step.kind === "range" &&
      isError(ours, "InvalidSortOption") &&
      !isOrder(step.message.sortOrder ?? 0),
  },
  {
    kind: "answer",
    name: "a put that is refused behind a range that is",
    reason: "3.4 looks at the puts of a transaction first; the newest at all parts in their order",
    proof: [
      {
        kind: "txn",
        at: 0,
        as: "",
        message: { success: [{ range: { key: A, revision: 99 } }, { put: { key: A, lease: 99 } }] },
      },
    ],
    explains: ({ step, ours, theirs }) =>
      step.kind === "txn" &&
      (isError(ours, "FutureRevision") || isError(ours, "Compacted")) &&
      (isError(theirs, "LeaseNotFound") || isError(theirs, "KeyNotFound")),
  },
  {
    kind: "answer",
    name: "a put of a transaction that lacks its lease and its key",
    reason: "3.4 looks for the key first, since 3.7 for the lease, as of a put by itself",
    proof: [
      {
        kind: "txn",
        at: 0,
        as: "",
        message: { success: [{ put: { key: A, lease: 99, ignoreValue: true } }] },
      },
    ],
    explains: ({ step, ours, theirs }) =>
      step.kind === "txn" && isError(ours, "LeaseNotFound") && isError(theirs, "KeyNotFound"),
  },
  {
    kind: "answer",
    name: "the lease of a key without its value",
    reason: "since 3.7 keys alone are told from the index, which knows no leases",
    proof: [
      { kind: "grant", at: 0, as: "", message: { id: 7, ttl: 600 } },
      { kind: "put", at: 0, as: "", message: { key: A, lease: 7 } },
      { kind: "range", at: 0, as: "", message: { key: A, keysOnly: true } },
    ],
    explains: ({ step, ours, theirs }) =>
      (step.kind === "range" || step.kind === "txn") &&
      ours.code === theirs.code &&
      show(withoutLeases(ours.message)) === show(withoutLeases(theirs.message)),
  },
  {
    kind: "answer",
    name: "the header of an alarm",
    reason: "3.4 leaves it out",
    proof: [asked("alarm", {})],
    explains: ({ step, ours, theirs }) =>
      step.kind === "alarm" &&
      theirs.message?.["header"] === null &&
      show({ ...ours.message, header: null }) === show(theirs.message),
  },
  {
    kind: "answer",
    name: "calls that 3.4 does not have",
    reason: "Downgrade came with 3.6, AuthStatus with 3.5",
    proof: [asked("downgrade", { version: "3.4" })],
    explains: ({ step, theirs }) =>
      theirs.code === UNIMPLEMENTED && NEW_CALLS.includes(pathOf(step) ?? ""),
  },
  {
    kind: "answer",
    name: "a name of more than a kilobyte",
    reason:
      "etcd takes 32 kB, and ends, at every start again, over a longer one; here it is refused",
    proof: [asked("role_add", { name: "r".repeat(NAME_BYTES_MAX + 1) })],
    explains: ({ ours }) => isError(ours, "NameTooLong"),
  },
  {
    kind: "answer",
    name: "leases shown to somebody with a token that is none",
    reason: "3.4 shows them to everybody",
    proof: [
      asked("user_add", { name: ROOT, password: "p" }),
      asked("user_grant", { user: ROOT, role: ROOT }),
      asked("auth_enable", {}),
      { kind: "leases", at: 0, as: IMPOSTOR, message: {} },
    ],
    explains: ({ step, ours }) =>
      (step.kind === "leases" || step.kind === "left") && isError(ours, "InvalidAuthToken"),
  },
  {
    kind: "answer",
    name: "a lock whose key went while its caller waited",
    reason: "3.4 says at last that it is held; the newest looks, and we look while it waits",
    proof: [...twoWant("lock"), leave(2), leave(1)],
    explains: ({ step, ours, theirs }) =>
      step.kind === "lock" && isError(ours, "SessionExpired") && isWonOrAwaited(theirs),
  },
  {
    kind: "answer",
    name: "an office whose candidate's key went while it waited",
    reason: "etcd says at last that it leads (DECISIONS 23)",
    proof: [...twoWant("campaign"), leave(2), leave(1)],
    explains: ({ step, ours, theirs }) =>
      step.kind === "campaign" && isError(ours, "ElectionNotLeader") && isWonOrAwaited(theirs),
  },
];

function hashAt(revision: number): Step {
  return asked("hash", { revision });
}

function isOrder(order: number): boolean {
  return order >= 0 && order < SORT_ORDERS;
}

function isWonOrAwaited({ code }: Outcome): boolean {
  return code === 0 || code === NO_ANSWER;
}

/** One has what both want, and the other waits for it. */
function twoWant(kind: "lock" | "campaign"): readonly Step[] {
  return [1, 2].flatMap((lease) => [
    asked("grant", { id: lease, ttl: 5000 }),
    asked(kind, { name: "l" as Bytes, lease }),
  ]);
}

/** The key of who came with this lease goes. */
function leave(lease: number): Step {
  return asked("delete", { key: `l/${lease}` as Bytes });
}

/** The answer to a range or a transaction, with no leases of pairs that have no value. */
function withoutLeases(answer: unknown): unknown {
  if (answer instanceof Uint8Array) return answer;
  if (Array.isArray(answer)) return answer.map(withoutLeases);
  if (typeof answer !== "object" || answer === null) return answer;
  const fields = Object.entries(answer).map(([name, field]) => [name, withoutLeases(field)]);
  const same = Object.fromEntries(fields) as Readonly<{ value?: unknown }>;
  const isBare = same.value instanceof Uint8Array && same.value.length === 0;
  return isBare ? { ...same, lease: null } : same;
}
