// The rules of HTTP/2, one by one: what a client does, and what it hears.

import { describe, expect, it } from "vitest";
import { CONNECTION_WINDOW, Http2Connection } from "./connection.ts";
import type { ConnectionEvent } from "./connection.ts";
import { CODE, FLAG, FRAME, SETTING, WINDOW_INITIAL } from "./frames.ts";
import { STREAMS_UNLIMITED } from "./settings.ts";
import {
  bytesOf,
  concat,
  frame,
  lineOf,
  MadeClient,
  OPTIONS,
  outgoing,
  REQUEST,
} from "./testing.ts";
import type { Pair } from "./testing.ts";

const NOTHING = new Uint8Array(0);
const STREAMS_MAX = 100;
const HEADERS_MAX = [0, SETTING.MAX_HEADER_LIST_SIZE, 0, 1, 0, 0];
const OK = outgoing([[":status", "200"]]);
const END = outgoing([["grpc-status", "0"]]);

describe("a connection", () => {
  it("greets with its settings once the client has spoken, and confirms the client's", () => {
    const { connection, client, lines } = unspoken();
    connection.receive(client.hello().subarray(0, 23), 0);
    expect(connection.spoke).toBe(false);
    expect(connection.hasOutput).toBe(false);
    connection.receive(client.hello().subarray(23), 0);
    expect(connection.spoke).toBe(true);
    expect(lines()).toEqual(["SETTINGS 0", "WINDOW_UPDATE 0 983041", "SETTINGS 0 ACK"]);
  });

  it("has nothing to say to those who speak something else", () => {
    for (const words of ["GET / HTTP/1.1\r\n\r\n", "PRI * HTTP/1.1\r\n\r\n", "\x16\x03\x01"]) {
      const { connection, lines } = unspoken();
      expect(kinds(connection.receive(bytesOf(words), 0))).toEqual(["failed"]);
      expect(connection.receive(bytesOf(words), 0)).toEqual([]);
      expect(lines()).toEqual([]);
    }
  });

  it("hands requests on, with whatever stands in :authority", () => {
    const { connection, client } = spoken();
    const [event] = connection.receive(client.headers(1), 0);
    expect(event).toMatchObject({ kind: "request", stream: 1, ended: false });
    const fields = event?.kind === "request" ? event.fields : [];
    expect(fields.map(({ name, value }) => [name, value])).toEqual(REQUEST);
  });

  it("takes a request in pieces, with padding and a priority", () => {
    const { connection, client } = spoken();
    const block = client.block();
    const padded = concat(Uint8Array.of(3, 0, 0, 0, 0, 7), block.subarray(0, 5), new Uint8Array(3));
    const flags = FLAG.PADDED | FLAG.PRIORITY | FLAG.END_STREAM;
    const pieces = [
      frame(FRAME.HEADERS, flags, 1, padded),
      frame(FRAME.CONTINUATION, 0, 1, NOTHING),
      frame(FRAME.CONTINUATION, FLAG.END_HEADERS, 1, block.subarray(5)),
    ];
    expect(connection.receive(concat(...pieces), 0)).toMatchObject([
      { kind: "request", stream: 1, ended: true },
    ]);
  });

  it("hands data on without its padding, and trailers as an end", () => {
    const { connection, client } = spoken();
    connection.receive(client.headers(1), 0);
    const padded = concat(Uint8Array.of(2), bytesOf("abc"), new Uint8Array(2));
    const events = [
      ...connection.receive(frame(FRAME.DATA, FLAG.PADDED, 1, padded), 0),
      ...connection.receive(client.headers(1, [["a", "b"]], true), 0),
    ];
    expect(events).toEqual([
      { kind: "data", stream: 1, bytes: bytesOf("abc"), ended: false },
      { kind: "data", stream: 1, bytes: NOTHING, ended: true },
    ]);
  });

  it("answers, and asks for no more of a request that it has answered early", () => {
    const { connection, client, lines } = spoken();
    connection.receive(concat(client.headers(1), client.headers(3, REQUEST, true)), 0);
    for (const stream of [1, 3]) {
      connection.respond(stream, OK);
      connection.send(stream, [bytesOf("ab"), bytesOf("c")]);
      connection.end(stream, END);
    }
    expect(lines()).toEqual([
      "HEADERS 1 :status=200",
      "DATA 1 3",
      "HEADERS 1 grpc-status=0 END",
      "RST_STREAM 1 0",
      "HEADERS 3 :status=200",
      "DATA 3 3",
      "HEADERS 3 grpc-status=0 END",
    ]);
    expect(connection.streams).toBe(0);
  });

  it("gives the connection's window back before half of it is used", () => {
    const { connection, client, lines } = spoken();
    let window = CONNECTION_WINDOW;
    for (let stream = 1; stream < 401; stream += 2) {
      connection.receive(client.headers(stream), 0);
      connection.receive(client.data(stream, new Uint8Array(16_000), true), 0);
      window -= 16_000;
      for (const line of lines()) window += Number(line.replace("WINDOW_UPDATE 0 ", ""));
      expect(window).toBeGreaterThanOrEqual(CONNECTION_WINDOW / 2);
      expect(window).toBeLessThanOrEqual(CONNECTION_WINDOW);
    }
  });

  it("says nothing on streams that are over, and drops what comes for them", () => {
    const { connection, client, lines } = spoken();
    connection.receive(concat(client.headers(1), client.headers(3)), 0);
    expect(connection.receive(client.reset(1), 0)).toEqual([{ kind: "reset", stream: 1 }]);
    connection.respond(1, OK);
    connection.send(1, [bytesOf("late")]);
    connection.end(1, END);
    connection.widen(1, 5);
    const late = [client.data(1, bytesOf("x")), client.reset(1), client.widen(1, 9)];
    expect(connection.receive(concat(...late, client.headers(1)), 0)).toEqual([]);
    expect(lines()).toEqual([]);
    expect(connection.streams).toBe(1);
  });

  it("splits a header block that is larger than a frame", () => {
    const { connection, client, lines } = spoken();
    connection.receive(client.headers(1), 0);
    connection.end(1, outgoing([["grpc-message", "x".repeat(20_000)]], false));
    expect(lines().map((line) => line.split(" ")[0])).toEqual([
      "HEADERS",
      "CONTINUATION",
      "RST_STREAM",
    ]);
  });

  it("confirms pings, and does not confirm confirmations", () => {
    const { connection, client, lines } = spoken();
    const ack = frame(FRAME.PING, FLAG.ACK, 0, new Uint8Array(8));
    connection.receive(concat(client.ping(), ack), 0);
    expect(lines()).toEqual(["PING 0 ACK"]);
  });

  it("does not mind priorities, goodbyes and what it does not know", () => {
    const { connection, client, lines } = spoken();
    const frames = [
      frame(FRAME.PRIORITY, 0, 5, new Uint8Array(5)),
      frame(FRAME.GOAWAY, 0, 0, new Uint8Array(8)),
      frame(99, 0xff, 7, bytesOf("extension")),
      client.settings([0x99, 1], [SETTING.MAX_CONCURRENT_STREAMS, 1]),
    ];
    expect(connection.receive(concat(...frames), 0)).toEqual([]);
    expect(lines()).toEqual(["SETTINGS 0 ACK"]);
  });

  it("says goodbye: serves what is open, and nothing that comes after", () => {
    const { connection, client, lines } = spoken();
    connection.receive(client.headers(1), 0);
    connection.goAway();
    expect(connection.receive(client.headers(3), 0)).toEqual([]);
    connection.end(1, END);
    expect(lines()).toEqual([
      "GOAWAY 0 0",
      `RST_STREAM 3 ${CODE.REFUSED_STREAM}`,
      "HEADERS 1 grpc-status=0 END",
      "RST_STREAM 1 0",
    ]);
  });
});

