// How a member ends: a leader hands over first, and the runner that started it takes it along.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { must } from "../../core/lib/assert.ts";
import { lockDirectory } from "../start/lock.ts";
import type { MemberPlan, Running } from "./testing.ts";
import {
  cleanUp,
  eventually,
  flagsOf,
  leads,
  PATIENCE_MS,
  planMembers,
  startRunning,
} from "./testing.ts";

afterAll(cleanUp);

const ROOT = join(import.meta.dirname, "../..");

describe("a leader that is told to end", () => {
  it("makes another one lead before it goes", { timeout: 2 * PATIENCE_MS }, async () => {
    const plans = await planMembers(["one", "two", "three"]);
    const members = await Promise.all(plans.map((plan) => startRunning(plan)));
    const leader = must(await leaderAmong(members), "one of them leads");
    const others = members.filter((member) => member !== leader);
    expect(await leader.process.end("SIGTERM")).toBe("SIGTERM");
    const { output } = leader.process;
    expect(output).toContain("leadership transfer finished");
    const [, heir] = /"transferee-member-id":"(\w+)"/.exec(output) ?? [];
    const next = must(await leaderAmong(others), "another one leads");
    expect(next.process.output).toContain(`"local-member-id":"${heir}"`);
    for (const { process, client } of others) {
      client.close();
      await process.end("SIGKILL");
    }
  });
});

describe("a server that npx started", () => {
  it.each(["SIGTERM", "SIGKILL"] as const)("ends when npx gets %s", async (signal) => {
    const [found] = await planMembers(["alone"]);
    const plan = must(found ?? null, "one was planned");
    const npx = spawn("npx", ["--no-install", "detcd", "serve", ...flagsOf(plan)], {
      cwd: ROOT,
      stdio: ["ignore", "ignore", "pipe"],
    });
    const closed = once(npx.stderr, "close"); // nobody is left who could write to it
    let output = "";
    npx.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
    await eventually(() => output.includes("ready to serve client requests"));
    expect(isHeld(plan)).toBe(true);
    npx.kill(signal);
    await eventually(() => !isHeld(plan));
    await closed;
    expect(output).toMatch(/received signal; shutting down|has gone; shutting down/);
  });
});

/** Whether a process has the data directory. */
function isHeld({ dataDirectory }: MemberPlan): boolean {
  const lock = lockDirectory(join(dataDirectory, "member"));
  if (lock.ok) lock.value.release();
  return !lock.ok;
}

async function leaderAmong(members: readonly Running[]): Promise<Running | null> {
  let leader: Running | null = null;
  await eventually(async () => {
    for (const member of members) if (await leads(member.client)) leader = member;
    return leader !== null;
  });
  return leader;
}
