// Three real members that are told the rounds, and what has to hold when all is said: all of them
// live, agree on the store, on the members and on authentication, and do so again after a restart.

import type { Request, Response } from "../../core/api/request.ts";
import type { Bytes } from "../../core/contract.ts";
import type { MemberPlan, Running } from "../../server/live/testing.ts";
import { leads, pause, PATIENCE_MS, planMembers, startRunning } from "../../server/live/testing.ts";
import { deedOf, TXN_OPERATIONS } from "./deeds.ts";
import { roundOf } from "./rounds.ts";
import { strike } from "./send.ts";

/** `nth` rounds of a seed. */
export type Attack = Readonly<{ seed: number; rounds: readonly number[] }>;

const MEMBERS = ["one", "two", "three"];
const FLAGS = ["--bcrypt-cost=4", `--max-txn-ops=${TXN_OPERATIONS}`];
const AGREE_MS = 30_000;
const ROOT = "root" as Bytes;
const PASSWORD = "pw";
const USERS: readonly Request[] = [
  { kind: "user_add", name: ROOT, password: PASSWORD, noPassword: false },
  { kind: "user_grant_role", name: ROOT, role: ROOT },
  { kind: "auth_enable" },
];

/** What is wrong afterwards, or null. Of half of the seeds, authentication is on. */
export async function attack(
  { seed, rounds }: Attack,
  isTime: () => boolean,
): Promise<string | null> {
  const plans = await planMembers(MEMBERS);
  let members = await start(plans);
  try {
    const token = seed % 2 === 0 ? "" : await enableUsers(members);
    for (const nth of rounds) {
      if (isTime()) break;
      const round = roundOf(seed, nth, members.length, token);
      await strike((plans[round.member] as MemberPlan).clientUrl, round);
      await deedOf(nth, (members[round.member] as Running).client, token);
    }
    const before = await disagreement(members, seed);
    if (before !== null) return before;
    await stop(members);
    members = await start(plans);
    const after = await disagreement(members, seed);
    return after === null ? null : `after a restart: ${after}`;
  } catch (error) {
    const outputs = members.map(({ process }) => process.output);
    return [(error as Error).message, ...outputs].join("\n");
  } finally {
    await stop(members);
  }
}

function start(plans: readonly MemberPlan[]): Promise<Running[]> {
  return Promise.all(plans.map((plan) => startRunning(plan, FLAGS)));
}

async function stop(members: readonly Running[]): Promise<void> {
  for (const { client } of members) client.close();
  await Promise.all(members.map(({ process }) => process.end("SIGTERM")));
}

async function enableUsers(members: readonly Running[]): Promise<string> {
  for (const request of USERS) await ask(members[0] as Running, request, "");
  return login(members[0] as Running);
}

async function login(member: Running): Promise<string> {
  const request: Request = { kind: "authenticate", name: ROOT, password: PASSWORD };
  const answer = await member.client.call(request, PATIENCE_MS);
  return answer.ok && answer.value.kind === "authenticate" ? answer.value.token : "";
}

/** Null: they agree, within some time. */
async function disagreement(members: readonly Running[], seed: number): Promise<string | null> {
  const until = performance.now() + AGREE_MS;
  for (;;) {
    const views: string[] = [];
    for (const member of members) views.push(await viewOf(member, seed));
    const isSame = new Set(views).size === 1 && !views[0]?.startsWith("error");
    if (isSame) return null;
    if (performance.now() > until) {
      const output = members.map(({ process }) => process.output.slice(-2000)).join("\n");
      return `they differ:\n${views.join("\n")}\n${output}`;
    }
    await pause(200);
  }
}

/** What a member says of the store, the members and authentication. */
async function viewOf(member: Running, seed: number): Promise<string> {
  try {
    const token = seed % 2 === 0 ? "" : await login(member);
    const hash = await ask(member, { kind: "hash_kv", revision: 0 }, token);
    const list = await ask(member, { kind: "member_list", linearizable: false }, token);
    const auth = await ask(member, { kind: "auth_status" }, token);
    const hasLeader = await leads(member.client, token).then(() => true);
    return JSON.stringify([hash, list, auth, hasLeader], (name, value: unknown) =>
      name === "header" ? undefined : typeof value === "bigint" ? String(value) : value,
    );
  } catch (error) {
    return `error of ${member.plan.name}: ${(error as Error).message}`;
  }
}

async function ask({ client }: Running, request: Request, token: string): Promise<Response> {
  const answer = await client.call(request, PATIENCE_MS, token);
  if (!answer.ok) throw new Error(`${request.kind}: ${answer.error.message}`);
  return answer.value;
}