describe("a request that is malformed loses its stream alone", () => {
  it.each<readonly [string, readonly Pair[]]>([
    ["no method", without(":method")],
    ["no path", without(":path")],
    ["no scheme", without(":scheme")],
    ["two paths", [[":path", "/x"], ...REQUEST]],
    ["a pseudo-header of ours", [[":status", "200"], ...REQUEST]],
    ["an unknown pseudo-header", [[":protocol", "x"], ...REQUEST]],
    ["a pseudo-header after the others", [...without(":path"), [":path", "/x"]]],
    ["a name in capitals", [...REQUEST, ["Te", "trailers"]]],
    ["an empty name", [...REQUEST, ["", "x"]]],
    ["a value of two lines", [...REQUEST, ["a", "b\r\nc: d"]]],
    ["a header about the connection", [...REQUEST, ["connection", "close"]]],
    ["another te", [...REQUEST, ["te", "gzip"]]],
  ])("%s", (_, fields) => {
    const { connection, client, lines } = spoken();
    expect(connection.receive(client.headers(1, fields), 0)).toEqual([]);
    expect(lines()).toEqual([`RST_STREAM 1 ${CODE.PROTOCOL_ERROR}`]);
    expect(kinds(connection.receive(client.headers(3), 0))).toEqual(["request"]);
  });

  it("headers above the limit, in few bytes", () => {
    const { connection, client, lines } = spoken();
    const large: Pair = ["x-large", "x".repeat(4000)];
    const block = client.block([...REQUEST, ...Array.from({ length: 20 }, () => large)]);
    expect(block.length).toBeLessThan(5000);
    expect(connection.receive(frame(FRAME.HEADERS, FLAG.END_HEADERS, 1, block), 0)).toEqual([]);
    expect(lines()).toEqual([`RST_STREAM 1 ${CODE.FRAME_SIZE_ERROR}`]);
    expect(kinds(connection.receive(client.headers(3), 0))).toEqual(["request"]);
  });
});

