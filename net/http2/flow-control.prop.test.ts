// The client's windows, exactly: never a byte more than they allow, never a byte held back that
// they allow, whatever sizes and changes, and every byte arrives in its order.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Http2Connection } from "./connection.ts";
import { CODE, FRAME_BYTES_MAX, SETTING, WINDOW_INITIAL, WINDOW_MAX } from "./frames.ts";
import { ROOM_BYTES } from "./sender.ts";
import { concat, lineOf, MadeClient, OPTIONS, outgoing, REQUEST } from "./testing.ts";

type Act = Readonly<
  | { kind: "send"; stream: number; sizes: readonly number[] }
  | { kind: "end"; stream: number }
  | { kind: "reset"; stream: number }
  | { kind: "widen"; stream: number; by: number } // 0: the connection
  | { kind: "initial"; bytes: number }
  | { kind: "frame"; bytes: number }
>;

const STREAMS = [1, 3, 5];
const END = outgoing([["grpc-status", "0"]]);

describe("what is sent", () => {
  it("keeps to the windows, and uses them up", () => {
    fc.assert(fc.property(fc.array(anAct(), { maxLength: 40 }), run), { seed: 5, numRuns: 300 });
  });

  it("is forgotten with a stream that is reset while it waits", () => {
    const { connection, client } = connect();
    connection.send(1, [new Uint8Array(WINDOW_INITIAL)]);
    connection.send(3, [Uint8Array.of(1)]);
    connection.end(3, END);
    connection.takeOutput();
    connection.receive(concat(client.reset(3), client.widen(0, 100)), 0);
    expect(connection.hasOutput).toBe(false);
  });

  it("waits for a window of one byte at a time", () => {
    const { connection, client } = connect([SETTING.INITIAL_WINDOW_SIZE, 0]);
    connection.send(1, [Uint8Array.of(1, 2, 3)]);
    connection.end(1, END);
    const heard: string[] = [];
    for (let times = 0; times < 4; times++) {
      connection.receive(client.widen(1, 1), 0);
      heard.push(...client.read(connection.takeOutput()).map(lineOf));
    }
    expect(heard).toEqual(["DATA 1 1", "DATA 1 1", "DATA 1 1", "HEADERS 1 grpc-status=0 END"]);
  });

  it("is made into frames as the socket writes them, however wide the windows are", () => {
    const { connection, client } = connect([SETTING.INITIAL_WINDOW_SIZE, WINDOW_MAX]);
    connection.receive(client.widen(0, WINDOW_MAX - WINDOW_INITIAL), 0);
    connection.send(
      1,
      Array.from({ length: 300 }, () => new Uint8Array(10_000)),
    );
    connection.end(1, END);
    connection.send(3, [Uint8Array.of(1)]);
    const lumps: number[] = [];
    for (;;) {
      const bytes = connection.takeOutput().reduce((sum, lump) => sum + lump.length, 0);
      if (bytes === 0) break;
      expect(bytes).toBeLessThan(ROOM_BYTES + 2 * FRAME_BYTES_MAX);
      lumps.push(bytes);
      connection.written();
    }
    expect(lumps).toHaveLength(3);
    expect(connection.isHeldBack).toBe(false);
  });

  it("takes turns, a frame each, where the connection's window is what lacks", () => {
    const { connection, client } = connect([SETTING.INITIAL_WINDOW_SIZE, 1 << 20]);
    connection.send(1, [new Uint8Array(WINDOW_INITIAL + 30_000)]);
    connection.send(3, [new Uint8Array(20_000)]);
    connection.end(3, END);
    client.read(connection.takeOutput());
    connection.receive(client.widen(0, 100_000), 0);
    expect(client.read(connection.takeOutput()).map(lineOf)).toEqual([
      "DATA 1 16384",
      "DATA 3 16384",
      "DATA 1 13616",
      "DATA 3 3616",
      "HEADERS 3 grpc-status=0 END",
    ]);
  });
});

