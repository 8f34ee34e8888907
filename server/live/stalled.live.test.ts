// Watchers that do not read cost a member next to nothing, and its other clients nothing at all:
// what they were not told yet is in the store, not in memory.

import { once } from "node:events";
import { connect } from "node:http2";
import type { ClientHttp2Session } from "node:http2";
import { afterAll, describe, expect, it } from "vitest";
import { key, putOf, txnOf, watchOf } from "../../core/api/testing.ts";
import type { WatchRequest } from "../../core/api/request.ts";
import { must } from "../../core/lib/assert.ts";
import { createEtcdClient } from "../../net/socket/client.ts";
import { encodeRequest, pathOf } from "../../net/wire/methods/methods.ts";
import { cleanUp, PATIENCE_MS, planMembers, startMember } from "./testing.ts";

const WATCHERS = 50;
const ROUNDS = 20;
const VALUE = "x".repeat(4000); // what is larger is shared by all who are told
const ROUND_BYTES = 100 * VALUE.length;
/** A queue for each watcher would be 400 MB. */
const GROWTH_BYTES_MAX = (WATCHERS * ROUNDS * ROUND_BYTES) / 2;
const HEAP = ["env", "NODE_OPTIONS=--max-old-space-size=96"];

describe("watchers that do not read", () => {
  afterAll(cleanUp);

  it("let a member with little memory live", { timeout: 2 * PATIENCE_MS }, async () => {
    const [found] = await planMembers(["alone"]);
    const plan = must(found ?? null, "one was planned");
    const member = await startMember(plan, [], HEAP);
    const client = createEtcdClient(plan.clientUrl);
    const puts = Array.from({ length: 100 }, (_, at) => putOf(`w/${at}`, VALUE));
    expect(await client.call(txnOf([], puts), PATIENCE_MS)).toMatchObject({ ok: true });
    const sessions = await Promise.all(
      Array.from({ length: WATCHERS }, () => stalledWatcher(plan.clientUrl)),
    );
    const before = await residentBytes(plan.clientUrl);
    for (let round = 0; round < ROUNDS; round++) {
      expect(await client.call(txnOf([], puts), PATIENCE_MS)).toMatchObject({ ok: true });
    }
    const growth = (await residentBytes(plan.clientUrl)) - before;
    expect(growth).toBeLessThan(GROWTH_BYTES_MAX);
    for (const session of sessions) session.destroy();
    client.close();
    expect(await member.end("SIGTERM")).toBe("SIGTERM");
  });
});

/** It reads that it is a watcher, and nothing more. */
async function stalledWatcher(url: string): Promise<ClientHttp2Session> {
  const session = connect(url);
  session.on("error", () => undefined); // it is destroyed, or the member is
  const request: WatchRequest = { kind: "watch", ask: watchOf(key("w/"), key("w0")) };
  const fields = { ":method": "POST", "content-type": "application/grpc", te: "trailers" };
  const stream = session.request({ ...fields, ":path": pathOf(request) });
  stream.on("error", () => undefined);
  const message = encodeRequest(request);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  stream.write(Buffer.concat([prefix, message]));
  await once(stream, "data");
  stream.pause();
  return session;
}

async function residentBytes(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const [, bytes] = /^process_resident_memory_bytes (\S+)/m.exec(metrics) ?? [];
  return Number(must(bytes ?? null, "a member says how much memory it takes"));
}