describe("a stream that breaks the rules is reset", () => {
  it.each<readonly [string, (client: MadeClient) => Uint8Array, number]>([
    ["data after its end", (client) => client.data(1, bytesOf("x")), CODE.STREAM_CLOSED],
    ["headers after its end", (client) => client.headers(1), CODE.STREAM_CLOSED],
    ["a window made wider by nothing", (client) => client.widen(1, 0), CODE.PROTOCOL_ERROR],
    ["a window above 2^31-1", (c) => c.widen(1, 0x7fffffff), CODE.FLOW_CONTROL_ERROR],
  ])("%s", (_, say, code) => {
    const { connection, client, lines } = spoken();
    connection.receive(client.headers(1, REQUEST, true), 0);
    expect(connection.receive(say(client), 0)).toEqual([{ kind: "reset", stream: 1 }]);
    expect(lines()).toEqual([`RST_STREAM 1 ${code}`]);
    expect(kinds(connection.receive(client.headers(3), 0))).toEqual(["request"]);
  });

  it.each<readonly [string, readonly Pair[], boolean]>([
    ["trailers that are not the end", [["a", "b"]], false],
    ["trailers with a pseudo-header", [[":path", "/"]], true],
  ])("%s", (_, fields, ended) => {
    const { connection, client, lines } = spoken();
    connection.receive(client.headers(1), 0);
    expect(kinds(connection.receive(client.headers(1, fields, ended), 0))).toEqual(["reset"]);
    expect(lines()).toEqual([`RST_STREAM 1 ${CODE.PROTOCOL_ERROR}`]);
  });

  it("more data than its window", () => {
    const { connection, client, lines } = spoken();
    connection.receive(client.headers(1), 0);
    const full = new Uint8Array(16_384);
    for (let at = 0; at < 4; at++) {
      const last = at === 3 ? full.subarray(1) : full;
      expect(kinds(connection.receive(client.data(1, last), 0))).toEqual(["data"]);
    }
    expect(connection.windowOf(1)).toBe(0);
    expect(kinds(connection.receive(client.data(1, full.subarray(0, 1)), 0))).toEqual(["reset"]);
    expect(lines()).toEqual([`RST_STREAM 1 ${CODE.FLOW_CONTROL_ERROR}`]);
  });
});

