// Watches that begin in history, many of them together: what they are told is read once for all,
// and no more of it in one step than ranges may read.

import { expect, it } from "vitest";
import { putOf, watchOf } from "../../api/testing.ts";
import type { CallId, Effect, Millis } from "../../contract.ts";
import { startLoneNode } from "../../testing/lone-node.ts";

const FOREVER = { deadline: Number.MAX_SAFE_INTEGER as Millis, token: "", requireLeader: false };
const WATCHES = 30;
const PUTS = 12;
const ROWS = 4; // in a step
const STREAM = 1000 as CallId;

it("watches of one stream that begin together in history share one reading of it", () => {
  const node = startLoneNode({ rangeRows: ROWS, streamPushes: 10 * WATCHES }, true);
  for (let at = 0; at < PUTS; at++) {
    const call = (at + 1) as CallId;
    node.take({ kind: "call", call, request: putOf("k", `${at}`), context: FOREVER });
  }
  const request = { kind: "watch", ask: watchOf("k", "", { startRevision: 2 }) } as const;
  const said = [
    ...node.take({ kind: "call", call: STREAM, request, context: FOREVER }),
    ...Array.from({ length: WATCHES - 1 }, () =>
      node.take({ kind: "call.item", call: STREAM, request }),
    ).flat(),
  ];
  expect(eventsIn(said)).toEqual([]); // that they are made, and nothing else
  for (let step = 0; step < PUTS / ROWS; step++) {
    expect(eventsIn(node.resume())).toEqual(Array.from({ length: WATCHES }, () => ROWS));
  }
  expect(eventsIn(node.resume())).toEqual([]);
});

/** How many are in each response that has some. */
function eventsIn(effects: readonly Effect[]): readonly number[] {
  return effects.flatMap((effect) => {
    if (effect.kind !== "call.push" || effect.response.kind !== "watch") return [];
    return effect.response.events.length > 0 ? [effect.response.events.length] : [];
  });
}
