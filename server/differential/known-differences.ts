// Where detcd answers as the newest etcd does and 3.4.23 does not: every difference that is wanted,
// why, and steps that show it, which a test takes. What is not in this list must not happen.

import type { Bytes } from "../../core/contract.ts";
import { ERRORS } from "../../core/api/errors.ts";
import { fromText, toBytes } from "../../core/lib/bytes.ts";
import type { Outcome } from "./outcome.ts";
import { show } from "./show.ts";
import type { Step } from "./step.ts";
import type { Story, Told } from "./watches.ts";

/** What both said to one call. */
export type Answers = Readonly<{ step: Step; ours: Outcome; theirs: Outcome }>;

/** What both told on one stream, and at which revisions the store was compacted. */
export type Stories = Readonly<{ ours: Story; theirs: Story; compacted: ReadonlySet<number> }>;

export type KnownDifference = Readonly<
  { name: string; reason: string; proof: readonly Step[] } & (
    | { kind: "answer"; explains: (answers: Answers) => boolean }
    /** What etcd 3.4.23 tells where we tell `ours`. */
    | { kind: "story"; older: (stories: Stories) => Story }
    /** Nothing can be compared after it, so it is never said (arbitraries.ts). */
    | { kind: "unsaid" }
  )
>;

const A = fromText("a");
const EVERY_KEY = { key: "\0" as Bytes, rangeEnd: "\0" as Bytes };
const put: Step = { kind: "put", at: 0, as: "", message: { key: A, value: toBytes(A) } };
const removeA: Step = { kind: "delete", at: 0, as: "", message: { key: A } };
const putLarge: Step = {
  kind: "put",
  at: 0,
  as: "",
  message: { key: A, value: new Uint8Array(700_000).fill(1) },
};
const SORT_ORDERS = 3;
const PASS_BYTES = 1024 * 1024;

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    kind: "answer",
    name: "hash at the compacted revision",
    reason: "3.4 refuses it; since 3.5 it is the first revision that can be hashed",
    proof: [put, { kind: "compact", at: 0, as: "", message: { revision: 2 } }, hashAt(2)],
    explains: ({ step, ours, theirs }) =>
      step.kind === "hash" &&
      isError(theirs, "Compacted") &&
      ours.code === 0 &&
      ours.message?.["hashRevision"] === ours.message?.["compactRevision"],
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
    kind: "story",
    name: "progress of watches that are not up to date",
    reason: "3.4.23 answers at once; since 3.4.25 only if every watch of the stream is up to date",
    proof: [watch({ createRequest: { key: A, startRevision: 9 } }), watch({ progressRequest: {} })],
    older: ({ ours, theirs }) => {
      const own = ours.progress.map((each) => show(each.header?.revision));
      let next = 0;
      for (const each of theirs.progress) if (show(each.header?.revision) === own[next]) next++;
      return next === own.length ? { ...ours, progress: theirs.progress } : ours;
    },
  },
  {
    kind: "story",
    name: "the deletion at a compacted revision",
    reason: "3.4.23 forgets it, so that who watches from there on misses it (etcd#19179)",
    proof: [
      put,
      removeA,
      { kind: "compact", at: 0, as: "", message: { revision: 3, physical: true } },
      watch({ createRequest: { key: A, startRevision: 3 } }),
    ],
    older: ({ ours, theirs, compacted }) => ({
      ...ours,
      events: ours.events.map((told, number) =>
        told.flatMap((each) => {
          const known = new Set(theirs.events[number]?.flatMap(({ events }) => events.map(show)));
          const events = each.events.filter((event) => {
            const isAtCompaction = compacted.has(Number(event.kv?.modRevision));
            return event.type === 0 || !isAtCompaction || known.has(show(event));
          });
          if (events.length === each.events.length) return [each];
          return events.length === 0 ? [] : [{ ...each, events }];
        }),
      ),
    }),
  },
  {
    kind: "story",
    name: "much history in one piece",
    reason: "etcd reads a thousand revisions at once, detcd about a megabyte of them",
    proof: [
      ...Array.from({ length: 3 }, () => putLarge),
      watch({ createRequest: { key: A, startRevision: 2 } }),
    ],
    older: ({ ours, theirs }) => ({
      ...ours,
      events: ours.events.map((told, number) => {
        const other = theirs.events[number] ?? [];
        const isMuch = other.some(({ events }) => valueBytes(events) > PASS_BYTES);
        const isSame = show(told.flatMap(eventsOf)) === show(other.flatMap(eventsOf));
        return isMuch && isSame ? other : told;
      }),
    }),
  },
  {
    kind: "unsaid",
    name: "a watch from a negative revision",
    reason: "3.4 creates it and cancels it as compacted; the newest refuses to create it",
    proof: [watch({ createRequest: { key: A, startRevision: -1 } })],
  },
  {
    kind: "unsaid",
    name: "ignore_value behind an open-ended delete",
    reason: "validation does not see that the key is gone: 3.4.23 ends, and at every restart again",
    proof: [
      put,
      {
        kind: "txn",
        at: 0,
        as: "",
        message: {
          success: [{ deleteRange: EVERY_KEY }, { put: { key: A, ignoreValue: true } }],
        },
      },
    ],
  },
];

function hashAt(revision: number): Step {
  return { kind: "hash", at: 0, as: "", message: { revision } };
}

function watch(message: Extract<Step, { kind: "watch" }>["message"]): Step {
  return { kind: "watch", stream: 0, as: "", isHasty: false, message };
}

function eventsOf({ events }: Told): Told["events"] {
  return events;
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

function valueBytes(events: Told["events"]): number {
  return events.reduce((sum, { kv }) => sum + (kv?.value.length ?? 0), 0);
}

function isError(outcome: Outcome, name: keyof typeof ERRORS): boolean {
  return outcome.code === ERRORS[name].code && outcome.words === ERRORS[name].message;
}

function isOrder(order: number): boolean {
  return order >= 0 && order < SORT_ORDERS;
}
