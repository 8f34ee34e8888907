// The JSON gateway of a real member, as curl, Patroni and etcd3gw speak to it.

import { request as httpRequest, Agent } from "node:http";
import type { IncomingMessage } from "node:http";
import { connect } from "node:http2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { must } from "../../core/lib/assert.ts";
import { cleanUp, PATIENCE_MS, planMembers, startMember } from "./testing.ts";
import type { MemberProcess } from "./testing.ts";

let url = "";
let member: MemberProcess | null = null;

beforeAll(async () => {
  const [plan] = await planMembers(["alone"]);
  const found = must(plan ?? null, "one was planned");
  url = found.clientUrl;
  member = await startMember(found);
});

afterAll(cleanUp);

type Answer = Readonly<{ status: number; body: unknown }>;

async function post(
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(`${url}${path}`, { method: "POST", body: text, headers });
  const answer = await response.text();
  return { status: response.status, body: answer === "" ? null : JSON.parse(answer) };
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

/** A stream whose client may say more, and reads line by line. */
function openStream(path: string): Readonly<{
  say: (value: unknown) => void;
  end: () => void;
  next: () => Promise<unknown>;
  leave: () => void;
}> {
  const request = httpRequest(`${url}${path}`, { method: "POST" });
  request.on("error", () => {}); // we leave
  const answered = new Promise<IncomingMessage>((resolve) => request.once("response", resolve));
  const lines = answered.then((response) => linesOf(response));
  return {
    say: (value) => void request.write(JSON.stringify(value)),
    end: () => void request.end(),
    next: async () => {
      const { value, done } = await (await lines).next();
      return done === true ? null : (JSON.parse(value) as unknown);
    },
    leave: () => void request.destroy(),
  };
}

async function* linesOf(response: IncomingMessage): AsyncGenerator<string, void> {
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) {
    text += chunk as string;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n")) {
      yield text.slice(0, at);
      text = text.slice(at + 1);
    }
  }
}

