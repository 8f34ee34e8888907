// Errors that depend on the store, such as "key not found", carry no revision. Each must have been
// right at some moment of its call: taken in the order of their calls, each gets the earliest place
// that is right and not before what had returned by then. No other choice leaves more room.

import { differenceOf } from "../model/etcd-answer.ts";
import { evaluate, rewind } from "../model/etcd-model.ts";
import type { EtcdState } from "../model/etcd-model.ts";
import { footprintOf } from "./footprint.ts";
import type { Span } from "./footprint.ts";
import type { KeyOperation } from "../model/history-of-keys.ts";
import type { RevisionIndex } from "./revision-index.ts";
import type { Certificate } from "../verdict/verdict.ts";

/** The operation was answered between change `revision` and the next. */
export type Placed = Readonly<{ operation: KeyOperation; revision: number }>;

export type Placement = Readonly<
  | { kind: "placed"; refusals: readonly Placed[] }
  | { kind: "misplaced"; certificate: Certificate; footprint: readonly Span[] }
>;

export function placeRefusals(
  index: RevisionIndex,
  fillers: ReadonlyMap<number, KeyOperation>,
  last: EtcdState,
): Placement {
  const refusals: Placed[] = [];
  if (index.refusals.length === 0) return { kind: "placed", refusals };
  const windowOf = createWindows(index, fillers, last.revision);
  const inOrder = index.refusals.toSorted((a, b) =>
    a.call < b.call ? -1 : Number(a.call > b.call),
  );
  for (const operation of inOrder) {
    const [from, through] = windowOf(operation);
    let revision = from;
    for (const placed of refusals) {
      if (endOf(placed.operation) < operation.call) revision = Math.max(revision, placed.revision);
    }
    while (revision <= through && !isRight(rewind(last, revision), operation)) revision++;
    if (revision > through) return misplaced(operation);
    refusals.push({ operation, revision });
  }
  return { kind: "placed", refusals };
}

type Windows = (operation: KeyOperation) => readonly [from: number, through: number];

/** The revisions at which an error may have been answered, as far as real time tells. */
function createWindows(
  index: RevisionIndex,
  fillers: ReadonlyMap<number, KeyOperation>,
  last: number,
): Windows {
  const ends: [time: number, revision: number][] = [];
  const calls: [time: number, revision: number][] = [];
  for (let revision = 1; revision <= last; revision++) {
    const writer = index.writers[revision] ?? fillers.get(revision) ?? null;
    if (writer !== null) {
      ends.push([endOf(writer), revision]);
      calls.push([-writer.call, 1 - revision]);
    }
    for (const neutral of index.neutrals.get(revision) ?? []) {
      ends.push([endOf(neutral), revision]);
      calls.push([-neutral.call, -revision]);
    }
  }
  const highest = createHighest(ends);
  const lowest = createHighest(calls);
  return ({ call, return: end }) => [
    Math.max(1, highest(call)),
    Math.min(last, end === null ? last : -lowest(-end)),
  ];
}

/** Answers: the highest number of all that are strictly earlier than a time; −∞ if there is none.
 */
function createHighest(points: [time: number, highest: number][]): (time: number) => number {
  points.sort(([a], [b]) => (a === b ? 0 : a < b ? -1 : 1));
  let highest = Number.NEGATIVE_INFINITY;
  for (const point of points) point[1] = highest = Math.max(highest, point[1]);
  return (time) => {
    let low = 0;
    let high = points.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((points[middle] as (typeof points)[number])[0] < time) low = middle + 1;
      else high = middle;
    }
    return points[low - 1]?.[1] ?? Number.NEGATIVE_INFINITY;
  };
}

function isRight(state: EtcdState, { input, outcome }: KeyOperation): boolean {
  if (outcome.kind !== "ok") return false;
  return differenceOf(evaluate(state, input).answer, outcome.output) === null;
}

function misplaced({ id, input }: KeyOperation): Placement {
  const difference = "an error that was right at no moment of the call";
  const certificate: Certificate = {
    kind: "wrong_answer",
    operation: id,
    revision: null,
    difference,
  };
  return { kind: "misplaced", certificate, footprint: footprintOf(input) };
}

function endOf(operation: KeyOperation): number {
  return operation.return ?? Number.POSITIVE_INFINITY;
}
