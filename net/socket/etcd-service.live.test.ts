// The client port on real sockets: our own client, the real etcdctl, and clients that mean no good.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { connect } from "node:net";
import { promisify } from "node:util";
import { Client, credentials, status } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import { ERRORS } from "../../core/api/errors.ts";
import type { Request, Response } from "../../core/api/request.ts";
import type { Bytes, ClusterId, NodeId, Result } from "../../core/contract.ts";
import { EMPTY, fromText, toBytes } from "../../core/lib/bytes.ts";
import { createEtcdClient } from "./client.ts";
import type { EtcdClient } from "./client.ts";
import { serveEtcd } from "./etcd-service.ts";
import type { EtcdListener } from "./etcd-service.ts";
import { hostAndPort } from "./listen.ts";

const run = promisify(execFile);
const ETCDCTL = "/usr/bin/etcdctl";
const MAX_REQUEST_BYTES = 1.5 * 1024 * 1024;

const HEADER = {
  clusterId: 0xcdf818194e3a8c32n as ClusterId,
  memberId: 0x8e9e05c52164694dn as NodeId,
  revision: 7,
  raftTerm: 2,
};
const PUT: Request = {
  kind: "put",
  key: "a" as Bytes,
  value: new Uint8Array([1, 2, 3]),
  lease: 0n,
  prevKv: false,
  ignoreValue: false,
  ignoreLease: false,
};

type Reply = (result: Result<Response>) => void;
type Opened = { request: Request; timeoutMs: number | null; reply: Reply; cancelled: boolean };

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

