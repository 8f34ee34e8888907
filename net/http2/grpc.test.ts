// gRPC on top of HTTP/2: messages in any cut, limits and deadlines, answers and refusals.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { equalBytes } from "../../core/lib/bytes.ts";
import { CODE, FLAG, FRAME, FRAME_BYTES_MAX, SETTING, WINDOW_INITIAL } from "./frames.ts";
import { GrpcConnection } from "./grpc.ts";
import type { AnyEvent, GrpcCall } from "./grpc.ts";
import {
  bytesOf,
  concat,
  frame,
  lineOf,
  MadeClient,
  message,
  OPTIONS,
  REQUEST,
} from "./testing.ts";
import type { Pair } from "./testing.ts";

const MAX = 2_000_000;
const NOTHING = new Uint8Array(0);
const HEADERS = ":status=200 content-type=application/grpc";

describe("a call", () => {
  it("is one message, one answer", () => {
    const { grpc, client, lines } = connect();
    const events = grpc.receive(
      concat(client.headers(1), client.data(1, message(bytesOf("abc")), true)),
      0,
    );
    expect(events).toMatchObject([{ kind: "message", message: bytesOf("abc") }, { kind: "end" }]);
    const call = callOf(events);
    expect(call).toMatchObject({ stream: 1, path: "/etcdserverpb.KV/Put", timeoutMs: null });
    expect(grpc.awaits(call)).toBe(true);
    grpc.send(call, [bytesOf("answer")]);
    grpc.finish(call, null);
    expect(grpc.awaits(call)).toBe(false);
    expect(lines()).toEqual([`HEADERS 1 ${HEADERS}`, "DATA 1 11", "HEADERS 1 grpc-status=0 END"]);
    expect(grpc.isIdle).toBe(true);
    grpc.finish(call, null);
    grpc.send(call, [bytesOf("again")]);
    expect(grpc.hasOutput).toBe(false);
  });

  it("may be many messages and many answers", () => {
    const { grpc, client, lines } = connect();
    const three = concat(...["a", "", "ccc"].map((text) => message(bytesOf(text))));
    const events = grpc.receive(concat(client.headers(1), client.data(1, three)), 0);
    expect(textsOf(events)).toEqual(["a", "", "ccc"]);
    const call = callOf(events);
    for (const text of ["1", "22"]) grpc.send(call, [bytesOf(text)]);
    expect(textsOf(grpc.receive(client.data(1, message(bytesOf("d"))), 0))).toEqual(["d"]);
    grpc.send(call, [bytesOf("333")]);
    expect(grpc.receive(client.data(1, NOTHING, true), 0)).toEqual([{ kind: "end", call }]);
    grpc.finish(call, { code: 14, message: "over" });
    expect(lines()).toEqual([
      `HEADERS 1 ${HEADERS}`,
      "DATA 1 6",
      "DATA 1 7",
      "DATA 1 8",
      "HEADERS 1 grpc-status=14 grpc-message=over END",
    ]);
  });

  it("of one message has no more of them, whatever comes behind it", () => {
    const { grpc, client, fields } = connect();
    const one: readonly Pair[] = REQUEST.map((pair) =>
      pair[0] === ":path" ? [":path", "/One"] : pair,
    );
    const bytes = concat(
      message(bytesOf("a")),
      message(bytesOf("b")),
      message(bytesOf("cut")).subarray(0, 6),
    );
    const events = grpc.receive(concat(client.headers(1, one), client.data(1, bytes)), 0);
    expect(textsOf(events)).toEqual(["a"]);
    expect(kinds(grpc.receive(client.data(1, bytes, true), 0))).toEqual(["end"]);
    grpc.receive(concat(client.headers(3, one), client.data(3, bytesOf("x"), true)), 0);
    expect(Object.fromEntries(fields())).toMatchObject({
      "grpc-status": "2",
      "grpc-message": "unexpected EOF",
    });
  });

  it("asks for no more while its answers wait for the client to read them, or it is held", () => {
    const { grpc, client, lines } = connect();
    const small = message(new Uint8Array(16_000));
    const first = grpc.receive(concat(client.headers(1), client.data(1, small)), 0);
    const call = callOf(first);
    grpc.send(call, [new Uint8Array(100_000)]); // more than the window of a client that reads nothing
    lines();
    for (let more = 0; more < 3; more++) grpc.receive(client.data(1, small), 0);
    expect(lines().filter((line) => line.startsWith("WINDOW_UPDATE 1"))).toEqual([]);
    grpc.receive(concat(client.widen(0, 100_000), client.widen(1, 100_000)), 0);
    expect(lines().at(-1)).toBe("WINDOW_UPDATE 1 64020"); // all of it is read by now

    grpc.hold(call, true);
    for (let more = 0; more < 3; more++) grpc.receive(client.data(1, small), 0);
    expect(lines().filter((line) => line.startsWith("WINDOW_UPDATE 1"))).toEqual([]);
    grpc.hold(call, false);
    expect(lines()).toEqual(["WINDOW_UPDATE 1 48015"]);
  });

  it("ends with a status alone where nothing was answered, and needs no more of the request", () => {
    const { grpc, client, lines } = connect();
    const events = grpc.receive(
      concat(client.headers(1), client.data(1, message(bytesOf("abc")))),
      0,
    );
    grpc.finish(callOf(events), { code: 9, message: "100% köy\n" });
    expect(lines()).toEqual([
      `HEADERS 1 ${HEADERS} grpc-status=9 grpc-message=100%25 k%C3%B6y%0A END`,
      "RST_STREAM 1 0",
    ]);
    expect(grpc.receive(client.data(1, message(bytesOf("more"))), 0)).toEqual([]);
  });

  it("is counted once, by what came of it", () => {
    const { grpc, client, handled } = connect();
    const open = (stream: number): GrpcCall =>
      callOf(
        grpc.receive(concat(client.headers(stream), client.data(stream, message(NOTHING))), 0),
      );
    const [first, second, third] = [open(1), open(3), open(5)] as const;
    grpc.finish(first, null);
    grpc.finish(first, { code: 14, message: "again" });
    grpc.finish(second, { code: 9, message: "no" });
    expect(handled).toEqual([`${first.path} 0`, `${first.path} 9`]);
    grpc.receive(client.reset(5), 0);
    grpc.finish(third, null);
    open(7);
    grpc.abandon();
    expect(handled.slice(2)).toEqual([`${first.path} 1`, `${first.path} 1`]);
  });

  it("without a message is an end", () => {
    const { grpc, client } = connect();
    expect(kinds(grpc.receive(client.headers(1, REQUEST, true), 0))).toEqual(["end"]);
    const late = concat(client.headers(3), client.data(3, NOTHING, true));
    expect(kinds(grpc.receive(late, 0))).toEqual(["end"]);
  });

  it("is cancelled by a reset, by the end of the connection, and by whatever breaks it", () => {
    const { grpc, client } = connect();
    const open = (stream: number): GrpcCall =>
      callOf(
        grpc.receive(concat(client.headers(stream), client.data(stream, message(NOTHING))), 0),
      );
    const [first, second, third] = [open(1), open(3), open(5)] as const;
    expect(grpc.receive(client.reset(1), 0)).toEqual([{ kind: "cancel", call: first }]);
    expect(grpc.awaits(first)).toBe(false);
    const broken = grpc.receive(client.headers(2), 0);
    const cancelled = broken.flatMap((event) => (event.kind === "cancel" ? [event.call] : []));
    expect(new Set(cancelled)).toEqual(new Set([second, third]));
    expect(kinds(broken)).toEqual(["cancel", "cancel", "failed"]);
    expect(grpc.abandon()).toEqual([]);

    const other = connect();
    const events = other.grpc.receive(
      concat(other.client.headers(1), other.client.data(1, message(NOTHING))),
      0,
    );
    expect(other.grpc.abandon()).toEqual([callOf(events)]);
  });

  it.each([
    ["5S", 5000],
    ["100m", 100],
    ["99999999H", 359_999_996_400_000],
    ["2M", 120_000],
    ["1u", 1],
    ["1500u", 2],
    ["1n", 1],
    ["0m", 0],
  ])("knows its deadline: %s", (text, timeoutMs) => {
    const { grpc, client } = connect();
    const fields: readonly Pair[] = [...REQUEST, ["grpc-timeout", text]];
    const bytes = concat(client.headers(1, fields), client.data(1, message(NOTHING)));
    expect(callOf(grpc.receive(bytes, 0)).timeoutMs).toBe(timeoutMs);
  });
});

