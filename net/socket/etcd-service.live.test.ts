// The client port on real sockets: our own client, the real etcdctl, and clients that mean no good.

import { execFile, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { connect as connectHttp2, constants } from "node:http2";
import type { ClientHttp2Session, IncomingHttpHeaders } from "node:http2";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { promisify } from "node:util";
import { Client, credentials, status } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import { ERRORS } from "../../core/api/errors.ts";
import type { Request, Response } from "../../core/api/request.ts";
import { putOf, rangeOf } from "../../core/api/testing.ts";
import type { Bytes, ClusterId, NodeId, Result } from "../../core/contract.ts";
import { fromText, toBytes } from "../../core/lib/bytes.ts";
import { SETTING } from "../http2/frames.ts";
import { STREAMS_UNLIMITED } from "../http2/settings.ts";
import { concat, lineOf, MadeClient, message as framed, REQUEST } from "../http2/testing.ts";
import { encodeRequest } from "../wire/methods/methods.ts";
import { createEtcdClient } from "./client.ts";
import type { EtcdClient } from "./client.ts";
import { createEtcdService } from "./etcd-service.ts";
import type { CallMeter } from "./call-meter.ts";
import type { EtcdServiceOptions } from "./etcd-service.ts";
import { PLAIN } from "./http/pages.ts";
import type { Page, Pages } from "./http/pages.ts";
import { hostAndPort } from "./address.ts";
import { NO_PARTS } from "../wire/methods/answer-parts.ts";

const run = promisify(execFile);
const ETCDCTL = "etcdctl";
const MAX_REQUEST_BYTES = 1.5 * 1024 * 1024;
const PATIENCE_MS = 60_000;

const HEADER = {
  clusterId: 0xcdf818194e3a8c32n as ClusterId,
  memberId: 0x8e9e05c52164694dn as NodeId,
  revision: 7,
  raftTerm: 2,
};
const PUT = putOf("a", "123");
const WATCH = "/etcdserverpb.Watch/Watch";

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
    const answer = await client.call(PUT, PATIENCE_MS);
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
    const answers = await Promise.all(keys.map((key) => client.call(rangeOf(key), PATIENCE_MS)));
    expect(answers).toEqual(keys.map((key) => answerOf(rangeOf(key))));
  });

  it("carries an error by its code and words, from which the client regains it", async () => {
    const { client } = await serveAndConnect((call) => {
      call.reply({ ok: false, error: ERRORS.TooManyOps });
    });
    expect(await client.call(PUT, PATIENCE_MS)).toEqual({ ok: false, error: ERRORS.TooManyOps });
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
    const answer = await client.call(PUT, 300);
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
    await client.call(PUT, PATIENCE_MS);
    await client.call(PUT, PATIENCE_MS);
    expect(opened.map((call) => call.cancelled)).toEqual([false, false]);
  });

  it("refuses unknown services and methods at once and in etcd's words", async () => {
    const { listener } = await serveAndConnect(() => {});
    const nothing = Buffer.alloc(0);
    expect(await rawCall(listener, "/etcdserverpb.KV/Swap", nothing)).toEqual([
      status.UNIMPLEMENTED,
      "unknown method Swap for service etcdserverpb.KV",
    ]);
    expect(await rawCall(listener, "/some.Other/Thing", nothing)).toEqual([
      status.UNIMPLEMENTED,
      "unknown service some.Other",
    ]);
    expect(await openStream(listener, "/etcdserverpb.Watch/Listen")).toEqual([
      status.UNIMPLEMENTED,
      "unknown method Listen for service etcdserverpb.Watch",
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

  it("shows its pages to a client of HTTP/1, in whatever pieces it asks", async () => {
    const { client, listener } = await serveAndConnect((call) =>
      call.reply(answerOf(call.request)),
    );
    const head = "HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    const shown = await sayRaw(listener, "G", `ET /page?x=1 ${head}`);
    expect(shown).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(shown).toMatch(/\r\n\r\na page\n$/);
    expect(await sayRaw(listener, "P", `OST /page ${head}`)).toMatch(
      /^HTTP\/1.1 405 [^]*Allow: GET/,
    );
    expect(await sayRaw(listener, `GET /broken ${head}`)).toMatch(/^HTTP\/1.1 500 /);
    const strange = [[`GET / ${head} garbage`], ["P", `OST / ${head}`], [`GET // ${head}`]];
    for (const pieces of strange) {
      const heard = await sayRaw(listener, ...pieces);
      expect(heard).toMatch(/^HTTP\/1.1 404 Not Found\r\n/);
      expect(heard).toMatch(/\r\n\r\n404 page not found\n$/);
    }
    expect(await sayRaw(listener, "\x16\x03\x01 hello")).toContain("use http://");
    expect((await client.call(rangeOf("k"), PATIENCE_MS)).ok).toBe(true);
  });

  it("says goodbye to a client that breaks the protocol, and cancels its calls", async () => {
    const cancelled = Promise.withResolvers<Opened>();
    const { listener, opened } = await serveAndConnect(() => {}, cancelled.resolve);
    const made = new MadeClient();
    const body = framed(encodeRequest(PUT));
    const request = concat(made.hello(), made.headers(1), made.data(1, body, true));
    const socket = dial(listener);
    const said: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => said.push(chunk));
    socket.write(request);
    await opened;
    socket.write(made.headers(2));
    await new Promise((resolve) => socket.once("close", resolve));
    expect((await cancelled.promise).request).toEqual(PUT);
    expect(made.read(said).map(lineOf).at(-1)).toBe("GOAWAY 0 1");
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

  it("takes and gives values of megabytes", async () => {
    const value = randomBytes(1_500_000);
    const { client, listener } = await serveAndConnect(({ request, reply }) => {
      const kept = request.kind === "put" ? request.value : value;
      reply({ ok: true, value: foundOf(fromText("k"), kept) });
    });
    const kept = await client.call(rangeOf("k"), PATIENCE_MS);
    const [kv] = kept.ok && kept.value.kind === "range" ? kept.value.kvs : [];
    expect(Buffer.compare(kv?.value ?? Buffer.alloc(0), value)).toBe(0);
    const session = http2(listener);
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => post(session, "/etcdserverpb.KV/Put", { ...PUT, value })),
    );
    for (const answer of answers) {
      expect(answer.trailers["grpc-status"]).toBe("0");
      expect(answer.body.includes(value)).toBe(true);
    }
  });

  it("keeps hundreds of calls on one connection apart", async () => {
    const calls: Opened[] = [];
    const { listener } = await serveAndConnect((call) => {
      calls.push(call);
      if (calls.length < 300) return;
      for (const { request, reply } of calls.toReversed()) reply(answerOf(request));
    });
    const session = http2(listener);
    const keys = Array.from({ length: 300 }, (_, at) => `key-${at}`);
    const answers = await Promise.all(
      keys.map((key) => post(session, "/etcdserverpb.KV/Range", rangeOf(key))),
    );
    answers.forEach(({ headers, body, trailers }, at) => {
      expect(headers[":status"]).toBe(200);
      expect(body.includes(keys[at] as string)).toBe(true);
      expect(trailers["grpc-status"]).toBe("0");
    });
  });

  it("serves thousands of streams on one connection, and other calls beside them", async () => {
    const { listener } = await serveAndConnect(({ request, reply }) => reply(answerOf(request)));
    const made = new MadeClient();
    const socket = dial(listener);
    socket.write(made.hello());
    const watch = framed(encodeRequest({ kind: "watch", ask: { kind: "nothing" } }));
    const path = REQUEST.map(([name, value]) => [name, name === ":path" ? WATCH : value] as const);
    const last = 2 * 20_000 + 1;
    for (let stream = 1; stream < last; stream += 2) {
      socket.write(concat(made.headers(stream, path), made.data(stream, watch)));
    }
    const put = framed(encodeRequest(PUT));
    socket.write(concat(made.headers(last), made.data(last, put, true)));
    for await (const chunk of socket) {
      const lines = made.read([chunk as Buffer]).map(lineOf);
      if (lines.includes(`HEADERS ${last} grpc-status=0 END`)) return;
    }
    expect.fail("no answer");
  });

  it("refuses a stream too many, and goes on with the others of its connection", async () => {
    const calls: Opened[] = [];
    const opened = Promise.withResolvers<void>();
    const { listener, refused } = await serveAndConnect(
      (call) => {
        calls.push(call);
        if (calls.length === 2) opened.resolve();
      },
      undefined,
      1,
      2,
    );
    const made = new MadeClient(); // which does not mind the server's settings
    const socket = dial(listener);
    const ask = (stream: number): Uint8Array =>
      concat(made.headers(stream), made.data(stream, framed(encodeRequest(PUT)), true));
    socket.write(concat(made.hello(), ask(1), ask(3), ask(5), ask(7)));
    await opened.promise;
    for (const { reply } of calls) reply({ ok: false, error: ERRORS.NoLeader });
    const lines: string[] = [];
    await new Promise<void>((resolve) => {
      socket.on("data", (chunk: Buffer) => {
        lines.push(...made.read([chunk]).map((said) => lineOf(said).replace(/:status.*/, "end")));
        if (lines.filter((line) => line.endsWith("end")).length === 2) resolve();
      });
    });
    expect(lines).toContain("RST_STREAM 5 7");
    expect(lines).toContain("RST_STREAM 7 7");
    expect(refused()).toBe(2);
  });

  it("cancels the calls of a client that resets them or goes away", async () => {
    const cancelled: Opened[] = [];
    const done = Promise.withResolvers<void>();
    const { listener } = await serveAndConnect(
      (call) => {
        if (call.timeoutMs === 1) stream.close(constants.NGHTTP2_CANCEL);
        else session.destroy();
      },
      (call) => {
        cancelled.push(call);
        if (cancelled.length === 1) void post(session, PATH, PUT).catch(() => {});
        else done.resolve();
      },
    );
    const session = http2(listener);
    session.on("error", () => {});
    const stream = session.request({ ...POST, ":path": PATH, "grpc-timeout": "1m" });
    stream.on("error", () => {});
    stream.end(framed(encodeRequest(PUT)));
    await done.promise;
    expect(cancelled).toHaveLength(2);
  });

  it("stops reading from a client that does not read, and goes on when it does", async () => {
    const value = Buffer.alloc(300_000);
    let answered = 0;
    const { client, listener } = await serveAndConnect(({ reply }) => {
      answered++;
      reply({ ok: true, value: foundOf(fromText("k"), value) });
    });
    const key = "k".repeat(16_000); // so that no more than a few calls come at once
    const made = new MadeClient();
    const socket = dial(listener).pause();
    const ask = (stream: number): Uint8Array =>
      concat(made.headers(stream), made.data(stream, framed(encodeRequest(rangeOf(key))), true));
    const all = Array.from({ length: 100 }, (_, at) => ask(2 * at + 1));
    const wide = made.hello([SETTING.INITIAL_WINDOW_SIZE, 0x7fffffff]);
    socket.write(concat(wide, made.widen(0, 0x7fff0000)));
    for (const each of all) socket.write(each);
    expect((await client.call(rangeOf("k"), PATIENCE_MS)).ok).toBe(true); // others are served
    expect(answered).toBeLessThan(100);
    let ended = 0;
    let bytes = 0;
    await new Promise<void>((resolve) => {
      socket.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        ended += made
          .read([chunk])
          .filter(({ type, flags }) => type === "HEADERS" && flags & 1).length;
        if (ended === 100) resolve();
      });
      socket.resume();
    });
    expect(answered).toBe(101);
    expect(bytes).toBeGreaterThan(100 * value.length);
  });

  it("writes what is answered in one turn at once", async () => {
    const calls: Opened[] = [];
    const { listener } = await serveAndConnect((call) => {
      calls.push(call);
      if (calls.length === 50) for (const { request, reply } of calls) reply(answerOf(request));
    });
    const made = new MadeClient();
    const asks = Array.from({ length: 50 }, (_, at) => {
      const body = framed(encodeRequest(rangeOf(`k${at}`)));
      return concat(made.headers(2 * at + 1), made.data(2 * at + 1, body, true));
    });
    const socket = dial(listener);
    socket.write(made.hello());
    await new Promise((resolve) => socket.once("data", resolve)); // the settings
    socket.write(concat(...asks));
    const first = await new Promise<Buffer>((resolve) => void socket.once("data", resolve));
    const ends = made.read([first]).filter(({ type, flags }) => type === "HEADERS" && flags & 1);
    expect(ends).toHaveLength(50);
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

const hasEtcdctl = spawnSync(ETCDCTL, ["version"]).status === 0;
const skipReason = hasEtcdctl ? "" : " (skipped: etcdctl is not installed)";

describe.skipIf(!hasEtcdctl)(`etcdctl against the client port${skipReason}`, () => {
  it("reads, writes and lists", async () => {
    const { listener } = await serveAndConnect((call) => call.reply(answerOf(call.request)));
    const etcdctl = async (...words: string[]): Promise<string> => {
      const args = ["--endpoints", listener.urls[0] as string, ...words];
      const { stdout } = await run(ETCDCTL, args, { env: { ...process.env, ETCDCTL_API: "3" } });
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
    const large = "x".repeat(100_000);
    expect(await etcdctl("get", large)).toBe(`${large}\nvalue\n`);
  });
});

async function serveAndConnect(
  onCall: (call: Opened) => void,
  onCancel?: (call: Opened) => void,
  urls = 1,
  streamsMax = STREAMS_UNLIMITED,
): Promise<{
  client: EtcdClient;
  listener: EtcdListener;
  opened: Promise<void>;
  refused: () => number;
}> {
  let refused = 0;
  const opened = Promise.withResolvers<void>();
  const listener = await serveEtcd({
    ...PLAIN_HTTP,
    urls: Array.from({ length: urls }, () => "http://127.0.0.1:0"),
    terms: null,
    connectionsMax: 1000,
    reusePort: false,
    namesCallers: false,
    namesCount: () => false,
    maxRequestBytes: MAX_REQUEST_BYTES,
    leastPingMs: 5000,
    streamsMax,
    sink: {
      open: (request, { timeoutMs }, reply) => {
        const answer: Reply = (result) => reply(result, NO_PARTS);
        const call: Opened = { request, timeoutMs, reply: answer, cancelled: false };
        opened.resolve();
        onCall(call);
        return () => {
          call.cancelled = true;
          onCancel?.(call);
        };
      },
      openStream: () => NO_STREAM,
    },
    pages,
    meter: { ...NO_METER, refused: () => (refused += 1) },
    log: () => {},
  });
  const client = createEtcdClient(listener.urls[0] as string);
  cleanups.push(() => listener.close(0));
  cleanups.push(() => client.close());
  return { client, listener, opened: opened.promise, refused: () => refused };
}

function serveQuietly(...urls: string[]): Promise<EtcdListener> {
  const sink = { open: () => () => {}, openStream: () => NO_STREAM };
  return serveEtcd({
    ...PLAIN_HTTP,
    urls,
    terms: null,
    connectionsMax: 1000,
    reusePort: false,
    namesCallers: false,
    namesCount: () => false,
    sink,
    pages,
    meter: NO_METER,
    maxRequestBytes: MAX_REQUEST_BYTES,
    leastPingMs: 5000,
    streamsMax: 100,
    log: () => {},
  });
}

async function page(): Promise<Page> {
  return { status: 200, type: PLAIN, body: "a page\n" };
}

async function brokenPage(): Promise<Page> {
  throw new Error("nobody could make this page");
}

const pages: Pages = (path) => {
  if (path === "/broken") return brokenPage();
  return path === "/page" ? page() : null;
};
type EtcdListener = Readonly<{
  urls: readonly string[];
  close: (graceMs?: number) => Promise<void>;
}>;

async function serveEtcd({
  urls,
  ...options
}: EtcdServiceOptions & Readonly<{ urls: readonly string[] }>): Promise<EtcdListener> {
  const service = createEtcdService(options);
  return { urls: await service.listen(urls, "all"), close: service.close };
}

const PLAIN_HTTP = { httpUrls: [], access: { origins: ["*"], hosts: ["*"] }, hasGateway: true };
const NO_METER: CallMeter = {
  started: () => {},
  opened: () => {},
  received: () => {},
  sent: () => {},
  handled: () => {},
  refused: () => {},
};
const NO_STREAM = { say: () => {}, credit: () => {}, close: () => {}, cancel: () => {} };
const POST = { ":method": "POST", "content-type": "application/grpc", te: "trailers" };
const PATH = "/etcdserverpb.KV/Put";

/** Node's own client, as a client of gRPC. */
function http2(listener: EtcdListener): ClientHttp2Session {
  const session = connectHttp2(listener.urls[0] as string, { maxSessionMemory: 100 });
  cleanups.push(() => session.destroy());
  return session;
}

type Posted = { headers: IncomingHttpHeaders; trailers: IncomingHttpHeaders; body: Buffer };

function post(session: ClientHttp2Session, path: string, request: Request): Promise<Posted> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ...POST, ":path": path });
    const body: Buffer[] = [];
    let headers: IncomingHttpHeaders = {};
    let trailers: IncomingHttpHeaders = {};
    stream.on("response", (seen) => (headers = seen));
    stream.on("trailers", (seen) => (trailers = seen));
    stream.on("data", (chunk: Buffer) => body.push(chunk));
    stream.on("error", reject);
    stream.on("end", () => resolve({ headers, trailers, body: Buffer.concat(body) }));
    stream.end(framed(encodeRequest(request)));
  });
}