describe("the client port", () => {
  it("hands a call to the sink and its answer to the client", async () => {
    const { client } = await serveAndConnect((call) => {
      expect(call.request).toEqual(PUT);
      call.reply({ ok: true, value: { kind: "put", header: HEADER, prevKv: null } });
    });
    const answer = await client.call(PUT, 5000);
    expect(answer).toEqual({ ok: true, value: { kind: "put", header: HEADER, prevKv: null } });
  });

  it("answers in any order what came in one", async () => {
    const calls: Opened[] = [];
    const { client } = await serveAndConnect((call) => {
      calls.push(call);
      if (calls.length < 3) return;
      for (const { request, reply } of calls.toReversed()) reply(answerOf(request));
    });
    const keys = ["x", "y", "z"];
    const answers = await Promise.all(keys.map((key) => client.call(range(key), 5000)));
    expect(answers).toEqual(keys.map((key) => answerOf(range(key))));
  });

  it("carries an error by its code and words, from which the client regains it", async () => {
    const { client } = await serveAndConnect((call) => {
      call.reply({ ok: false, error: ERRORS.TooManyOps });
    });
    expect(await client.call(PUT, 5000)).toEqual({ ok: false, error: ERRORS.TooManyOps });
  });

  it("passes the client's deadline on, and null where there is none", async () => {
    const seen: (number | null)[] = [];
    const { client, listener } = await serveAndConnect((call) => {
      seen.push(call.timeoutMs);
      call.reply({ ok: false, error: ERRORS.NoLeader });
    });
    await client.call(PUT, 60_000);
    await rawCall(listener, "/etcdserverpb.KV/Put", Buffer.alloc(0));
    expect(seen[0]).toBeGreaterThan(50_000);
    expect(seen[0]).toBeLessThanOrEqual(60_000);
    expect(seen[1]).toBeNull();
  });

  it("tells the sink when the client no longer waits, and drops a late reply", async () => {
    const { promise, resolve } = Promise.withResolvers<Opened>();
    const { client } = await serveAndConnect(() => {}, resolve);
    const answer = await client.call(PUT, 50);
    expect(answer).toMatchObject({ ok: false, error: { definite: false } });
    const call = await promise;
    call.reply({ ok: false, error: ERRORS.NoLeader });
    expect(call.cancelled).toBe(true);
  });

  it("does not cancel a call that was answered", async () => {
    const opened: Opened[] = [];
    const { client } = await serveAndConnect((call) => {
      opened.push(call);
      call.reply({ ok: false, error: ERRORS.NoLeader });
    });
    await client.call(PUT, 5000);
    await client.call(PUT, 5000);
    expect(opened.map((call) => call.cancelled)).toEqual([false, false]);
  });

  it("refuses unknown services and methods at once and in etcd's words", async () => {
    const { listener } = await serveAndConnect(() => {});
    const nothing = Buffer.alloc(0);
    expect(await rawCall(listener, "/etcdserverpb.KV/Compact", nothing)).toEqual([
      status.UNIMPLEMENTED,
      "unknown method Compact for service etcdserverpb.KV",
    ]);
    expect(await rawCall(listener, "/some.Other/Thing", nothing)).toEqual([
      status.UNIMPLEMENTED,
      "unknown service some.Other",
    ]);
    expect(await openStream(listener, "/etcdserverpb.Watch/Watch")).toEqual([
      status.UNIMPLEMENTED,
      "unknown method Watch for service etcdserverpb.Watch",
    ]);
  });

  it("refuses bytes that are no message", async () => {
    const { listener } = await serveAndConnect(() => {});
    const [code, words] = await rawCall(listener, "/etcdserverpb.KV/Put", Buffer.from([0xff]));
    expect(code).toBe(status.INTERNAL);
    expect(words).toContain("cannot parse invalid wire-format data");
  });

  it("refuses a message above the limit with grpc-go's words", async () => {
    const { listener } = await serveAndConnect(() => {});
    const big = Buffer.alloc(3_000_008);
    expect(await rawCall(listener, "/etcdserverpb.KV/Put", big)).toEqual([
      status.RESOURCE_EXHAUSTED,
      "grpc: received message larger than max (3000008 vs. 2097152)",
    ]);
    const absurd = Buffer.alloc(5_000_000);
    const [code] = await rawCall(listener, "/etcdserverpb.KV/Put", absurd);
    expect(code).toBe(status.RESOURCE_EXHAUSTED);
  });

  it("survives a client that speaks no HTTP/2", async () => {
    const { client, listener } = await serveAndConnect((call) =>
      call.reply(answerOf(call.request)),
    );
    const { host, port } = hostAndPort(listener.urls[0] as string);
    await new Promise((resolve) => {
      const socket = connect(port, host, () => socket.write("GET / HTTP/1.1\r\n\r\n garbage"));
      socket.on("error", () => {});
      socket.on("close", resolve);
      socket.resume();
    });
    expect((await client.call(range("k"), 5000)).ok).toBe(true);
  });

  it("listens on several URLs, and says which one it cannot have", async () => {
    const { listener } = await serveAndConnect(() => {}, undefined, 2);
    expect(listener.urls).toHaveLength(2);
    await expect(serveQuietly("http://127.0.0.1:0", listener.urls[1] as string)).rejects.toThrow(
      `cannot listen on ${listener.urls[1]}: another process uses this port (find it: ss -ltnp)`,
    );
  });

  it("listens where Go would for localhost", async () => {
    const listener = await serveQuietly("http://localhost:0");
    cleanups.push(() => listener.close(0));
    const { port } = hostAndPort(listener.urls[0] as string);
    const socket = connect(port, "127.0.0.1");
    await new Promise((resolve) => socket.once("connect", resolve));
    socket.destroy();
  });

  it("lets running calls end when it closes, and cuts those that do not", async () => {
    const arrived = Promise.withResolvers<Opened>();
    const { client, listener } = await serveAndConnect((call) => arrived.resolve(call));
    const answer = client.call(PUT, 60_000);
    const call = await arrived.promise;
    const closing = listener.close(60_000);
    call.reply(answerOf(PUT));
    await answer;
    await closing;

    const second = await serveAndConnect(() => {});
    const cut = second.client.call(PUT, 60_000);
    await second.opened;
    await second.listener.close(0);
    expect(await cut).toMatchObject({ ok: false, error: { definite: false } });
  });
});

describe.skipIf(!existsSync(ETCDCTL))("etcdctl against the client port", () => {
  it("reads, writes and lists", async () => {
    const { listener } = await serveAndConnect((call) => call.reply(answerOf(call.request)));
    const etcdctl = async (...words: string[]): Promise<string> => {
      const args = ["--endpoints", listener.urls[0] as string, ...words];
      const { stdout } = await run(ETCDCTL, args, { env: { ETCDCTL_API: "3" } });
      return stdout;
    };
    expect(await etcdctl("put", "a", "1")).toBe("OK\n");
    expect(await etcdctl("get", "köy")).toBe("köy\nvalue\n");
    expect(await etcdctl("del", "a")).toBe("1\n");
    expect(await etcdctl("member", "list")).toBe(
      "8e9e05c52164694d, started, n1, http://p:2380, http://c:2379, false\n",
    );
    expect(await etcdctl("endpoint", "status")).toContain("8e9e05c52164694d, 3.6.0, 25 kB");
    expect(await etcdctl("endpoint", "health")).toBe("");
  });
});

