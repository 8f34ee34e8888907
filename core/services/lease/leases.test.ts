// How long a lease is at least: one and a half elections, in whole ticks and then whole seconds.

import { expect, it } from "vitest";
import { leastTtlSeconds } from "./leases.ts";

it.each([
  [100, 1000, 2],
  [100, 700, 1],
  [300, 1000, 2],
  [500, 5000, 8],
  [10, 100, 1],
])("a tick of %i ms and an election of %i ms make %i s", (heartbeatMs, electionMs, seconds) => {
  expect(leastTtlSeconds({ heartbeatMs, electionMs })).toBe(seconds);
});