describe("the gateway", () => {
  it("takes and gives JSON as etcd's does", async () => {
    const put = await post("/v3/kv/put", { key: base64("k"), value: base64("v") });
    expect(put).toMatchObject({ status: 200, body: { header: { revision: "2" } } });
    const found = await post("/v3beta/kv/range", { key: base64("k") });
    expect(found.body).toMatchObject({
      kvs: [{ key: base64("k"), version: "1", mod_revision: "2", value: base64("v") }],
      count: "1",
    });
    const compare = { key: base64("k"), target: "VERSION", result: "EQUAL", version: 1 };
    const put2 = { requestPut: { key: base64("k"), value: base64("w") } };
    const txn = await post("/v3/kv/txn", { compare: [compare], success: [put2] });
    expect(txn.body).toMatchObject({
      succeeded: true,
      responses: [{ response_put: { header: { revision: "3" } } }],
    });
  });

  it("says in Go's words what is wrong, and in etcd's why a call fails", async () => {
    expect(await post("/v3/kv/range", '{"key":5}')).toEqual({
      status: 400,
      body: { code: 3, message: "proto: (line 1:8): invalid value for bytes field key: 5" },
    });
    expect(await post("/v3/kv/range", {})).toEqual({
      status: 400,
      body: { code: 3, message: "etcdserver: key is not provided" },
    });
    expect(await post("/v3/lease/revoke", { ID: "77" })).toEqual({
      status: 404,
      body: { code: 5, message: "etcdserver: requested lease not found" },
    });
    expect(await post("/v3/nonsense", {})).toEqual({
      status: 404,
      body: { code: 5, message: "Not Found" },
    });
    const large = { key: base64("k"), value: base64("x".repeat(3_000_000)) };
    expect(await post("/v3/kv/put", large)).toEqual({
      status: 429,
      body: { code: 8, message: "grpc: received message larger than max (3000008 vs. 2097152)" },
    });
    const endless = await post("/v3/kv/put", `"${"x".repeat(9_000_000)}"`);
    expect(endless.status).toBe(429);
    expect(await post("/v3/kv/put", "[".repeat(20_000))).toEqual({
      status: 400,
      body: { code: 3, message: "invalid character '[' exceeded max depth" },
    });
  });

  it("lets a client watch, line by line, and say more meanwhile", async () => {
    const watch = openStream("/v3/watch");
    watch.say({ create_request: { key: base64("w") } });
    expect(await watch.next()).toMatchObject({ result: { created: true } });
    await post("/v3/kv/put", { key: base64("w"), value: base64("1") });
    expect(await watch.next()).toMatchObject({
      result: { events: [{ kv: { key: base64("w"), value: base64("1") } }] },
    });
    watch.say({ cancel_request: {} });
    expect(await watch.next()).toMatchObject({ result: { canceled: true } });
    watch.leave();
    const alive = openStream("/v3/lease/keepalive");
    await post("/v3/lease/grant", { ID: 5, TTL: 100 });
    alive.say({ ID: 5 });
    expect(await alive.next()).toMatchObject({ result: { ID: "5", TTL: "100" } });
    alive.say({ ID: 6 });
    alive.end();
    expect(await alive.next()).toMatchObject({ result: { ID: "6" } });
    expect(await alive.next()).toBe(null);
  });

  it("gives a snapshot, and what of a watch is wrong at its end", async () => {
    const snapshot = openStream("/v3/maintenance/snapshot");
    snapshot.end();
    const first = (await snapshot.next()) as { result: { blob: string } };
    expect(Buffer.from(first.result.blob, "base64").length).toBeGreaterThan(1000);
    snapshot.leave();
    const watch = openStream("/v3/watch");
    watch.say({ create_request: { key: base64("w") } });
    await watch.next();
    watch.say({ create_request: { key: 5 } });
    expect(await watch.next()).toEqual({
      error: { code: 3, message: "proto: (line 1:26): invalid value for bytes field key: 5" },
    });
    expect(await watch.next()).toBe(null);
  });

  it("answers what is larger than a piece, as the client makes room for it", async () => {
    const value = base64("x".repeat(500_000));
    for (const name of ["a", "b", "c", "d", "e"]) {
      await post("/v3/kv/put", { key: base64(`large/${name}`), value });
    }
    const range = { key: base64("large/"), range_end: base64("large0") };
    const found = (await post("/v3/kv/range", range)).body as { kvs: { value: string }[] };
    expect(found.kvs.map((kv) => kv.value === value)).toEqual([true, true, true, true, true]);
    const twice = { success: [{ request_range: range }, { request_range: range }] };
    const txn = (await post("/v3/kv/txn", twice)).body as {
      responses: { response_range: { kvs: unknown[]; count: string } }[];
    };
    for (const { response_range: each } of txn.responses) {
      expect(each.kvs).toHaveLength(5);
      expect(each.count).toBe("5");
    }
  });

  it("knows who asks by a token", async () => {
    for (const [path, body] of [
      ["user/add", { name: "root", password: "pw" }],
      ["user/grant", { user: "root", role: "root" }],
      ["role/add", { name: "root" }],
      ["user/grant", { user: "root", role: "root" }],
      ["enable", {}],
    ] as const) {
      await post(`/v3/auth/${path}`, body);
    }
    const range = { key: base64("k") };
    expect(await post("/v3/kv/range", range)).toMatchObject({ status: 400, body: { code: 3 } });
    const login = await post("/v3/auth/authenticate", { name: "root", password: "pw" });
    const { token } = login.body as { token: string };
    expect(await post("/v3/kv/range", range, { authorization: token })).toMatchObject({
      status: 200,
      body: { count: "1" },
    });
    expect(await post("/v3/kv/range", range, { authorization: "nonsense" })).toEqual({
      status: 401,
      body: { code: 16, message: "etcdserver: invalid auth token" },
    });
    expect(await post("/v3/auth/disable", {}, { authorization: token })).toMatchObject({
      status: 200,
    });
  });

  it("serves the same over HTTP/2", async () => {
    const session = connect(url);
    const ask = async (path: string, body: string): Promise<string> => {
      const stream = session.request({ ":method": "POST", ":path": path });
      stream.end(body);
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks).toString("utf8");
    };
    const range = JSON.stringify({ key: base64("large/"), range_end: base64("large0") });
    const [found, alive, wrong] = await Promise.all([
      ask("/v3/kv/range", range),
      ask("/v3/lease/keepalive", '{"ID":1}{"ID":2}'),
      ask("/v3/kv/range", "{"),
    ]);
    expect((JSON.parse(found) as { count: string }).count).toBe("5");
    expect(alive.trim().split("\n")).toHaveLength(2);
    expect(JSON.parse(wrong)).toEqual({ code: 3, message: "unexpected EOF" });
    session.close();
  });

  it("keeps connections, and yet a member stops at once", { timeout: PATIENCE_MS }, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number | undefined>();
    for (let round = 0; round < 3; round++) {
      await new Promise<void>((resolve, reject) => {
        const request = httpRequest(`${url}/v3/kv/range`, { method: "POST", agent });
        request.on("error", reject).on("response", (response) => {
          ports.add(request.socket?.localPort);
          response.resume().once("end", resolve);
        });
        request.end(JSON.stringify({ key: base64("k") }));
      });
    }
    expect(ports.size).toBe(1);
    const running = must(member, "it runs");
    expect(await running.end("SIGTERM")).toBe("SIGTERM");
    agent.destroy();
  });
});
