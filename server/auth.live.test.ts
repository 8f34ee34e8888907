// Tokens on three real members: good everywhere at once, whoever leads, and for nobody who restarts.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Request, Response } from "../core/api/request.ts";
import { key, putOf, rangeOf } from "../core/api/testing.ts";
import type { Result } from "../core/contract.ts";
import { createEtcdClient } from "../net/socket/client.ts";
import type { EtcdClient } from "../net/socket/client.ts";
import type { MemberPlan, MemberProcess } from "./testing.ts";
import { cleanUp, eventually, planMembers, startMember } from "./testing.ts";

type Running = Readonly<{ plan: MemberPlan; process: MemberProcess; client: EtcdClient }>;

const FLAGS = ["--heartbeat-interval=50", "--election-timeout=500", "--bcrypt-cost=4"];
const TIMEOUT_MS = 5000;
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

async function start(plan: MemberPlan): Promise<Running> {
  const process = await startMember(plan, FLAGS);
  await process.says("ready to serve client requests");
  return { plan, process, client: createEtcdClient(plan.clientUrl) };
}

function ask({ client }: Running, request: Request, token = ""): Promise<Result<Response>> {
  return client.call(request, TIMEOUT_MS, token);
}

async function login(member: Running, password = "pw"): Promise<string> {
  const answer = await ask(member, { kind: "authenticate", name: ROOT, password });
  return answer.ok && answer.value.kind === "authenticate" ? answer.value.token : "";
}

async function isLeader(member: Running, token: string): Promise<boolean> {
  const answer = await ask(member, { kind: "status" }, token);
  if (!answer.ok || answer.value.kind !== "status") return false;
  return answer.value.leader === answer.value.header.memberId;
}

describe("three members with users", () => {
  beforeAll(async () => {
    members = await Promise.all((await planMembers(["a", "b", "c"])).map((plan) => start(plan)));
    for (const request of SETUP)
      expect(await ask(members[0] as Running, request)).toMatchObject({ ok: true });
  }, 30_000);

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
    const leads = await Promise.all(members.map((member) => isLeader(member, token)));
    const killed = members[leads.indexOf(true)] as Running;
    const others = members.filter((member) => member !== killed);
    killed.client.close();
    await killed.process.end("SIGKILL");
    for (const member of others) {
      await eventually(async () => (await ask(member, putOf("after", "1"), token)).ok);
    }
    const again = await start(killed.plan);
    members[members.indexOf(killed)] = again;
    const fresh = await login(again);
    expect(await ask(again, rangeOf("after"), fresh)).toMatchObject({ ok: true });
    expect(await ask(others[0] as Running, rangeOf("after"), fresh)).toMatchObject({ ok: true });
  }, 30_000);
});