async function serveAndConnect(
  onCall: (call: Opened) => void,
  onCancel?: (call: Opened) => void,
  urls = 1,
): Promise<{ client: EtcdClient; listener: EtcdListener; opened: Promise<void> }> {
  const opened = Promise.withResolvers<void>();
  const listener = await serveEtcd({
    urls: Array.from({ length: urls }, () => "http://127.0.0.1:0"),
    maxRequestBytes: MAX_REQUEST_BYTES,
    sink: {
      open: (request, timeoutMs, reply) => {
        const call: Opened = { request, timeoutMs, reply, cancelled: false };
        opened.resolve();
        onCall(call);
        return () => {
          call.cancelled = true;
          onCancel?.(call);
        };
      },
    },
    log: () => {},
  });
  const client = createEtcdClient(listener.urls[0] as string);
  cleanups.push(() => listener.close(0));
  cleanups.push(() => client.close());
  return { client, listener, opened: opened.promise };
}

function serveQuietly(...urls: string[]): Promise<EtcdListener> {
  const sink = { open: () => () => {} };
  return serveEtcd({ urls, sink, maxRequestBytes: MAX_REQUEST_BYTES, log: () => {} });
}

function connectRaw(listener: EtcdListener): Client {
  const { host, port } = hostAndPort(listener.urls[0] as string);
  const client = new Client(`${host}:${port}`, credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
  });
  cleanups.push(() => client.close());
  return client;
}

function rawCall(listener: EtcdListener, path: string, message: Buffer): Promise<Status> {
  return new Promise((resolve) => {
    const done = (error: ServiceError | null): void => resolve(statusOf(error));
    connectRaw(listener).makeUnaryRequest(path, asItIs, asItIs, message, done);
  });
}

/** A stream whose client never says that it has no more to send. */
function openStream(listener: EtcdListener, path: string): Promise<Status> {
  return new Promise((resolve) => {
    const stream = connectRaw(listener).makeBidiStreamRequest(path, asItIs, asItIs);
    stream.on("error", (error: ServiceError) => resolve(statusOf(error)));
    stream.on("data", () => {});
    stream.write(Buffer.from([1]));
  });
}

type Status = readonly [code: number, words: string];

function statusOf(error: ServiceError | null): Status {
  return error === null ? [0, ""] : [error.code, error.details];
}

function asItIs(message: Buffer): Buffer {
  return message;
}

function range(key: string): Request {
  return {
    kind: "range",
    key: fromText(key),
    rangeEnd: EMPTY,
    limit: 0,
    revision: 0,
    sortOrder: "none",
    sortTarget: "key",
    serializable: false,
    keysOnly: false,
    countOnly: false,
    minModRevision: 0,
    maxModRevision: 0,
    minCreateRevision: 0,
    maxCreateRevision: 0,
  };
}

function answerOf(request: Request): Result<Response> {
  switch (request.kind) {
    case "range":
      return { ok: true, value: rangeOf(request.key) };
    case "put":
      return { ok: true, value: { kind: "put", header: HEADER, prevKv: null } };
    case "delete_range":
      return {
        ok: true,
        value: { kind: "delete_range", header: HEADER, deleted: 1, prevKvs: [] },
      };
    case "member_list": {
      const member = { id: HEADER.memberId, name: "n1" };
      const members = [{ ...member, peerUrls: ["http://p:2380"], clientUrls: ["http://c:2379"] }];
      return { ok: true, value: { kind: "member_list", header: HEADER, members } };
    }
    case "status":
      return {
        ok: true,
        value: {
          kind: "status",
          header: HEADER,
          version: "3.6.0",
          dbSize: 24_576,
          dbSizeInUse: 24_576,
          leader: HEADER.memberId,
          raftIndex: 9,
          raftTerm: 2,
          raftAppliedIndex: 9,
          errors: [],
        },
      };
    case "alarm_get":
      return { ok: true, value: { kind: "alarm_get", header: HEADER } };
    default:
      return { ok: false, error: ERRORS.NoLeader };
  }
}

function rangeOf(key: Bytes): Response {
  const value = toBytes(fromText("value"));
  const kv = { key, createRevision: 2, modRevision: 3, version: 2, value, lease: 0n };
  return { kind: "range", header: HEADER, kvs: [kv], more: false, count: 1 };
}
