// Planted bugs of what clients are promised beyond Raft: one for each rule of checker/rules.ts, at
// the least, that says nothing but "O1" and the like by itself.

import type { RuleId } from "../../../checker/rules.ts";
import type { Hunted } from "../hunt.ts";
import type { Mutant } from "./mutant.ts";
import { MUTANTS } from "./mutants.ts";

/** Rules that are not judged under their own name, and which oracles judge them. */
export const JUDGED_AS: Readonly<Partial<Record<RuleId, readonly string[]>>> = {
  O1: ["fresh-reads", "linearizability"],
  O4: ["linearizability"],
  O6: ["linearizability"],
  O7: ["linearizability"],
  O10: ["locks"],
  O11: ["locks"],
  O9: ["kv-agreement", "durable-survives", "convergence", "linearizability"],
};

type Plant = Readonly<{
  name: string;
  bug: string;
  file: string;
  find: string;
  replace: string;
  rules: readonly [RuleId, ...RuleId[]]; // the first is the one that speaks
  scenario: string;
  seeds: readonly [from: number, to: number];
}>;

const HUB = "core/watch/hub.ts";
const STREAMS = "core/services/watch/streams.ts";
const EXPIRY = "core/services/lease/expiry.ts";
const KEEP_ALIVE = "core/services/lease/keep-alive.ts";
const TIME_TO_LIVE = "core/services/lease/time-to-live.ts";

