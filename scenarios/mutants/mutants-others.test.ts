// The other half of the planted bugs.

import { afterAll, describe, expect, it } from "vitest";
import { halfOfMutants, hunt, HUNT_TIMEOUT_MS } from "./testing.ts";
import { createPlanter } from "./planting.ts";

const planter = createPlanter();
afterAll(() => planter.close());

describe("a planted bug", () => {
  it.for(halfOfMutants(1))(
    "%s is caught by its oracle",
    { timeout: HUNT_TIMEOUT_MS },
    async ([, mutant]) => expect(await hunt(planter, mutant)).toBeNull(),
  );
});