describe("a caller", () => {
  it.each([
    [[["hasleader", "true"]], true],
    [[["hasleader", "yes"]], false],
    [
      [
        ["hasleader", "false"],
        ["hasleader", "true"],
      ],
      false,
    ],
    [[["client-api-version", "3.6 k\xc3\xb6y"]], false],
  ] as const)("that says %j", (said, requireLeader) => {
    const { grpc, client } = connect();
    const fields: readonly Pair[] = [...REQUEST, ...said];
    const bytes = concat(client.headers(1, fields), client.data(1, message(NOTHING)));
    expect(callOf(grpc.receive(bytes, 0)).requireLeader).toBe(requireLeader);
  });
});

describe("a refusal", () => {
  const REFUSED: readonly (readonly [Pair, string])[] = [
    [["content-type", "application/grpcx"], "415 3 invalid gRPC request content-type"],
    [[":method", "GET"], '405 13 Received a HEADERS frame with :method "GET" which should be POST'],
    [
      ["grpc-encoding", "gzip"],
      '200 12 grpc: Decompressor is not installed for grpc-encoding "gzip"',
    ],
    [
      ["grpc-timeout", "5"],
      '400 13 malformed grpc-timeout: transport: timeout string is too short: "5"',
    ],
    [
      ["grpc-timeout", "123456789S"],
      "400 13 malformed grpc-timeout: transport: timeout string is too long",
    ],
    [
      ["grpc-timeout", "5x"],
      "400 13 malformed grpc-timeout: transport: timeout unit is not recognized",
    ],
    [["grpc-timeout", "-5m"], "400 13 malformed grpc-timeout: strconv.ParseUint"],
    [
      ["trace-bin", "=!"],
      '400 13 malformed binary metadata "=!" in header "trace-bin": illegal base64 data at input byte 0',
    ],
    [["trace-bin", "AAAAA"], "400 13 malformed binary metadata"],
    [["client-api-version", "3.\xff"], "200 3 etcdserver: invalid client api version"],
    [[":path", "/unknown"], "200 12 nobody serves /unknown"],
  ];
  it.each(REFUSED)("of headers comes at once: %s", (field, words) => {
    const { grpc, client, fields } = connect();
    const rest = REQUEST.filter(([name]) => name !== field[0]);
    const request = field[0].startsWith(":") ? [field, ...rest] : [...rest, field];
    expect(grpc.receive(client.headers(1, request), 0)).toEqual([]);
    const status = Object.fromEntries(fields());
    const text = [":status", "grpc-status", "grpc-message"].map((name) => status[name]).join(" ");
    expect(text).toContain(words);
  });

  it.each(["application/grpc", "application/grpc+proto", "application/grpc;x=y"])(
    "is not for %s",
    (type) => {
      const { grpc, client } = connect();
      const request = REQUEST.map(([name, value]): Pair => [
        name,
        name === "content-type" ? type : value,
      ]);
      expect(kinds(grpc.receive(client.headers(1, request, true), 0))).toEqual(["end"]);
    },
  );

  it.each([
    [
      "too large",
      Uint8Array.of(0, 0, 45, 198, 200),
      "8 grpc: received message larger than max (3000008 vs. 2000000)",
    ],
    [
      "compressed",
      message(bytesOf("x"), 1),
      "13 grpc: compressed flag set with identity or empty encoding",
    ],
    ["of no format", message(bytesOf("x"), 7), "13 grpc: received unexpected payload format 7"],
  ])("of a message that is %s comes with its first five bytes", (_, bytes, words) => {
    const { grpc, client, fields } = connect();
    const [first, ...others] = Array.from(bytes.subarray(0, 5), (byte) => Uint8Array.of(byte));
    grpc.receive(concat(client.headers(1), client.data(1, first as Uint8Array)), 0);
    const events = others.flatMap((byte) => [...grpc.receive(client.data(1, byte), 0)]);
    expect(kinds(events)).toEqual(["cancel"]);
    const status = Object.fromEntries(fields());
    expect(`${status["grpc-status"]} ${status["grpc-message"]}`).toBe(words);
    expect(grpc.isIdle).toBe(true);
  });

  it("of half a message comes with the end", () => {
    const { grpc, client, fields } = connect();
    const half = message(bytesOf("abcdef")).subarray(0, 8);
    const events = grpc.receive(concat(client.headers(1), client.data(1, half, true)), 0);
    expect(kinds(events)).toEqual(["cancel"]);
    expect(Object.fromEntries(fields())["grpc-message"]).toBe("unexpected EOF");
  });
});

