// What the whole store promises beyond the answers of single calls (O2, O3, O5, O8): its chronicle
// is made of what was asked for, members never fall back, and equal histories have equal hashes.

import type { KeyValue, Request, RequestOp } from "../../core/api/request.ts";
import type { Chronicle, Placed } from "../model/chronicle.ts";
import { eventAt, pairAt, pairsAt, topAt } from "../model/chronicle.ts";
import { describeAny } from "../verdict/describe-call.ts";
import { describeKey, describePair } from "../model/describe.ts";
import { orderOfBytes } from "../model/etcd-compare.ts";
import { changes, historyOfKeys } from "../model/history-of-keys.ts";
import type { KeyOperation } from "../model/history-of-keys.ts";
import type { Operation } from "../history.ts";
import type { Complaint } from "../rules.ts";
import { complain, firstOfEach } from "../rules.ts";
import { knownWritesOf } from "../linearizability/observations.ts";

const EVERY_KEY = { key: "\0", rangeEnd: "\0" };

/** A member began to run: what it had not made durable may be gone. */
export type Boot = Readonly<{ member: bigint; at: number }>;

export function brokenStoreRules(
  history: readonly Operation[],
  chronicle: Chronicle,
  boots: readonly Boot[],
): readonly Complaint[] {
  return firstOfEach([
    ...wrongMetadata(chronicle),
    ...uncausedChanges(history, chronicle),
    ...lostChanges(history, chronicle),
    ...fallenMembers(history, chronicle, boots),
    ...unequalHashes(history, chronicle),
  ]);
}

/** O3. */
function wrongMetadata(chronicle: Chronicle): readonly Complaint[] {
  return chronicle.events.flatMap(({ event, revision }) => {
    const { kind, kv } = event;
    if (kind === "delete") return [];
    const before = pairAt(chronicle, kv.key, revision - 1);
    const version = (before?.version ?? 0) + 1;
    const created = before?.createRevision ?? revision;
    if (kv.modRevision === revision && kv.version === version && kv.createRevision === created) {
      return [];
    }
    const should = `However, it should be mod ${revision}, create ${created}, version ${version}.`;
    return [complain("O3", [`  revision ${revision} put ${describePair(kv)}`, should])];
  });
}

/** O2: revisions without a gap, and values that somebody wrote. */
function uncausedChanges(
  history: readonly Operation[],
  { changes: all, events }: Chronicle,
): readonly Complaint[] {
  const gap = all.findIndex(({ revision }, at) => revision !== at + 2);
  if (gap >= 0) {
    const next = `  revision ${all[gap]?.revision} follows revision ${gap + 1}`;
    return [complain("O2", [next, "However, revisions are dense."])];
  }
  const written = new Set<string>();
  for (const { input, outcome } of history) {
    if (outcome.kind === "failed") continue;
    for (const { key, value } of putsIn(input)) written.add(nameOf(key, value));
  }
  const uncaused = events.find(
    ({ event: { kind, kv } }) => kind === "put" && !written.has(nameOf(kv.key, kv.value)),
  );
  if (uncaused === undefined) return [];
  const put = `  revision ${uncaused.revision} put ${describePair(uncaused.event.kv)}`;
  return [complain("O2", [put, "However, nobody had asked for that."])];
}

/** O2: whoever was told of a change made it. */
function lostChanges(history: readonly Operation[], chronicle: Chronicle): readonly Complaint[] {
  return historyOfKeys(history).flatMap((operation) => {
    const { outcome } = operation;
    if (outcome.kind !== "ok" || !changes(outcome.output)) return [];
    const lost = knownWritesOf(operation).find(({ key, revision, isPut, value }) => {
      const placed = eventAt(chronicle, key, revision);
      return placed === null || !isTheWrite(placed, isPut, value);
    });
    if (lost === undefined) return [];
    const made = `However, revision ${lost.revision} did not write ${describeKey(lost.key)} so.`;
    return [complain("O2", [`  ${describeAny(operation as Operation)}`, made])];
  });
}

function isTheWrite({ event }: Placed, isPut: boolean, value: Uint8Array | null): boolean {
  if (isPut !== (event.kind === "put")) return false;
  return value === null || !isPut || orderOfBytes(event.kv.value, value) === 0;
}

/** O5: what one member shows, between two of its boots, only grows, and never runs ahead. */
function fallenMembers(
  history: readonly Operation[],
  chronicle: Chronicle,
  boots: readonly Boot[],
): readonly Complaint[] {
  const complaints: Complaint[] = [];
  const highest = new Map<bigint, Answer[]>(); // by member: ever higher, by return
  const answers = historyOfKeys(history).flatMap((operation) => answerOf(history, operation));
  for (const answer of answers.toSorted((a, b) => a.end - b.end)) {
    const { operation, end, member, revision } = answer;
    const known = highest.get(member) ?? [];
    highest.set(member, known);
    const before = known.findLast((each) => each.end < operation.call);
    if ((known.at(-1)?.revision ?? 0) < revision) known.push(answer);
    if (operation.input.kind !== "range" || !operation.input.serializable) continue;
    const top = topAt(chronicle, end);
    if (revision > top) {
      const ahead = `However, revision ${top} was the last that there was.`;
      complaints.push(complain("O5", [`  ${describeAny(operation)}`, ahead]));
    }
    if (before === undefined || before.revision <= revision) continue;
    const isRestarted = boots.some(
      (boot) => boot.member === member && boot.at >= before.operation.call && boot.at <= end,
    );
    if (isRestarted) continue;
    const lines = [before, answer].map((each) => `  ${describeAny(each.operation)}`);
    complaints.push(complain("O5", [...lines, `However, both are of member ${member}.`]));
  }
  return complaints;
}

type Answer = Readonly<{ operation: Operation; end: number; member: bigint; revision: number }>;

function answerOf(history: readonly Operation[], { id }: KeyOperation): readonly Answer[] {
  const operation = history[id];
  if (operation?.outcome.kind !== "ok" || operation.return === null) return [];
  const { memberId, revision } = operation.outcome.output.header;
  return memberId === 0n ? [] : [{ operation, end: operation.return, member: memberId, revision }];
}

/** O8. Where the revision shows no key at all, etcd's number is of whatever compactions have left:
 *  what is remembered of one and what is computed now may differ, on one member as on two. */
function unequalHashes(history: readonly Operation[], chronicle: Chronicle): readonly Complaint[] {
  const known = new Map<string, Operation>();
  return history.flatMap((operation) => {
    const { outcome } = operation;
    if (outcome.kind !== "ok" || outcome.output.kind !== "hash_kv") return [];
    const { hashRevision, compactRevision, hash } = outcome.output;
    if (compactRevision >= 0 && pairsAt(chronicle, EVERY_KEY, hashRevision).length === 0) return [];
    const name = `${hashRevision} ${compactRevision}`;
    const other = known.get(name) ?? operation;
    known.set(name, other);
    if (other.outcome.kind !== "ok" || other.outcome.output.kind !== "hash_kv") return [];
    if (other.outcome.output.hash === hash) return [];
    const lines = [other, operation].map((each) => `  ${describeAny(each)}`);
    return [complain("O8", [...lines, "However, it is one and the same history."])];
  });
}

function putsIn(request: Request | RequestOp): readonly Pick<KeyValue, "key" | "value">[] {
  if (request.kind === "put") return [request];
  if (request.kind !== "txn") return [];
  return [...request.success, ...request.failure].flatMap(putsIn);
}

function nameOf(key: string, value: Uint8Array): string {
  let text = `${key} `;
  for (const byte of value) text += String.fromCharCode(byte);
  return text;
}
