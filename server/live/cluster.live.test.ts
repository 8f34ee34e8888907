// Three members as real processes: any of them answers, and the death of the leader loses nothing.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RangeRequest } from "../../core/api/request.ts";
import { rangeOf } from "../../core/api/testing.ts";
import type { Bytes, NodeId } from "../../core/contract.ts";
import type { EtcdClient } from "../../net/socket/client.ts";
import type { Running } from "./testing.ts";
import {
  cleanUp,
  eventually,
  leads,
  PATIENCE_MS,
  pause,
  planMembers,
  putRequest,
  startRunning,
} from "./testing.ts";

const FLAGS = [
  "--snapshot-count=100",
  "--snapshot-catchup-entries=100",
  "--heartbeat-interval=50",
  "--election-timeout=500",
];
let members: Running[] = [];

beforeAll(async () => {
  const plans = await planMembers(["infra1", "infra2", "infra3"]);
  members = await Promise.all(plans.map((plan) => startRunning(plan, FLAGS)));
});

afterAll(async () => {
  for (const { client } of members) client.close();
  await cleanUp();
});

async function write(member: Running, key: string, timeoutMs = PATIENCE_MS): Promise<boolean> {
  return (await member.client.call(putRequest(key, Buffer.from(key)), timeoutMs)).ok;
}

/** As a client that tries again, while leaders change. */
async function writeAtLast(member: Running, key: string): Promise<void> {
  await eventually(() => write(member, key));
}

/** Null: the call failed, or there is no such key. */
async function read(
  member: Running,
  key: string,
  more: Partial<RangeRequest> = {},
): Promise<string | null> {
  const result = await member.client.call(rangeOf(key, more), PATIENCE_MS);
  if (!result.ok || result.value.kind !== "range") return null;
  const value = result.value.kvs[0]?.value;
  return value === undefined ? null : Buffer.from(value).toString();
}

/** Those that a member does not show, each with itself as its value. */
async function missingAt(
  member: Running,
  keys: readonly string[],
  more: Partial<RangeRequest> = {},
): Promise<readonly string[]> {
  const all = rangeOf("\0", { rangeEnd: "\0" as Bytes, ...more });
  const result = await member.client.call(all, PATIENCE_MS);
  if (!result.ok || result.value.kind !== "range") throw new Error(JSON.stringify(result));
  const found = new Map(
    result.value.kvs.map(({ key, value }): [string, string] => [
      key,
      Buffer.from(value).toString(),
    ]),
  );
  return keys.filter((key) => found.get(key) !== key);
}

async function idOf(member: Running): Promise<bigint> {
  const result = await member.client.call({ kind: "status" }, PATIENCE_MS);
  return result.ok && result.value.kind === "status" ? result.value.header.memberId : 0n;
}

function move(from: Running, to: bigint): ReturnType<EtcdClient["call"]> {
  return from.client.call({ kind: "move_leader", targetId: to as NodeId }, PATIENCE_MS);
}

/** Waits until one of them leads. */
async function leaderOf(candidates: readonly Running[]): Promise<Running> {
  let leader: Running | undefined;
  await eventually(async () => {
    const isLeader = await Promise.all(candidates.map(({ client }) => leads(client)));
    leader = candidates[isLeader.indexOf(true)];
    return leader !== undefined;
  });
  return leader as Running;
}

describe("three members", () => {
  it("agree on one leader", async () => {
    await eventually(async () => {
      const answers = await Promise.all(
        members.map(({ client }) => client.call({ kind: "status" }, PATIENCE_MS)),
      );
      const found = answers.flatMap((each) =>
        each.ok && each.value.kind === "status" ? [each.value] : [],
      );
      const leaders = new Set(found.map(({ leader }) => leader));
      const ids = new Set(found.map(({ header }) => header.memberId));
      return ids.size === 3 && leaders.size === 1 && [...leaders].every((id) => ids.has(id));
    });
  });

  it("hand the leadership over to whoever is named, and to voters alone", async () => {
    const leader = await leaderOf(members);
    const target = members.find((member) => member !== leader) as Running;
    const targetId = await idOf(target);
    expect(await move(target, targetId)).toMatchObject({ error: { name: "NotLeader" } });
    expect(await move(leader, 1n)).toMatchObject({ error: { name: "BadLeaderTransferee" } });
    expect(await move(leader, targetId)).toMatchObject({ ok: true });
    expect(await leaderOf(members)).toBe(target);
  });

  it("take a write anywhere, and show it everywhere at once", async () => {
    for (const [at, writer] of members.entries()) {
      const key = `any/${at}`;
      await writeAtLast(writer, key);
      expect(await Promise.all(members.map((member) => read(member, key)))).toEqual([
        key,
        key,
        key,
      ]);
    }
  });

  it("lose nothing that was acknowledged when the leader is killed under load", async () => {
    const killed = await leaderOf(members);
    const others = members.filter((member) => member !== killed);
    const acknowledged: string[] = [];
    const load = { isOn: true };
    const writers = [...members, ...members, ...members].map(async (member, writer) => {
      for (let at = 0; load.isOn; at++) {
        const key = `load/${writer}/${at}`;
        if (await write(member, key, 500)) acknowledged.push(key);
        else await pause(20); // whoever is dead refuses at once, a dead leader never answers
      }
    });
    await eventually(() => acknowledged.length > 200);
    await killed.process.end("SIGKILL");
    const before = acknowledged.length;
    await leaderOf(others);
    await eventually(() => acknowledged.length > before + 200);
    load.isOn = false;
    await Promise.all(writers);
    for (const member of others) expect(await missingAt(member, acknowledged)).toEqual([]);
    killed.client.close();
    const rejoined = await startRunning(killed.plan, FLAGS);
    members[members.indexOf(killed)] = rejoined;
    await eventually(async () => (await read(rejoined, acknowledged.at(-1) as string)) !== null);
    expect(await missingAt(rejoined, acknowledged, { serializable: true })).toEqual([]);
    await writeAtLast(rejoined, "rejoined");
  });

  it("bring a member that is too far behind for the log up to date with an image", async () => {
    const leader = await leaderOf(members);
    const [behind, other] = members.filter((member) => member !== leader) as [Running, Running];
    behind.client.close();
    await behind.process.end("SIGKILL");
    const keys = Array.from({ length: 500 }, (_, at) => `behind/${at}`);
    await Promise.all(keys.map((key) => writeAtLast(other, key)));
    const again = await startRunning(behind.plan, FLAGS);
    members[members.indexOf(behind)] = again;
    await again.process.says('"msg":"applied snapshot"');
    const here = { serializable: true };
    await eventually(async () => (await read(again, keys.at(-1) as string, here)) !== null);
    expect(await missingAt(again, keys, here)).toEqual([]);
    await writeAtLast(again, "after");
  });

  it("end by the SIGTERM that they were sent, one after the other, and come back with their data", async () => {
    for (const { process, client } of members) {
      client.close();
      expect(await process.end("SIGTERM")).toBe("SIGTERM");
      expect(process.output).toContain("closed etcd server");
      expect(process.output).not.toMatch(/"level":"(error|fatal)"/);
    }
    members = await Promise.all(members.map(({ plan }) => startRunning(plan, FLAGS)));
    for (const member of members) {
      await eventually(async () => (await read(member, "after")) === "after");
    }
  });
});