describe("messages", () => {
  it("are the same in whatever pieces they come", () => {
    const texts = fc.array(fc.nat({ max: 300 }), { maxLength: 6 });
    const cuts = fc.array(fc.nat({ max: 200 }), { maxLength: 12 });
    fc.assert(
      fc.property(texts, cuts, (sizes, steps) => {
        const { grpc, client } = connect();
        const sent = sizes.map((size, at) => new Uint8Array(size).fill(at));
        let rest: Uint8Array = concat(...sent.map((each) => message(each)));
        const got: Uint8Array[] = [];
        const take = (bytes: Uint8Array): void => {
          for (const event of grpc.receive(bytes, 0)) {
            if (event.kind === "message") got.push(event.message.slice());
          }
        };
        take(client.headers(1));
        for (const step of steps) {
          take(client.data(1, rest.subarray(0, step)));
          rest = rest.subarray(step);
        }
        take(client.data(1, rest, true));
        expect(got).toEqual(sent);
      }),
      { seed: 7, numRuns: 300 },
    );
  });

  it("of any size are let in with one window, whatever the client pads", () => {
    for (const padding of [0, 255]) {
      const { grpc, client, lines } = connect();
      grpc.receive(client.headers(1), 0);
      const sent = message(Uint8Array.from({ length: 500_000 }, (_, at) => at * 7));
      const { got, updates } = upload(grpc, lines, 1, sent, padding);
      expect(got.map((each) => equalBytes(each, sent.subarray(5)))).toEqual([true]);
      if (padding === 0) expect(updates).toBe(1);
    }
  });

  it("that follow each other find their window open", () => {
    const { grpc, client, lines } = connect();
    grpc.receive(client.headers(1), 0);
    const sizes = [40_000, 60_000, 100_000, 3, 65_000, 1_000_000, 1_000_000];
    const sent = concat(...sizes.map((size) => message(new Uint8Array(size))));
    const { got } = upload(grpc, lines, 1, sent, 0);
    expect(got.map(({ length }) => length)).toEqual(sizes);
  });

  it("above the budget of a connection wait until others are answered", () => {
    const { grpc, client, lines } = connect();
    const calls: GrpcCall[] = [];
    const begin = message(new Uint8Array(MAX)).subarray(0, 16_384);
    const streams = Array.from({ length: 40 }, (_, at) => 2 * at + 1);
    for (const stream of streams) {
      grpc.receive(concat(client.headers(stream), client.data(stream, begin)), 0);
    }
    const admitted = (): number[] =>
      lines().flatMap((line) => {
        const [, stream] = /^WINDOW_UPDATE (\d+)/.exec(line) ?? [];
        return stream === undefined || stream === "0" ? [] : [Number(stream)];
      });
    const first = admitted();
    expect(first).toEqual(streams.slice(0, 33)); // 64 MiB
    for (let left = MAX + 5 - 16_384; left > 0; left -= 16_384) {
      const piece = new Uint8Array(Math.min(left, 16_384));
      for (const event of grpc.receive(client.data(1, piece, piece.length === left), 0)) {
        if (event.kind === "message") calls.push(event.call);
      }
    }
    expect(calls).toHaveLength(1);
    expect(admitted()).toEqual([]); // it is in, but not answered
    grpc.finish(calls[0] as GrpcCall, null);
    expect(admitted()).toEqual([67]);
    grpc.receive(client.reset(69), 0);
    expect(admitted()).toEqual([]); // that one was waiting itself
    grpc.receive(client.reset(3), 0);
    expect(admitted()).toEqual([71]);
  });

  it("may be larger than the budget, where the limit allows it", () => {
    const { grpc, client, lines } = connect(100 * 1024 * 1024);
    grpc.receive(concat(client.headers(1), client.data(1, Uint8Array.of(0, 5, 0, 0, 0))), 0);
    const window = 5 * 2 ** 24 + FRAME_BYTES_MAX;
    expect(lines()).toContain(`WINDOW_UPDATE 1 ${window - (WINDOW_INITIAL - 5)}`);
  });
});

