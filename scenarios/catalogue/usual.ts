// What most scenarios begin with.

import fc from "fast-check";
import { DEFAULT_OPTIONS } from "../../sim/options/options.ts";
import type { SimOptions } from "../../sim/options/options.ts";

export const leader: fc.Arbitrary<"leader"> = fc.constant("leader");

/** Clients do a little of everything. */
export function usual(seed: number): SimOptions {
  const { clients } = DEFAULT_OPTIONS;
  const mix = { ...clients.mix, select: 1, nested: 1, hash: 1 };
  return { ...DEFAULT_OPTIONS, seed, clients: { ...clients, watchers: 1, mix } };
}
