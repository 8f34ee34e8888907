// An independent etcd in one page of state: what the key-value calls must answer. It is written
// from etcd's documentation and shares nothing with the product but the types of requests, because
// a judge that reuses the product's range logic cannot see the product's range bug.
//
// Leases are names here: whether one is there when a key is put on it is judged elsewhere
// (leases.ts). Compaction is not known: every old revision is readable.

import type {
  KeyValue,
  KvRequest,
  PutRequest,
  RequestOp,
  TxnRequest,
} from "../../core/api/request.ts";
import { holds } from "./etcd-compare.ts";
import { selectRange } from "./etcd-range.ts";
import type { Selection } from "./etcd-range.ts";
import { entriesFrom, findEntry, withEntry } from "./sorted-entries.ts";
import type { Sorted } from "./sorted-entries.ts";

/** The store after `revision`, with all its past: sorted by key, and by age within a key. */
export type EtcdState = Readonly<{ revision: number; entries: Sorted<Entry> }>;
export type Entry = Readonly<{ key: string; latest: Version }>;
export type Version = Readonly<{
  revision: number;
  kv: KeyValue | null; // null: deleted here
  older: Version | null;
}>;

/** What the model expects. Headers hold nothing but a revision here. */
export type Answer = Readonly<
  | { kind: "range"; revision: number; selection: Selection }
  | { kind: "put"; revision: number; prevKv: KeyValue | null }
  | { kind: "delete_range"; revision: number; deleted: number; prevKvs: readonly KeyValue[] }
  | { kind: "txn"; revision: number; succeeded: boolean; answers: readonly Answer[] }
  | { kind: "error"; names: readonly string[] } // any of these names
>;

export type Outcome = Readonly<{ state: EtcdState; answer: Answer }>;

export const EMPTY_STORE: EtcdState = { revision: 1, entries: [] };

const NOTHING: Uint8Array = new Uint8Array(0);

/** What `request` does to the store, and what it answers. */
export function evaluate(state: EtcdState, request: KvRequest): Outcome {
  const names = problemsOf(state, request);
  if (names.length > 0) return { state, answer: { kind: "error", names } };
  return run(state, state, request);
}

/** The live pairs of a range as of `atRevision`, in key order. */
export function pairsIn(
  state: EtcdState,
  key: string,
  rangeEnd: string,
  atRevision: number,
): readonly KeyValue[] {
  const pairs: KeyValue[] = [];
  for (const entry of entriesFrom(state.entries, key)) {
    if (!isInRange(entry.key, key, rangeEnd)) break;
    const kv = versionAt(entry.latest, atRevision);
    if (kv !== null) pairs.push(kv);
  }
  return pairs;
}

/** The pair of one key as of `atRevision`. */
export function pairOf(state: EtcdState, key: string, atRevision: number): KeyValue | null {
  const entry = findEntry(state.entries, key);
  return entry === null ? null : versionAt(entry.latest, atRevision);
}

/** The store as it was after `revision`. */
export function rewind(state: EtcdState, revision: number): EtcdState {
  const runs: Entry[][] = [];
  for (const before of state.entries) {
    const entries: Entry[] = [];
    for (const { key, latest } of before) {
      let version: Version | null = latest;
      while (version !== null && version.revision > revision) version = version.older;
      if (version !== null) entries.push({ key, latest: version });
    }
    if (entries.length > 0) runs.push(entries);
  }
  return { revision, entries: runs };
}

/** etcd's ranges: "" is one key, "\0" is every key from here on, anything else an exclusive end. */
export function isInRange(key: string, start: string, rangeEnd: string): boolean {
  if (rangeEnd === "") return key === start;
  return key >= start && (rangeEnd === "\0" || key < rangeEnd);
}

/** The branch that a transaction takes. Every level looks at the store before the transaction. */
function branchOf(before: EtcdState, request: TxnRequest): readonly RequestOp[] {
  const succeeded = request.compare.every((compare) =>
    holds(compare, pairsIn(before, compare.key, compare.rangeEnd, before.revision)),
  );
  return succeeded ? request.success : request.failure;
}

/** Every error that etcd may choose from; empty when the request goes through. */
function problemsOf(before: EtcdState, request: RequestOp): readonly string[] {
  switch (request.kind) {
    case "range":
      return request.revision > before.revision ? ["FutureRevision"] : [];
    case "put":
      return problemsOfPut(before, request);
    case "delete_range":
      return [];
    case "txn":
      return branchOf(before, request).flatMap((op) => problemsOf(before, op));
    case "empty":
      return ["KeyNotFound"];
  }
}

function problemsOfPut(before: EtcdState, request: PutRequest): readonly string[] {
  const names: string[] = [];
  const needsKey = request.ignoreValue || request.ignoreLease;
  if (needsKey && pairOf(before, request.key, before.revision) === null) names.push("KeyNotFound");
  return names;
}

/** `before` is the store before the whole request, `now` with what its earlier parts have written.
 */
function run(before: EtcdState, now: EtcdState, request: RequestOp): Outcome {
  switch (request.kind) {
    case "range": {
      const revision = request.revision > 0 ? request.revision : now.revision;
      const pairs = pairsIn(now, request.key, request.rangeEnd, revision);
      const selection = selectRange(request, pairs);
      return { state: now, answer: { kind: "range", revision: now.revision, selection } };
    }
    case "put":
      return runPut(before, now, request);
    case "delete_range": {
      const pairs = pairsIn(now, request.key, request.rangeEnd, now.revision);
      let state = now;
      for (const { key } of pairs) state = write(before, state, key, null);
      const prevKvs = request.prevKv ? pairs : [];
      const deleted = pairs.length;
      return {
        state,
        answer: { kind: "delete_range", revision: state.revision, deleted, prevKvs },
      };
    }
    case "txn": {
      const branch = branchOf(before, request);
      const answers: Answer[] = [];
      let state = now;
      for (const op of branch) {
        const outcome = run(before, state, op);
        state = outcome.state;
        answers.push(outcome.answer);
      }
      const succeeded = branch === request.success;
      return { state, answer: { kind: "txn", revision: state.revision, succeeded, answers } };
    }
    case "empty":
      return { state: now, answer: { kind: "error", names: ["KeyNotFound"] } };
  }
}

function runPut(before: EtcdState, now: EtcdState, request: PutRequest): Outcome {
  const previous = pairOf(now, request.key, now.revision);
  const revision = before.revision + 1;
  const kv: KeyValue = {
    key: request.key,
    createRevision: previous === null ? revision : previous.createRevision,
    modRevision: revision,
    version: previous === null ? 1 : previous.version + 1,
    value: request.ignoreValue ? (previous?.value ?? NOTHING) : request.value,
    lease: request.ignoreLease ? (previous?.lease ?? 0n) : request.lease,
  };
  const state = write(before, now, request.key, kv);
  const prevKv = request.prevKv ? previous : null;
  return { state, answer: { kind: "put", revision, prevKv } };
}

function write(before: EtcdState, now: EtcdState, key: string, kv: KeyValue | null): EtcdState {
  const revision = before.revision + 1;
  const older = findEntry(now.entries, key)?.latest ?? null;
  const entry: Entry = { key, latest: { revision, kv, older } };
  return { revision, entries: withEntry(now.entries, entry) };
}

function versionAt(latest: Version, revision: number): KeyValue | null {
  let version: Version | null = latest;
  while (version !== null && version.revision > revision) version = version.older;
  return version === null ? null : version.kv;
}