/** Sends as the windows of the stream and the connection allow; fails where they never do. */
function upload(
  grpc: GrpcConnection,
  lines: () => readonly string[],
  stream: number,
  bytes: Uint8Array,
  padding: number,
): { got: Uint8Array[]; updates: number } {
  const windows = [WINDOW_INITIAL + 983_041, WINDOW_INITIAL] as [number, number];
  const got: Uint8Array[] = [];
  let updates = 0;
  for (let at = 0; at < bytes.length;) {
    const overhead = padding === 0 ? 0 : padding + 1;
    const room = Math.min(16_384, ...windows) - overhead;
    if (room <= 0) expect.fail(`stuck at ${at}`);
    const piece = bytes.subarray(at, at + room);
    at += piece.length;
    windows[0] -= piece.length + overhead;
    windows[1] -= piece.length + overhead;
    const body =
      padding === 0 ? piece : concat(Uint8Array.of(padding), piece, new Uint8Array(padding));
    const last = at >= bytes.length ? FLAG.END_STREAM : 0;
    const flags = padding === 0 ? last : FLAG.PADDED | last;
    for (const event of grpc.receive(frame(FRAME.DATA, flags, stream, body), 0)) {
      if (event.kind === "message") got.push(event.message.slice());
      else expect(event.kind).toBe("end");
    }
    for (const line of lines()) {
      const [, id, more] = /^WINDOW_UPDATE (\d+) (\d+)/.exec(line) ?? [];
      if (id === "0") windows[0] += Number(more);
      else {
        updates++;
        windows[1] += Number(more);
      }
    }
  }
  return { got, updates };
}

