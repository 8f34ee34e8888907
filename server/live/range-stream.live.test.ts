// A range in pieces through real sockets: whole for a client that reads, and no further than its
// pipe for one that does not.

import { Client, credentials } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Request } from "../../core/api/request.ts";
import type { RangeStreamResponse } from "../../core/api/request-stream.ts";
import { rangeOf } from "../../core/api/testing.ts";
import type { Bytes } from "../../core/contract.ts";
import { createEtcdClient, type EtcdClient } from "../../net/socket/client.ts";
import { decodeResponse, encodeRequest, pathOf } from "../../net/wire/methods/methods.ts";
import {
  cleanUp,
  type MemberPlan,
  PATIENCE_MS,
  pause,
  planMembers,
  putRequest,
  startMember,
} from "./testing.ts";

const KEYS = 600;
const VALUE = new Uint8Array(20_000).fill(7);
const ALL = rangeOf("k", { rangeEnd: "l" as Bytes });
const asItIs = (message: Buffer): Buffer => message;

let client: EtcdClient;
let raw: Client;

beforeAll(async () => {
  const [plan] = (await planMembers(["one"])) as [MemberPlan];
  await startMember(plan);
  client = createEtcdClient(plan.clientUrl);
  raw = new Client(plan.clientUrl.replace("http://", ""), credentials.createInsecure(), {
    "grpc.max_receive_message_length": -1,
  });
  const keys = Array.from({ length: KEYS }, (_, at) => `k${String(at).padStart(4, "0")}`);
  await Promise.all(keys.map(async (key) => client.call(putRequest(key, VALUE), PATIENCE_MS)));
});

afterAll(async () => {
  client.close();
  raw.close();
  await cleanUp();
});

it("brings every key, in pieces, to a client that pauses", async () => {
  const request: Request = { kind: "range_stream", range: ALL };
  const path = pathOf(request);
  const message = Buffer.from(encodeRequest(request));
  const stream = raw.makeServerStreamRequest(path, asItIs, asItIs, message);
  const pieces: RangeStreamResponse[] = [];
  const ended = new Promise<number>((resolve) => {
    stream.on("status", ({ code }) => resolve(code));
  });
  stream.on("data", (bytes: Buffer) => {
    const decoded = decodeResponse(path, bytes);
    if (decoded.ok && decoded.value.kind === "range_stream") pieces.push(decoded.value);
    if (pieces.length !== 3) return;
    stream.pause();
    void pause(100).then(() => stream.resume());
  });
  expect(await ended).toBe(0);
  const whole = await client.call(ALL, PATIENCE_MS);
  if (!whole.ok || whole.value.kind !== "range") throw new Error("the range itself failed");
  const kvs = pieces.flatMap((piece) => piece.kvs);
  expect(kvs.map(({ key }) => key)).toEqual(whole.value.kvs.map(({ key }) => key));
  expect(pieces[0]?.kvs).toHaveLength(10);
  expect(pieces.length).toBeGreaterThan(5);
  expect(pieces.at(-1)).toMatchObject({ isLast: true, count: KEYS, header: whole.value.header });
});
