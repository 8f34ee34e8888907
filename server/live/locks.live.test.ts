// Locks and elections on three members: through the services, and as etcdctl makes them by itself.

import { Client, credentials } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Request, Response } from "../../core/api/request.ts";
import { key, rangeOf, value } from "../../core/api/testing.ts";
import type { LeaseId } from "../../core/contract.ts";
import { prefixEnd } from "../../core/lib/bytes.ts";
import { createEtcdClient, type EtcdClient } from "../../net/socket/client.ts";
import { decodeResponse, encodeRequest, pathOf } from "../../net/wire/methods/methods.ts";
import {
  cleanUp,
  etcdctl,
  eventually,
  HAS_ETCDCTL,
  PATIENCE_MS,
  planMembers,
  spawnEtcdctl,
  startMember,
} from "./testing.ts";

const skipReason = HAS_ETCDCTL ? "" : " (skipped: etcdctl is not installed)";
const asItIs = (message: Buffer): Buffer => message;

let clients: EtcdClient[] = [];
let raw: Client;
let endpoints: string[] = [];

beforeAll(async () => {
  const plans = await planMembers(["one", "two", "three"]);
  await Promise.all(plans.map((plan) => startMember(plan)));
  endpoints = plans.map(({ clientUrl }) => clientUrl.replace("http://", ""));
  clients = endpoints.map((url) => createEtcdClient(url));
  raw = new Client(endpoints[2] as string, credentials.createInsecure());
});

afterAll(async () => {
  for (const client of [...clients, raw]) client.close();
  await cleanUp();
});

async function call(at: number, request: Request, timeoutMs = PATIENCE_MS): Promise<Response> {
  const result = await (clients[at] as EtcdClient).call(request, timeoutMs);
  if (!result.ok) throw new Error(`${result.error.code} ${result.error.message}`);
  return result.value;
}

async function grant(id: bigint): Promise<LeaseId> {
  await call(0, { kind: "lease_grant", id: id as LeaseId, ttlSeconds: 60 });
  return id as LeaseId;
}

async function keysBelow(prefix: string): Promise<readonly string[]> {
  const found = await call(0, rangeOf(prefix, { rangeEnd: prefixEnd(key(prefix)) ?? key("") }));
  return found.kind === "range" ? found.kvs.map((kv) => kv.key) : [];
}

/** As it is on the wire: our own client knows errors by their words. */
function statusOf(request: Request): Promise<string> {
  return new Promise((resolve) => {
    const message = Buffer.from(encodeRequest(request));
    raw.makeUnaryRequest(pathOf(request), asItIs, asItIs, message, (error) => {
      resolve(`${error?.code} ${error?.details}`);
    });
  });
}

describe("the lock service", () => {
  it("lets one in after the other, on any member", async () => {
    const [first, second, third] = [await grant(0xa1n), await grant(0xa2n), await grant(0xa3n)];
    const name = key("job");
    expect(await call(0, { kind: "lock", name, lease: first })).toMatchObject({ key: "job/a1" });
    const order: string[] = [];
    const waiting = [second, third].map(async (lease, at) => {
      const locked = await call(at + 1, { kind: "lock", name, lease });
      if (locked.kind === "lock") order.push(locked.key);
      await call(0, { kind: "unlock", key: key(`job/a${at + 2}`) });
    });
    await call(0, { kind: "unlock", key: key("job/a1") });
    await Promise.all(waiting);
    expect(order.toSorted()).toEqual(["job/a2", "job/a3"]);
  });

  it("leaves no key of a client that gives up", async () => {
    const [holder, waiter] = [await grant(0xb1n), await grant(0xb2n)];
    const name = key("left");
    await call(0, { kind: "lock", name, lease: holder });
    await expect(call(1, { kind: "lock", name, lease: waiter }, 300)).rejects.toThrow("4 ");
    await eventually(async () => (await keysBelow("left/")).join(" ") === "left/b1");
  });

  it("says what went wrong as etcd does: in words, by an unknown code", async () => {
    const name = key("bad");
    const unknown = await statusOf({ kind: "lock", name, lease: 0x99n as LeaseId });
    expect(unknown).toBe("2 etcdserver: requested lease not found");
    expect(await statusOf({ kind: "unlock", key: key("") })).toBe(
      "2 etcdserver: key is not provided",
    );
    expect(await statusOf({ kind: "leader", name })).toBe("2 election: no leader");
    expect(await statusOf({ kind: "resign", leader: null })).toBe(
      '2 "leader" field must be provided',
    );
  });
});

describe("the election service", () => {
  it("tells those who observe of each leader, and of what it says", async () => {
    const [first, second] = [await grant(0xe1n), await grant(0xe2n)];
    const name = key("boss");
    const observe: Request = { kind: "observe", name };
    const path = pathOf(observe);
    const told: string[] = [];
    const stream = raw.makeServerStreamRequest(
      path,
      asItIs,
      asItIs,
      Buffer.from(encodeRequest(observe)),
    );
    stream.on("error", () => undefined); // it is left
    stream.on("data", (message: Buffer) => {
      const decoded = decodeResponse(path, message);
      if (!decoded.ok || decoded.value.kind !== "observe") return;
      const { kv } = decoded.value;
      told.push(`${kv.key}=${new TextDecoder().decode(kv.value)}`);
    });
    const won = await call(0, { kind: "campaign", name, lease: first, value: value("one") });
    if (won.kind !== "campaign") throw new Error(won.kind);
    await eventually(() => told.length === 1);
    const next = call(1, { kind: "campaign", name, lease: second, value: value("two") });
    await call(2, { kind: "proclaim", leader: won.leader, value: value("uno") });
    await eventually(() => told.length === 2);
    await call(2, { kind: "resign", leader: won.leader });
    await next;
    await eventually(() => told.length === 3);
    expect(told).toEqual(["boss/e1=one", "boss/e1=uno", "boss/e2=two"]);
    stream.cancel();
  });
});

describe.skipIf(!HAS_ETCDCTL)(`etcdctl${skipReason}`, () => {
  it("locks around a command, by its own recipe", async () => {
    const done = await etcdctl(endpoints, ["lock", "ctl", "echo", "inside"]);
    expect(done).toMatchObject({ code: 0, stdout: "inside\n" });
  });

  it("is elected, and listens", async () => {
    const listener = spawnEtcdctl(endpoints, ["elect", "-l", "ctl"]);
    let heard = "";
    listener.stdout.setEncoding("utf8").on("data", (text: string) => (heard += text));
    const candidate = spawnEtcdctl(endpoints, ["elect", "ctl", "me"]);
    await eventually(() => /^ctl\/[0-9a-f]+\nme\n/.test(heard));
    candidate.kill("SIGINT");
    listener.kill("SIGKILL");
  });
});