describe("a client that breaks the rules of the connection hears why, and is gone", () => {
  it.each<readonly [string, Uint8Array | ((client: MadeClient) => Uint8Array), number]>([
    ["DATA on no stream", on(FRAME.DATA, 0, 0, 1), CODE.PROTOCOL_ERROR],
    ["DATA on a stream that is not open", on(FRAME.DATA, 0, 9, 1), CODE.PROTOCOL_ERROR],
    ["DATA all of padding", on(FRAME.DATA, FLAG.PADDED, 1, 0), CODE.PROTOCOL_ERROR],
    ["HEADERS on no stream", (client) => client.headers(0), CODE.PROTOCOL_ERROR],
    ["HEADERS on a stream of ours", (client) => client.headers(2), CODE.PROTOCOL_ERROR],
    ["HEADERS without a priority", on(FRAME.HEADERS, FLAG.PRIORITY, 3, 4), CODE.FRAME_SIZE_ERROR],
    ["a block of nonsense", on(FRAME.HEADERS, FLAG.END_HEADERS, 3, 1), CODE.COMPRESSION_ERROR],
    ["CONTINUATION of nothing", on(FRAME.CONTINUATION, 0, 1, 1), CODE.PROTOCOL_ERROR],
    [
      "CONTINUATION of another stream",
      concat(on(FRAME.HEADERS, 0, 3, 0), on(FRAME.CONTINUATION, 0, 5, 0)),
      CODE.PROTOCOL_ERROR,
    ],
    [
      "a frame within a header block",
      concat(on(FRAME.HEADERS, 0, 3, 0), on(FRAME.PING, 0, 0, 8)),
      CODE.PROTOCOL_ERROR,
    ],
    ["RST_STREAM of a wrong size", on(FRAME.RST_STREAM, 0, 1, 3), CODE.FRAME_SIZE_ERROR],
    ["RST_STREAM on an idle stream", on(FRAME.RST_STREAM, 0, 9, 4), CODE.PROTOCOL_ERROR],
    ["SETTINGS on a stream", on(FRAME.SETTINGS, 0, 1, 0), CODE.PROTOCOL_ERROR],
    ["SETTINGS of a wrong size", on(FRAME.SETTINGS, 0, 0, 5), CODE.FRAME_SIZE_ERROR],
    ["SETTINGS ACK with content", on(FRAME.SETTINGS, FLAG.ACK, 0, 6), CODE.FRAME_SIZE_ERROR],
    ["a push setting of two", (c) => c.settings([2, 2]), CODE.PROTOCOL_ERROR],
    ["a window setting above 2^31-1", (c) => c.settings([4, 2 ** 31]), CODE.FLOW_CONTROL_ERROR],
    ["frames of a kilobyte", (client) => client.settings([5, 1024]), CODE.PROTOCOL_ERROR],
    ["PUSH_PROMISE", on(FRAME.PUSH_PROMISE, 0, 1, 4), CODE.PROTOCOL_ERROR],
    ["PING on a stream", on(FRAME.PING, 0, 1, 8), CODE.PROTOCOL_ERROR],
    ["PING of a wrong size", on(FRAME.PING, 0, 0, 7), CODE.FRAME_SIZE_ERROR],
    ["WINDOW_UPDATE of a wrong size", on(FRAME.WINDOW_UPDATE, 0, 1, 5), CODE.FRAME_SIZE_ERROR],
    ["WINDOW_UPDATE of nothing", (client) => client.widen(0, 0), CODE.PROTOCOL_ERROR],
    ["WINDOW_UPDATE on an idle stream", (client) => client.widen(9, 1), CODE.PROTOCOL_ERROR],
    ["a window above 2^31-1", (c) => c.widen(0, 0x7fffffff), CODE.FLOW_CONTROL_ERROR],
    ["a frame of 16385 bytes", on(FRAME.DATA, 0, 1, 16_385), CODE.FRAME_SIZE_ERROR],
  ])("%s", (_, said, code) => {
    const { connection, client, lines } = spoken();
    connection.receive(client.headers(1), 0);
    const bytes = typeof said === "function" ? said(client) : said;
    expect(kinds(connection.receive(bytes, 0)).at(-1)).toBe("failed");
    expect(lines()).toEqual([`GOAWAY 0 ${code}`]);
    expect(connection.streams).toBe(0);
    expect(connection.receive(client.headers(3), 0)).toEqual([]);
    connection.end(1, END);
    expect(lines()).toEqual([]);
  });

  it("a first frame that is no SETTINGS", () => {
    for (const first of [new MadeClient().ping(), frame(FRAME.SETTINGS, FLAG.ACK, 0, NOTHING)]) {
      const { connection, client, lines } = unspoken();
      connection.receive(concat(client.hello().subarray(0, 24), first), 0);
      expect(lines().at(-1)).toBe(`GOAWAY 0 ${CODE.PROTOCOL_ERROR}`);
    }
  });

  it("a setting that makes the window of a stream wider than 2^31-1", () => {
    const { connection, client, lines } = spoken();
    connection.receive(concat(client.headers(1), client.widen(1, 0x7fff0000)), 0);
    connection.receive(client.settings([SETTING.INITIAL_WINDOW_SIZE, 0x7fffffff]), 0);
    expect(lines()).toEqual([`GOAWAY 0 ${CODE.FLOW_CONTROL_ERROR}`]);
  });
});

