// Tokens on three real members: good everywhere at once, whoever leads, and for nobody who
// restarts.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Request, Response } from "../../core/api/request.ts";
import { key, putOf, rangeOf } from "../../core/api/testing.ts";
import type { Result } from "../../core/contract.ts";
import type { Running } from "./testing.ts";
import { cleanUp, eventually, leads, PATIENCE_MS, planMembers, startRunning } from "./testing.ts";

const FLAGS = ["--heartbeat-interval=50", "--election-timeout=500", "--bcrypt-cost=4"];
const ROOT = key("root");
const SETUP: readonly Request[] = [
  { kind: "user_add", name: ROOT, password: "pw", noPassword: false },
  { kind: "user_grant_role", name: ROOT, role: ROOT },
  { kind: "auth_enable" },
];
let members: Running[] = [];

afterAll(async () => {
  for (const { client } of members) client.close();
  await cleanUp();
});

function ask(
  { client }: Running,
  request: Request,
  token = "",
  timeoutMs = PATIENCE_MS,
): Promise<Result<Response>> {
  return client.call(request, timeoutMs, token);
}

async function login(member: Running, password = "pw"): Promise<string> {
  const answer = await ask(member, { kind: "authenticate", name: ROOT, password });
  return answer.ok && answer.value.kind === "authenticate" ? answer.value.token : "";
}

describe("three members with users", () => {
  beforeAll(async () => {
    const plans = await planMembers(["a", "b", "c"]);
    members = await Promise.all(plans.map((plan) => startRunning(plan, FLAGS)));
    for (const request of SETUP)
      expect(await ask(members[0] as Running, request)).toMatchObject({ ok: true });
  });

  it("know a token that another one gave a moment ago", async () => {
    for (const [at, giver] of members.entries()) {
      const token = await login(giver);
      const answers = await Promise.all(
        members.map((member) => ask(member, putOf(`k${at}`, "1"), token)),
      );
      expect(answers).toMatchObject([{ ok: true }, { ok: true }, { ok: true }]);
    }
    const [member] = members as [Running];
    expect(await login(member, "wrong")).toBe("");
    const error = { name: "UserEmpty" };
    expect(await ask(member, rangeOf("k0"))).toMatchObject({ ok: false, error });
  });

  it("go on knowing it when the leader dies; who restarts knows a new one", async () => {
    const token = await login(members[0] as Running);
    const isLeader = await Promise.all(members.map(({ client }) => leads(client, token)));
    const killed = members[isLeader.indexOf(true)] as Running;
    const others = members.filter((member) => member !== killed);
    killed.client.close();
    await killed.process.end("SIGKILL");
    for (const member of others) {
      // what was on its way to the dead leader is lost: nobody need wait for it
      await eventually(async () => (await ask(member, putOf("after", "1"), token, 500)).ok);
    }
    const again = await startRunning(killed.plan, FLAGS);
    members[members.indexOf(killed)] = again;
    const fresh = await login(again);
    expect(await ask(again, rangeOf("after"), fresh)).toMatchObject({ ok: true });
    expect(await ask(others[0] as Running, rangeOf("after"), fresh)).toMatchObject({ ok: true });
  });
});
