// A bounded part of `npm run fuzz:wire`: the same rounds each time, without and with
// authentication.

import { afterAll, describe, expect, it } from "vitest";
import { cleanUp } from "../../server/live/testing.ts";
import { attack } from "./members.ts";

const ROUNDS = Array.from({ length: 20 }, (_, at) => at);

afterAll(cleanUp);

describe("three members that are told what no client should say", () => {
  it.for([
    { seed: 20261130, users: "nobody" },
    { seed: 20261131, users: "users" },
  ])("live, agree, and do so after a restart, where there are $users to know", async ({ seed }) => {
    expect(await attack({ seed, rounds: ROUNDS }, () => false)).toBeNull();
  });
});