/** A client that counts, beside the connection. */
function run(acts: readonly Act[]): void {
  const { connection, client } = connect();
  let window = WINDOW_INITIAL;
  let initial = WINDOW_INITIAL;
  let frameMax = 16_384;
  const streams = new Map(STREAMS.map((id) => [id, createStream()]));
  for (const act of acts) {
    const stream = "stream" in act ? streams.get(act.stream) : undefined;
    if (act.kind === "widen" && act.stream === 0) {
      window += act.by;
      connection.receive(client.widen(0, act.by), 0);
    } else if (act.kind === "initial") {
      for (const each of streams.values()) each.window += act.bytes - initial;
      initial = act.bytes;
      connection.receive(client.settings([SETTING.INITIAL_WINDOW_SIZE, act.bytes]), 0);
    } else if (act.kind === "frame") {
      frameMax = act.bytes;
      connection.receive(client.settings([SETTING.MAX_FRAME_SIZE, act.bytes]), 0);
    } else if (stream !== undefined) {
      perform(act, stream, connection, client);
      if (act.kind === "reset") streams.delete(act.stream);
    }
    for (const said of client.read(takeAll(connection))) {
      const from = streams.get(said.stream);
      if (said.type === "DATA" && from !== undefined) {
        expect(said.bytes.length).toBeLessThanOrEqual(frameMax);
        window -= said.bytes.length;
        from.window -= said.bytes.length;
        expect(from.window).toBeGreaterThanOrEqual(0);
        expect(said.bytes.every((byte) => byte === (from.received++ & 0xff))).toBe(true);
      } else if (said.type === "HEADERS" && from !== undefined) {
        expect(from).toMatchObject({ ended: true, received: from.sent });
        streams.delete(said.stream);
      } else expect(["SETTINGS", "HEADERS"]).toContain(said.type);
    }
    expect(window).toBeGreaterThanOrEqual(0);
    for (const each of streams.values()) {
      if (each.received === each.sent) expect(each.ended).toBe(false);
      else expect(Math.min(each.window, window)).toBeLessThanOrEqual(0);
    }
  }
}

/** As a socket does that writes at once. */
function takeAll(connection: Http2Connection): Uint8Array[] {
  const runs: Uint8Array[] = [];
  while (connection.hasOutput) {
    runs.push(...connection.takeOutput());
    connection.written();
  }
  return runs;
}

type Counted = { window: number; sent: number; received: number; ended: boolean };

function createStream(): Counted {
  return { window: WINDOW_INITIAL, sent: 0, received: 0, ended: false };
}

function perform(act: Act, stream: Counted, connection: Http2Connection, client: MadeClient): void {
  if (act.kind === "send" && !stream.ended) {
    const pieces = act.sizes.map((size) => {
      const piece = Uint8Array.from({ length: size }, (_, at) => stream.sent + at);
      stream.sent += size;
      return piece;
    });
    connection.send(act.stream, pieces);
  } else if (act.kind === "end") {
    stream.ended = true;
    connection.end(act.stream, END);
  } else if (act.kind === "widen") {
    stream.window += act.by;
    connection.receive(client.widen(act.stream, act.by), 0);
  } else if (act.kind === "reset") connection.receive(client.reset(act.stream), 0);
}

function connect(...settings: readonly (readonly [number, number])[]): {
  connection: Http2Connection;
  client: MadeClient;
} {
  const connection = new Http2Connection(OPTIONS);
  const client = new MadeClient();
  const requests = STREAMS.map((id) => client.headers(id, REQUEST, true));
  connection.receive(concat(client.hello(...settings), ...requests), 0);
  const said = client.read(connection.takeOutput());
  expect(said.some(({ number }) => number === CODE.PROTOCOL_ERROR)).toBe(false);
  return { connection, client };
}

function anAct(): fc.Arbitrary<Act> {
  const stream = fc.constantFrom(...STREAMS);
  const size = fc.oneof(
    fc.nat({ max: 40 }),
    fc.constantFrom(4095, 4096, 4097, 16_384),
    fc.nat({ max: 50_000 }),
  );
  return fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("send" as const),
        stream,
        sizes: fc.array(size, { maxLength: 3 }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("widen" as const),
        stream: fc.constantFrom(0, ...STREAMS),
        by: size.map((by) => by + 1),
      }),
    },
    fc.record({ kind: fc.constant("initial" as const), bytes: size }),
    fc.record({ kind: fc.constant("frame" as const), bytes: fc.constantFrom(16_384, 40_000) }),
    fc.record({ kind: fc.constant("end" as const), stream }),
    fc.record({ kind: fc.constant("reset" as const), stream }),
  );
}