describe("a client that asks too much", () => {
  it("gets no more streams than there may be, and more when others end", () => {
    const { connection, client, lines } = spoken(STREAMS_MAX);
    const open = (stream: number): readonly string[] =>
      kinds(connection.receive(client.headers(stream), 0));
    for (let at = 1; at < STREAMS_MAX; at++) expect(open(2 * at - 1)).toEqual(["request"]);
    expect(open(2 * STREAMS_MAX - 1)).toEqual(["request", "full"]);
    const next = 2 * STREAMS_MAX + 1;
    expect(open(next)).toEqual(["refused"]);
    expect(lines()).toEqual([`RST_STREAM ${next} ${CODE.REFUSED_STREAM}`]);
    connection.end(1, END);
    expect(open(next + 2)).toEqual(["request", "full"]);
  });

  it("keeps the streams that it has, however many more it asks for", () => {
    const { connection, client, lines } = spoken(1);
    connection.receive(client.headers(1), 0);
    for (let at = 1; at <= 20_000; at++) {
      connection.receive(client.headers(2 * at + 1), 0);
      expect(lines()).toEqual([`RST_STREAM ${2 * at + 1} ${CODE.REFUSED_STREAM}`]);
    }
    connection.end(1, END);
    expect(lines()).toEqual(["HEADERS 1 grpc-status=0 END", "RST_STREAM 1 0"]);
  });

  it("is told how many streams it may have, unless it may have any number", () => {
    for (const [streamsMax, told] of [
      [7, true],
      [STREAMS_UNLIMITED, false],
    ] as const) {
      const { connection, client } = unspoken(streamsMax);
      connection.receive(client.hello(), 0);
      const [settings] = client.read(connection.takeOutput());
      const number = [...(settings?.bytes.subarray(0, 6) ?? [])];
      expect(number).toEqual(told ? [0, SETTING.MAX_CONCURRENT_STREAMS, 0, 0, 0, 7] : HEADERS_MAX);
    }
  });

  it("may change the windows of ten thousand streams, but not again and again", () => {
    const { connection, client, lines } = spoken();
    for (let at = 0; at < 10_000; at++) connection.receive(client.headers(2 * at + 1), 0);
    const change = (at: number): void => {
      connection.receive(client.settings([SETTING.INITIAL_WINDOW_SIZE, 1000 + at]), 0);
    };
    for (let at = 0; at < 20; at++) change(at);
    expect(lines()).toEqual(Array.from({ length: 20 }, () => "SETTINGS 0 ACK"));
    for (let at = 0; at < 200; at++) change(at);
    expect(lines().at(-1)).toBe(`GOAWAY 0 ${CODE.ENHANCE_YOUR_CALM}`);
  });

  it("may not send a header block without an end", () => {
    const empty = frame(FRAME.CONTINUATION, 0, 1, NOTHING);
    const large = frame(FRAME.CONTINUATION, 0, 1, new Uint8Array(16_384));
    for (const piece of [empty, large]) {
      const { connection, lines } = spoken();
      connection.receive(frame(FRAME.HEADERS, 0, 1, NOTHING), 0);
      for (let at = 0; at < 100; at++) connection.receive(piece, 0);
      expect(lines()).toEqual([`GOAWAY 0 ${CODE.ENHANCE_YOUR_CALM}`]);
    }
  });

  it.each<readonly [string, (client: MadeClient, at: number) => Uint8Array]>([
    [
      "resets of what it just asked for",
      (client, at) => concat(client.headers(2 * at + 1), client.reset(2 * at + 1)),
    ],
    ["settings", (client) => client.settings()],
    ["empty data", (client, at) => (at === 0 ? client.headers(1) : client.data(1, NOTHING))],
    ["bad requests", (client, at) => client.headers(2 * at + 1, [])],
  ])("may not send %s without an end, but may do so for ever at an honest pace", (_, say) => {
    const fast = spoken();
    let sent = 0;
    for (let alive = true; alive && sent < 12_000;) {
      fast.connection.takeOutput();
      const events = fast.connection.receive(say(fast.client, sent++), 0);
      alive = events.at(-1)?.kind !== "failed";
    }
    expect(fast.lines().at(-1)).toBe(`GOAWAY 0 ${CODE.ENHANCE_YOUR_CALM}`);
    expect(sent).toBeGreaterThan(5_000);
    const slow = spoken();
    for (let at = 0; at < 12_000; at++) {
      const events = slow.connection.receive(say(slow.client, at), 2 * at);
      expect(events.at(-1)?.kind).not.toBe("failed");
      slow.connection.takeOutput();
    }
  });

  it("may ping at etcd's pace, and once in a while sooner", () => {
    const { connection, client, lines } = spoken();
    connection.receive(client.headers(1), 0);
    const ping = (nowMs: number): string | undefined =>
      connection.receive(client.ping(), nowMs).at(-1)?.kind;
    for (let at = 0; at < 100; at++) expect(ping(5000 * at)).toBeUndefined();
    expect([ping(500_000), ping(500_001)]).toEqual([undefined, undefined]);
    connection.send(1, [Uint8Array.of(1)]); // whoever is sent something may begin anew
    expect([510_000, 510_001, 510_002].map(ping)).toEqual([undefined, undefined, undefined]);
    expect(ping(510_003)).toBe("failed");
    expect(lines().at(-1)).toBe(`GOAWAY 0 ${CODE.ENHANCE_YOUR_CALM}`);
  });

  it("may hardly ping without a call", () => {
    const { connection, client } = spoken();
    const ping = (nowMs: number): string | undefined =>
      connection.receive(client.ping(), nowMs).at(-1)?.kind;
    const minutes = [0, 10, 20].map((minute) => ping(minute * 60_000));
    expect(minutes).toEqual([undefined, undefined, undefined]);
    expect(ping(30 * 60_000)).toBe("failed");
  });

  it("may ping as often as it is sent data", () => {
    const { connection, client } = spoken();
    connection.receive(concat(client.widen(0, 1 << 20), client.headers(1)), 0);
    for (let at = 0; at < 12_000; at++) {
      connection.send(1, [Uint8Array.of(1)]);
      expect(connection.receive(concat(client.ping(), client.widen(1, 1)), 0)).toEqual([]);
    }
  });
});

function unspoken(streamsMax = STREAMS_UNLIMITED): {
  connection: Http2Connection;
  client: MadeClient;
  lines: () => readonly string[];
} {
  const connection = new Http2Connection({ ...OPTIONS, streamsMax });
  const client = new MadeClient();
  const lines = (): readonly string[] => client.read(connection.takeOutput()).map(lineOf);
  return { connection, client, lines };
}

function spoken(streamsMax = STREAMS_UNLIMITED): ReturnType<typeof unspoken> {
  const made = unspoken(streamsMax);
  made.connection.receive(made.client.hello([SETTING.INITIAL_WINDOW_SIZE, WINDOW_INITIAL]), 0);
  made.lines();
  return made;
}

function kinds(events: readonly ConnectionEvent[]): readonly string[] {
  return events.map(({ kind }) => kind);
}

function without(name: string): readonly Pair[] {
  return REQUEST.filter((field) => field[0] !== name);
}

function on(type: number, flags: number, stream: number, size: number): Uint8Array {
  return frame(type, flags, stream, new Uint8Array(size));
}