function dial(listener: EtcdListener): Socket {
  const { host, port } = hostAndPort(listener.urls[0] as string);
  const socket = connect(port, host).setNoDelay(true);
  socket.on("error", () => {});
  cleanups.push(() => socket.destroy());
  return socket;
}

/** What is answered to these pieces, until the other side hangs up. */
async function sayRaw(listener: EtcdListener, ...pieces: readonly string[]): Promise<string> {
  const socket = dial(listener);
  let heard = "";
  socket.on("data", (chunk: Buffer) => (heard += chunk.toString("latin1")));
  for (const piece of pieces) {
    await new Promise((resolve) => void socket.write(piece, "latin1", resolve));
    await new Promise((resolve) => void setTimeout(resolve, 20)); // so that they arrive apart
  }
  if (!socket.destroyed) await new Promise((resolve) => socket.once("close", resolve));
  return heard;
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

function answerOf(request: Request): Result<Response> {
  switch (request.kind) {
    case "range":
      return { ok: true, value: foundOf(request.key) };
    case "put":
      return { ok: true, value: { kind: "put", header: HEADER, prevKv: null } };
    case "delete_range":
      return {
        ok: true,
        value: { kind: "delete_range", header: HEADER, deleted: 1, prevKvs: [] },
      };
    case "member_list": {
      const member = { id: HEADER.memberId, name: "n1" };
      const members = [
        { ...member, peerUrls: ["http://p:2380"], clientUrls: ["http://c:2379"], isLearner: false },
      ];
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
          isLearner: false,
          storageVersion: "3.6.0",
          dbSizeQuota: 2 ** 31,
          downgradeInfo: { enabled: false, targetVersion: "" },
        },
      };
    case "alarm":
      return { ok: true, value: { kind: "alarm", header: HEADER, alarms: [] } };
    default:
      return { ok: false, error: ERRORS.NoLeader };
  }
}

function foundOf(key: Bytes, value = toBytes(fromText("value"))): Response {
  const kv = { key, createRevision: 2, modRevision: 3, version: 2, value, lease: 0n };
  return { kind: "range", header: HEADER, kvs: [kv], more: false, count: 1 };
}