const PLANTS: readonly Plant[] = [
  {
    name: "watch-filter-ignored",
    bug: "A watch that wants no deletions is told of them.",
    file: HUB,
    find: 'return kind === "put" ? !watcher.noPut : !watcher.noDelete;',
    replace: 'return kind === "put" ? !watcher.noPut : true;',
    rules: ["W1"],
    scenario: "watches",
    seeds: [2, 20],
  },
  {
    name: "watch-order-reversed",
    bug: "The changes of a response are told last first.",
    file: STREAMS,
    find: "const told = watch.prevKv ? withPrevious(events) : events;",
    replace: "const told = watch.prevKv ? events : events.toReversed();",
    rules: ["W2"],
    scenario: "watches",
    seeds: [1, 10],
  },
  {
    name: "watch-told-twice",
    bug: "History is read again from the last revision told, not from the one behind it.",
    file: "core/watch/catch-up.ts",
    find: "const further = { ...watcher, next: through + 1 };",
    replace: "const further = { ...watcher, next: Math.max(watcher.next, through) };",
    rules: ["W3", "W2"],
    scenario: "watches",
    seeds: [2, 20],
  },
  {
    name: "watch-pieces-unmarked",
    bug: "No piece of a response says that more follow.",
    file: "core/services/watch/fragments.ts",
    find: "fragment: at < pieces.length - 1",
    replace: "fragment: at >= pieces.length",
    rules: ["W4"],
    scenario: "watches",
    seeds: [4, 40],
  },
  {
    name: "watch-skips-between-pieces",
    bug: "The revision behind a piece of history is left out.",
    file: "core/watch/catch-up.ts",
    find: "if (isFull || revisions === revisionsMax) return { events, through: last };",
    replace: "if (isFull || revisions === revisionsMax) return { events, through: modRevision };",
    rules: ["W5"],
    scenario: "watches",
    seeds: [1, 20],
  },
  {
    name: "watch-begins-late",
    bug: "A watch begins one revision behind the one it asked for.",
    file: STREAMS,
    find: "next: ask.startRevision === 0 ? watching.hub.revision + 1 : ask.startRevision,",
    replace: "next: ask.startRevision === 0 ? watching.hub.revision + 1 : ask.startRevision + 1,",
    rules: ["W6"],
    scenario: "watches",
    seeds: [1, 10],
  },
  {
    name: "watch-compacted-unsaid",
    bug: "A watch of history that has just been compacted is told what is left of it.",
    file: HUB,
    find: "if (watcher.next < compacted) found.push(watcher);",
    replace: "if (watcher.next < compacted - 9) found.push(watcher);",
    rules: ["W6"],
    scenario: "watches",
    seeds: [3, 40],
  },
  {
    name: "watch-notice-too-early",
    bug: "A notice of progress is given to watches that are behind.",
    file: STREAMS,
    find: "if (!isLive(watching.hub, number)) return [watching, []];",
    replace: "if (number < 0) return [watching, []];",
    rules: ["W7"],
    scenario: "watches",
    seeds: [1, 10],
  },
  {
    name: "watch-notice-before-start",
    bug: "A notice of progress is given to a watch that begins in the future.",
    file: STREAMS,
    find: "if (watch === null || watch.start > scene.mvcc.revision) return [watching, []];",
    replace: "if (watch === null) return [watching, []];",
    rules: ["W7"],
    scenario: "watches",
    seeds: [2, 20],
  },
  {
    name: "watch-previous-is-present",
    bug: "The previous value of a change is the value that it wrote.",
    file: "core/mvcc/events.ts",
    find: "history === null ? null : versionAt(history, modRevision - 1);",
    replace: "history === null ? null : versionAt(history, modRevision);",
    rules: ["W8"],
    scenario: "watches",
    seeds: [2, 20],
  },
  {
    name: "watch-without-lease",
    bug: "An event does not say on which lease the key hangs.",
    file: "core/mvcc/events.ts",
    find: 'if (!tombstone) return { kind: "put", kv, prevKv: null };',
    replace: 'if (!tombstone) return { kind: "put", kv: { ...kv, lease: 0n }, prevKv: null };',
    rules: ["W9"],
    scenario: "leases",
    seeds: [1, 10],
  },
  {
    name: "watch-header-ahead",
    bug: "The header of a watch is of a revision that is still to come.",
    file: STREAMS,
    find: "header: { ...scene.replica, revision: scene.mvcc.revision },",
    replace: "header: { ...scene.replica, revision: scene.mvcc.revision + 1 },",
    rules: ["W10"],
    scenario: "watches",
    seeds: [1, 10],
  },
  {
    name: "watch-after-cancel",
    bug: "A watch goes on after its client was told that it is canceled.",
    file: STREAMS,
    find: "const next = withStream(dropWatch(watching, number), { ...stream, ids });",
    replace: "const next = withStream(watching, number < 0 ? { ...stream, ids } : stream);",
    rules: ["W11"],
    scenario: "watches",
    seeds: [2, 20],
  },
  {
    name: "watch-deletion-antedated",
    bug: "A deletion is told as of the revision before it.",
    file: "core/mvcc/events.ts",
    find: "const gone = { createRevision: 0, modRevision: main,",
    replace: "const gone = { createRevision: 0, modRevision: main - 1,",
    rules: ["W12"],
    scenario: "watches",
    seeds: [1, 10],
  },
  {
    name: "watch-starves",
    bug: "Only the first watchers of a node ever catch up.",
    file: "core/watch/catch-up.ts",
    find: "if (hasRoom(watcher.call)) found.push(watcher);",
    replace: "if (hasRoom(watcher.call) && watcher.number < 4) found.push(watcher);",
    rules: ["W13"],
    scenario: "watches",
    seeds: [2, 20],
  },
  {
    name: "watch-forgets-at-image",
    bug: "When an image takes the store's place, live watches miss what it brought.",
    file: HUB,
    find: "if (own <= revision) next = asleep(next, { ...watcher, next: own });",
    replace: "if (own > revision) next = asleep(next, { ...watcher, next: own });",
    rules: ["W6"],
    scenario: "watches",
    seeds: [40, 60],
  },
  {
    name: "watch-live-differs",
    bug: "Live watches are told of deletions as puts, history tells them right.",
    file: "core/mvcc/events.ts",
    find: "events.push(eventOf(write.key, write.value));",
    replace: 'events.push({ ...eventOf(write.key, write.value), kind: "put" });',
    rules: ["W9", "W15", "W14"],
    scenario: "watches",
    seeds: [1, 10],
  },
  {
    name: "lease-granted-shorter",
    bug: "A grant is recorded with half of the time that was asked for.",
    file: "core/apply/apply.ts",
    find: 'const value: Response = { kind: "lease_grant", header, id, ttlSeconds };',
    replace:
      'const value: Response = { kind: "lease_grant", header, id, ttlSeconds: ttlSeconds >> 1 };',
    rules: ["L1"],
    scenario: "leases",
    seeds: [1, 10],
  },
  {
    name: "lease-granted-again",
    bug: "A lease that is there is granted once more.",
    file: "core/apply/apply.ts",
    find: "return hasLease(lessor, id) ? ERRORS.LeaseExist : null;",
    replace: "return hasLease(lessor, id) && id < 0n ? ERRORS.LeaseExist : null;",
    rules: ["L1"],
    scenario: "leases",
    seeds: [1, 10],
  },
  {
    name: "lease-not-found-wrongly",
    bug: "A lease that has no key yet counts as missing.",
    file: "core/apply/large.ts",
    find: "=> hasLease(before.lessor, id);",
    replace: "=> id % 2n === 0n && hasLease(before.lessor, id);",
    rules: ["L2"],
    scenario: "leases",
    seeds: [1, 10],
  },
  {
    name: "lease-never-renewed",
    bug: "A keep-alive is acknowledged, and nothing comes of it.",
    file: KEEP_ALIVE,
    find: "deadlines: renew(deadlines, lease.id, lease.ttlSeconds),",
    replace: "deadlines,",
    rules: ["L4"],
    scenario: "leases",
    seeds: [1, 10],
  },
  {
    name: "lease-never-ends",
    bug: "No lease ever runs out.",
    file: EXPIRY,
    find: "const REVOKES_PER_TICK = 50;",
    replace: "const REVOKES_PER_TICK = 0;",
    rules: ["L5"],
    scenario: "leases",
    seeds: [1, 10],
  },
  {
    name: "lease-resurrected",
    bug: "A lease that is over has a second left.",
    file: TIME_TO_LIVE,
    find: "if (lease === null) return { ttlSeconds: -1, grantedTtlSeconds: 0,",
    replace: "if (lease === null) return { ttlSeconds: 1, grantedTtlSeconds: 1,",
    rules: ["L6"],
    scenario: "leases",
    seeds: [1, 10],
  },
  {
    name: "lease-key-unsaid",
    bug: "Who asks for the keys of a lease is not told the first.",
    file: TIME_TO_LIVE,
    find: "const keys = lease === null ? [] : keysOf(lease);",
    replace: "const keys = lease === null ? [] : keysOf(lease).slice(1);",
    rules: ["L7"],
    scenario: "leases",
    seeds: [3, 30],
  },
  {
    name: "lease-grace-shown",
    bug: "After an election a lease has more time left than it was granted.",
    file: TIME_TO_LIVE,
    find: "const ttlSeconds = Math.min(left, grantedTtlSeconds);",
    replace: "const ttlSeconds = left;",
    rules: ["L8"],
    scenario: "leases",
    seeds: [33, 50],
  },
  {
    name: "lease-kept-when-over",
    bug: "A keep-alive of a lease that has ended is acknowledged.",
    file: KEEP_ALIVE,
    find: "if (!question.renew || lease === null) return answerForwarded(turn, call, known);",
    replace:
      "if (lease === null) return answerForwarded(turn, call, { ...known, ttlSeconds: 2 });\n" +
      "  if (!question.renew) return answerForwarded(turn, call, known);",
    rules: ["L9"],
    scenario: "leases",
    seeds: [6, 30],
  },
  {
    name: "put-forgets-its-value",
    bug: "A long value is cut where it is stored.",
    file: "core/mvcc/txn/kv-work.ts",
    find: "putKey(change, key, value, lease);",
    replace: "putKey(change, key, value.subarray(0, 250), lease);",
    rules: ["O2"],
    scenario: "rolling-crashes",
    seeds: [1, 10],
  },
  {
    name: "version-skips",
    bug: "The versions of a key are counted in twos.",
    file: "core/mvcc/key-index.ts",
    find: "return { main, sub, created: newest.created, version: newest.version + 1 };",
    replace: "return { main, sub, created: newest.created, version: newest.version + 2 };",
    rules: ["O3"],
    scenario: "rolling-crashes",
    seeds: [1, 10],
  },
  {
    name: "filter-off-by-one",
    bug: "A range shows what was changed just before the revision it asks for.",
    file: "core/mvcc/range/range-walk.ts",
    find: "(minModRevision === 0 || main >= minModRevision) &&",
    replace: "(minModRevision === 0 || main >= minModRevision - 1) &&",
    rules: ["O4"],
    scenario: "rolling-crashes",
    seeds: [9, 40],
  },
  {
    name: "stale-read-antedated",
    bug: "A read of one member tells a revision that it has long left behind.",
    file: "core/services/kv/range-calls.ts",
    find: "if (isAllRead(reading)) return answer(turn, call, reading, parts);",
    replace:
      'const isStale = request.kind === "range" && request.serializable;\n' +
      "    const behind = isStale ? store.applied % 3 : 0;\n" +
      "    const revision = Math.max(1, store.mvcc.revision - behind);\n" +
      "    const shown = { ...reading, mvcc: { ...reading.mvcc, revision } };\n" +
      "    if (isAllRead(reading)) return answer(turn, call, shown, parts);",
    rules: ["O5"],
    scenario: "rolling-crashes",
    seeds: [1, 20],
  },
  {
    name: "hash-past-its-revision",
    bug: "A hash goes on to rows that were written since it began.",
    file: "core/mvcc/hash/hash.ts",
    find: "main: Math.max(0, revision + 1), sub: 0",
    replace: "main: Math.max(0, mvcc.revision + 1), sub: 0",
    rules: ["O8"],
    scenario: "compactions",
    seeds: [1, 50],
  },
];

