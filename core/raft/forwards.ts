// Proposals that followers forward to the leader. The network may double any message, and a doubled
// proposal must not become two entries, so each carries a number and the leader remembers them.
//
// A number is a stream (32 random bits, drawn when a node boots, because a node that restarts
// within a term has forgotten how far it had counted) and a position in it, in one safe integer.
// What the leader remembers is bounded; a number it cannot tell from an old one is refused: the
// proposal is then lost, as it may be at any time.

import type { NodeId } from "../contract.ts";

/** What the leader saw of one stream: all at or below `floor`, and those in `above` (ascending). */
export type SeenForwards = Readonly<{
  from: NodeId;
  stream: number;
  floor: number;
  above: readonly number[];
}>;

const POSITIONS_PER_STREAM = 2 ** 20;
const REMEMBERED = 128; // numbers per stream above the floor
const STREAMS_PER_NODE = 8; // restarts of one follower within one term

/** The first number of a stream. */
export function firstSequence(stream: number): number {
  return stream * POSITIONS_PER_STREAM;
}

/** The position within the stream, for people. */
export function positionOf(sequence: number): number {
  return sequence % POSITIONS_PER_STREAM;
}

/** What is remembered once this proposal is accepted. Null: it was, or may have been, seen. */
export function remember(
  seen: readonly SeenForwards[],
  from: NodeId,
  sequence: number,
): readonly SeenForwards[] | null {
  const stream = (sequence - positionOf(sequence)) / POSITIONS_PER_STREAM;
  const known = seen.find((one) => one.from === from && one.stream === stream);
  if (known === undefined) {
    const floor = sequence - REMEMBERED - 1; // those just below may still arrive late
    return [...withRoom(seen, from), { from, stream, floor, above: [sequence] }];
  }
  if (sequence <= known.floor || known.above.includes(sequence)) return null;
  const above = [...known.above, sequence];
  if ((known.above.at(-1) ?? 0) > sequence) above.sort((a, b) => a - b);
  const floor = above.length > REMEMBERED ? (above.shift() as number) : known.floor;
  return seen.map((one) => (one === known ? { from, stream, floor, above } : one));
}

/** Without the oldest stream of this follower, if it has too many. */
function withRoom(seen: readonly SeenForwards[], from: NodeId): readonly SeenForwards[] {
  const own = seen.filter((one) => one.from === from);
  if (own.length < STREAMS_PER_NODE) return seen;
  return seen.filter((one) => one !== own[0]);
}
