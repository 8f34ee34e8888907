// Three members as real processes: any of them answers, and the death of the leader loses nothing.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RangeRequest } from "../core/api/request.ts";
import { rangeOf } from "../core/api/testing.ts";
import type { NodeId } from "../core/contract.ts";
import { createEtcdClient, type EtcdClient } from "../net/socket/client.ts";
import {
  cleanUp,
  eventually,
  type MemberPlan,
  type MemberProcess,
  planMembers,
  putRequest,
  startMember,
} from "./testing.ts";

type Running = { plan: MemberPlan; process: MemberProcess; client: EtcdClient };

const TIMEOUT_MS = 3000;
let members: Running[] = [];

beforeAll(async () => {
  const plans = await planMembers(["infra1", "infra2", "infra3"]);
  members = await Promise.all(plans.map((plan) => start(plan)));
  await eventually(() => members.every(({ process }) => isReady(process)));
}, 30_000);

afterAll(async () => {
  for (const { client } of members) client.close();
  await cleanUp();
});

async function start(plan: MemberPlan): Promise<Running> {
  const process = await startMember(plan, ["--snapshot-count=100"]);
  return { plan, process, client: createEtcdClient(plan.clientUrl) };
}

function isReady(process: MemberProcess): boolean {
  return process.output.includes("ready to serve client requests");
}

async function write(member: Running, key: string, value: string): Promise<boolean> {
  return (await member.client.call(putRequest(key, Buffer.from(value)), TIMEOUT_MS)).ok;
}

/** Null: the call failed, or there is no such key. */
async function read(
  member: Running,
  key: string,
  more: Partial<RangeRequest> = {},
): Promise<string | null> {
  const result = await member.client.call(rangeOf(key, more), TIMEOUT_MS);
  if (!result.ok || result.value.kind !== "range") return null;
  const value = result.value.kvs[0]?.value;
  return value === undefined ? null : Buffer.from(value).toString();
}

async function status(member: Running): Promise<{ leader: bigint; self: bigint }> {
  const result = await member.client.call({ kind: "status" }, TIMEOUT_MS);
  if (!result.ok || result.value.kind !== "status") return { leader: 0n, self: -1n };
  return { leader: result.value.leader, self: result.value.header.memberId };
}

async function leaderOf(candidates: readonly Running[]): Promise<Running | null> {
  for (const member of candidates) {
    const { leader, self } = await status(member);
    if (leader === self) return member;
  }
  return null;
}

describe("three members", () => {
  it("agree on one leader", async () => {
    const statuses = await Promise.all(members.map((member) => status(member)));
    expect(new Set(statuses.map(({ leader }) => leader)).size).toBe(1);
    expect(statuses.filter(({ leader, self }) => leader === self)).toHaveLength(1);
  });

  it("hand the leadership over to whoever is named, and to voters alone", async () => {
    const leader = (await leaderOf(members)) as Running;
    const target = members.find((member) => member !== leader) as Running;
    const { self: targetId } = await status(target);
    const move = (from: Running, to: bigint): ReturnType<EtcdClient["call"]> =>
      from.client.call({ kind: "move_leader", targetId: to as NodeId }, TIMEOUT_MS);
    expect(await move(target, targetId)).toMatchObject({ error: { name: "NotLeader" } });
    expect(await move(leader, 1n)).toMatchObject({ error: { name: "BadLeaderTransferee" } });
    expect(await move(leader, targetId)).toMatchObject({ ok: true });
    expect(await leaderOf(members)).toBe(target);
  });

  it("take a write anywhere, and show it everywhere at once", async () => {
    for (const [at, writer] of members.entries()) {
      expect(await write(writer, `any/${at}`, `value ${at}`)).toBe(true);
      const seen = await Promise.all(members.map((member) => read(member, `any/${at}`)));
      expect(seen).toEqual([`value ${at}`, `value ${at}`, `value ${at}`]);
    }
  });

  it("lose nothing that was acknowledged when the leader is killed under load", async () => {
    const killed = await leaderOf(members);
    if (killed === null) throw new Error("no leader");
    const others = members.filter((member) => member !== killed);
    const acknowledged: string[] = [];
    const load = { isOn: true };
    const writers = members.map(async (member, writer) => {
      for (let at = 0; load.isOn; at++) {
        const key = `load/${writer}/${at}`;
        if (await write(member, key, key)) acknowledged.push(key);
      }
    });
    await eventually(() => acknowledged.length > 200);
    await killed.process.end("SIGKILL");
    const before = acknowledged.length;
    await eventually(async () => (await leaderOf(others)) !== null);
    await eventually(() => acknowledged.length > before + 200);
    load.isOn = false;
    await Promise.all(writers);
    for (const member of others) {
      const values = await Promise.all(acknowledged.map((key) => read(member, key)));
      expect(values).toEqual(acknowledged);
    }
    killed.client.close();
    members[members.indexOf(killed)] = await start(killed.plan);
    const [rejoined] = members.filter((member) => !others.includes(member)) as [Running];
    await eventually(async () => (await read(rejoined, acknowledged.at(-1) as string)) !== null);
    const here = { serializable: true };
    const values = await Promise.all(acknowledged.map((key) => read(rejoined, key, here)));
    expect(values).toEqual(acknowledged);
    expect(await write(rejoined, "after", "rejoined")).toBe(true);
  }, 30_000);

  it("bring a member that is too far behind for the log up to date with an image", async () => {
    const leader = await leaderOf(members);
    const [behind, other] = members.filter((member) => member !== leader) as [Running, Running];
    behind.client.close();
    await behind.process.end("SIGKILL");
    const keys = Array.from({ length: 500 }, (_, at) => `behind/${at}`);
    for (const key of keys) expect(await write(other, key, key)).toBe(true);
    const again = await start(behind.plan);
    members[members.indexOf(behind)] = again;
    await again.process.says('"msg":"applied snapshot"');
    const here = { serializable: true };
    await eventually(async () => (await read(again, keys.at(-1) as string, here)) !== null);
    expect(await Promise.all(keys.map((key) => read(again, key, here)))).toEqual(keys);
    expect(await write(again, "after", "image")).toBe(true);
  }, 30_000);

  it("end with 0 on SIGTERM, one after the other, and come back with their data", async () => {
    for (const { process, client } of members) {
      client.close();
      expect(await process.end("SIGTERM")).toBe(0);
      expect(process.output).toContain("closed etcd server");
      expect(process.output).not.toMatch(/"level":"(error|fatal)"/);
    }
    members = await Promise.all(members.map(({ plan }) => start(plan)));
    for (const member of members) {
      await eventually(async () => (await read(member, "after")) === "image");
    }
  }, 30_000);
});
