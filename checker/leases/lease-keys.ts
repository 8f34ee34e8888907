// Which keys hang on which lease: told by the chronicle alone. With a lease go all of them and no
// others (L3), and who asks is told of them (L7).

import type { Chronicle } from "../model/chronicle.ts";
import { pairAt } from "../model/chronicle.ts";
import { describeAny } from "../verdict/describe-call.ts";
import { describeKey } from "../model/describe.ts";
import type { Operation } from "../history.ts";
import type { LeaseEnd } from "./lease-times.ts";
import type { Complaint } from "../rules.ts";
import { complain } from "../rules.ts";

export function brokenLeaseKeys(
  history: readonly Operation[],
  ends: readonly LeaseEnd[],
  chronicle: Chronicle,
): readonly Complaint[] {
  const wrongEnds = ends.flatMap((end) => flawOfEnd(end, chronicle));
  const asked = history.filter(({ input }) => input.kind === "lease_time_to_live" && input.keys);
  if (asked.length === 0) return wrongEnds;
  const known = knownBefore(history);
  return [...wrongEnds, ...asked.flatMap((each) => flawOfKeys(each, known(each.call), chronicle))];
}

/** L3. An end without keys leaves the store as it is. */
function flawOfEnd(end: LeaseEnd, chronicle: Chronicle): readonly Complaint[] {
  const { lease, revision, keys } = end;
  const attached = keysOn(chronicle, lease, keys.length === 0 ? revision : revision - 1);
  const at = `at ${end.at} µs, revision ${revision}`;
  const gone = `  lease ${lease} ended ${at}, and took ${list(keys)}`;
  if (list(attached) !== list(keys)) {
    return [complain("L3", [gone, `However, on it hung ${list(attached)}.`])];
  }
  if (keys.length === 0) return [];
  const change = chronicle.changes.find((each) => each.revision === revision);
  const deleted = (change?.events ?? []).map(({ kind, kv }) => (kind === "delete" ? kv.key : ""));
  if (list(deleted) === list(keys)) return [];
  return [complain("L3", [gone, `However, that revision deleted ${list(deleted)}.`])];
}

/** L7: the keys at some moment of the call. */
function flawOfKeys(
  operation: Operation,
  known: number,
  chronicle: Chronicle,
): readonly Complaint[] {
  const { input, outcome } = operation;
  if (input.kind !== "lease_time_to_live" || outcome.kind !== "ok") return [];
  const { output } = outcome;
  if (output.kind !== "lease_time_to_live" || output.ttlSeconds < 0) return [];
  const told = list(output.keys);
  for (let revision = known; revision <= output.header.revision; revision++) {
    if (list(keysOn(chronicle, input.id, revision)) === told) return [];
  }
  const truth = list(keysOn(chronicle, input.id, output.header.revision));
  return [
    complain("L7", [
      `  ${describeAny(operation)}`,
      `However, it told of ${told}, and from revision ${known} to ${output.header.revision} ` +
        `it was never so: in the end there hung ${truth}.`,
    ]),
  ];
}

function keysOn(chronicle: Chronicle, lease: bigint, revision: number): readonly string[] {
  return [...chronicle.versions.keys()]
    .filter((key) => pairAt(chronicle, key, revision)?.lease === lease)
    .toSorted();
}

/** The highest revision that anybody had been told before a moment. */
function knownBefore(history: readonly Operation[]): (time: number) => number {
  const told: (readonly [at: number, revision: number])[] = [];
  for (const { outcome, return: end } of history) {
    if (outcome.kind === "ok" && end !== null) told.push([end, outcome.output.header.revision]);
  }
  told.sort(([a], [b]) => a - b);
  return (time) => {
    let highest = 1;
    for (const [at, revision] of told) {
      if (at >= time) break;
      highest = Math.max(highest, revision);
    }
    return highest;
  };
}

function list(keys: readonly string[]): string {
  return keys.length === 0 ? "no key" : keys.map(describeKey).join(", ");
}
