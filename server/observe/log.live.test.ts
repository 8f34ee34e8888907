// The log of three members that start, work and stop: nothing of it is an error.

import { afterAll, expect, it } from "vitest";
import { deleteOf, putOf } from "../../core/api/testing.ts";
import { cleanUp, PATIENCE_MS, planMembers, startRunning } from "../live/testing.ts";

afterAll(cleanUp);

it("no line is at level error while all is well, and every line is JSON", async () => {
  const plans = await planMembers(["one", "two", "three"]);
  const members = await Promise.all(plans.map((plan) => startRunning(plan)));
  for (const { client } of members) {
    await client.call(putOf("a", "x"), PATIENCE_MS);
    await client.call(deleteOf("a"), PATIENCE_MS);
    await client.call({ kind: "compact", revision: 2, physical: false }, PATIENCE_MS);
    await client.call({ kind: "defragment" }, PATIENCE_MS);
  }
  for (const { client } of members) client.close();
  for (const { process } of members) await process.end("SIGTERM");
  for (const { process } of members) {
    const lines = process.output.trimEnd().split("\n");
    const levels = lines.map((line) => (JSON.parse(line) as { level: string }).level);
    expect(lines.filter((_, at) => levels[at] === "error" || levels[at] === "fatal")).toEqual([]);
    expect(process.output).toContain('"msg":"closed etcd server"');
  }
});