function connect(messageBytesMax = MAX): {
  grpc: GrpcConnection;
  client: MadeClient;
  lines: () => readonly string[];
  fields: () => readonly Pair[];
  handled: readonly string[];
} {
  const client = new MadeClient();
  const handled: string[] = [];
  const grpc = new GrpcConnection({
    messageBytesMax,
    ...OPTIONS,
    connection: 1,
    commonName: "",
    onCrowded: () => undefined,
    onHandled: (path, code) => handled.push(`${path} ${code}`),
    takesOne: (path) => path.endsWith("/One"),
    refusalOf: (path) =>
      path === "/unknown" ? { code: 12, message: `nobody serves ${path}` } : null,
  });
  grpc.receive(client.hello([SETTING.INITIAL_WINDOW_SIZE, WINDOW_INITIAL]), 0);
  const said = (): ReturnType<MadeClient["read"]> => client.read(grpc.takeOutput());
  expect(said().some(({ number }) => number === CODE.PROTOCOL_ERROR)).toBe(false);
  return {
    grpc,
    client,
    lines: () => said().map(lineOf),
    fields: () => said().flatMap((each) => each.fields),
    handled,
  };
}

function callOf(events: readonly AnyEvent[]): GrpcCall {
  const [event] = events;
  if (event === undefined || !("call" in event)) return expect.fail("no call");
  return event.call;
}

function textsOf(events: readonly AnyEvent[]): readonly string[] {
  return events.map((event) =>
    event.kind === "message" ? String.fromCharCode(...event.message) : event.kind,
  );
}

function kinds(events: readonly AnyEvent[]): readonly string[] {
  return events.map(({ kind }) => kind);
}