/** What the bugs of mutants.ts prove besides. */
const PROOFS: Readonly<Record<string, readonly RuleId[]>> = {
  "read-without-quorum": ["O1"],
  "late-read-answer": ["O1"],
  "torn-record-accepted": ["O9"],
  "lease-forgotten-by-leader": ["L4"],
  "lease-holds-on": ["L3"],
  "compacted-one-too-far": ["O6"],
  "compaction-forgotten": ["O7"],
  "compaction-not-checked": ["O7"],
  "lock-lost-while-waiting": ["O10", "O11"],
  "lock-overtaken": ["O10", "O11"],
};

export type RuleMutant = Mutant & Readonly<{ rules: readonly RuleId[] }>;

const RULE_MUTANTS: readonly RuleMutant[] = PLANTS.map((plant) => {
  const [rule] = plant.rules;
  return { ...plant, oracle: JUDGED_AS[rule]?.at(-1) ?? rule };
});

export const ALL_MUTANTS: readonly RuleMutant[] = [
  ...MUTANTS.map((mutant) => ({ ...mutant, rules: PROOFS[mutant.name] ?? [] })),
  ...RULE_MUTANTS,
];

/** Null: caught by its oracle, with every rule broken that it is to break. */
export function escapeOf(mutant: RuleMutant, { oracle, rules }: Hunted): string | null {
  if (oracle !== mutant.oracle) return `${oracle}, not ${mutant.oracle}`;
  const isSeen = (rule: RuleId): boolean =>
    rules.includes(rule) || (JUDGED_AS[rule] ?? []).includes(oracle);
  const unseen = mutant.rules.filter((rule) => !isSeen(rule));
  return unseen.length === 0 ? null : `${oracle}, without ${unseen.join(" and ")}`;
}
