// Clients that send anything: the same bytes mean the same in whatever pieces they come, and
// nothing that comes is thrown at, waited for without an end, or answered without a measure.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CONNECTION_WINDOW, Http2Connection } from "./connection.ts";
import { FLAG, FRAME, SETTING } from "./frames.ts";
import { GrpcConnection } from "./grpc.ts";
import { concat, frame, MadeClient, message, OPTIONS, REQUEST, toHex } from "./testing.ts";

const STREAMS_MAX = 20;

type Make = (client: MadeClient) => Uint8Array;

describe("any bytes", () => {
  it("mean the same in whatever pieces they come", () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(fc.array(aFrame(), { maxLength: 20 }), cuts, (makes, sizes) => {
        const bytes = dialogue(makes);
        expect(listen(bytes, sizes)).toEqual(listen(bytes, [bytes.length]));
      }),
      { seed: 8, numRuns: 250 },
    );
  });

  it("are survived, with answers that are in proportion", () => {
    const change = fc.record({
      at: fc.nat(),
      kind: fc.constantFrom("set", "insert", "delete", "cut"),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
    });
    const makes = fc.array(aFrame(), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(makes, fc.array(change, { maxLength: 4 }), (script, changes) => {
        let bytes: Uint8Array = dialogue(script);
        for (const { at, kind, bytes: other } of changes) {
          const where = 24 + (at % Math.max(1, bytes.length - 24));
          const head = bytes.slice(0, where);
          if (kind === "insert") bytes = concat(head, other, bytes.slice(where));
          else if (kind === "set") bytes = concat(head, other, bytes.slice(where + other.length));
          else if (kind === "delete") bytes = concat(head, bytes.slice(where + other.length));
          else bytes = head;
        }
        serve(bytes);
      }),
      { seed: 9, numRuns: 1500 },
    );
  });

  it("are survived after a preface", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        serve(concat(new MadeClient().hello(), bytes));
      }),
      { seed: 10, numRuns: 2000 },
    );
  });
});

/** What a connection tells and says, with nobody answering. */
function listen(bytes: Uint8Array, sizes: readonly number[]): readonly unknown[] {
  const connection = new Http2Connection(OPTIONS);
  const events: unknown[] = [];
  const output: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const end = at + (sizes[turn % sizes.length] as number);
    const piece = bytes.slice(at, end);
    for (const event of connection.receive(piece, 0)) {
      events.push(event.kind === "data" ? { ...event, bytes: toHex(event.bytes) } : event);
    }
    piece.fill(0xee); // whoever keeps a view of it will not like this
    output.push(...connection.takeOutput());
    at = end;
  }
  return [...events, toHex(concat(...output))];
}

/** A server that answers everything at once. */
function serve(bytes: Uint8Array): void {
  const grpc = new GrpcConnection({
    messageBytesMax: 100_000,
    ...OPTIONS,
    commonName: "",
    connection: 1,
    streamsMax: STREAMS_MAX,
    onCrowded: () => undefined,
    refusalOf: () => null,
    takesOne: () => false,
    onHandled: () => undefined,
  });
  let output = 0;
  let answers = 0;
  for (let at = 0; at < bytes.length; at += 1000) {
    for (const event of grpc.receive(bytes.subarray(at, at + 1000), 0)) {
      if (event.kind === "message") {
        answers += event.message.length + 40;
        grpc.send(event.call, [event.message.slice()]);
      } else if (event.kind === "end") grpc.finish(event.call, null);
    }
    for (const run of grpc.takeOutput()) output += run.length;
  }
  expect(output).toBeLessThanOrEqual(200 + answers + 16 * bytes.length);
  expect(grpc.abandon().length).toBeLessThanOrEqual(STREAMS_MAX);
}

function dialogue(makes: readonly Make[]): Uint8Array {
  const client = new MadeClient();
  const opened = [client.headers(1), client.headers(3)];
  return concat(client.hello(), ...opened, ...makes.map((make) => make(client)));
}

/** What a client may say, and now and then what none may. */
function aFrame(): fc.Arbitrary<Make> {
  const id = fc.constantFrom(1, 3, 5, 7, 9);
  const payload = fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((bytes) => message(bytes)),
    fc.uint8Array({ maxLength: 40 }),
    fc.constant(message(new Uint8Array(60_000).fill(9)).slice(0, 16_384)),
  );
  const window = fc.constantFrom(1, 100, 65_535, CONNECTION_WINDOW);
  const honest: readonly fc.Arbitrary<Make>[] = [
    fc.tuple(id, fc.boolean()).map(([stream, ended]) => {
      return (client) => client.headers(stream, REQUEST, ended);
    }),
    fc.tuple(id, payload, fc.nat({ max: 9 })).map(([stream, bytes, last]) => {
      return (client) => client.data(stream < 5 ? stream : 1, bytes, last === 0);
    }),
    id.map((stream) => (client) => split(client, stream)),
    fc.tuple(id, window).map(
      ([stream, by]) =>
        (client) =>
          client.widen(stream % 5, by),
    ),
    fc.tuple(fc.constantFrom(1, 3, 4, 6, 99), window).map(([setting, value]) => {
      return (client) => client.settings([setting, value]);
    }),
    id.map((stream) => (client) => client.reset(stream < 5 ? stream : 1)),
    fc.constant((client) => client.ping()),
  ];
  const anything = fc.tuple(fc.nat({ max: 12 }), fc.nat({ max: 255 }), fc.nat({ max: 9 }), payload);
  const rough: readonly fc.Arbitrary<Make>[] = [
    anything.map(
      ([type, flags, stream, bytes]) =>
        () =>
          frame(type, flags, stream, bytes),
    ),
    fc.constantFrom(...Object.values(SETTING)).map((setting) => {
      return (client) => client.settings([setting, 0x7fffffff]);
    }),
  ];
  const data = honest[1] as fc.Arbitrary<Make>;
  return fc.oneof(
    { weight: 8, arbitrary: data },
    { weight: 8, arbitrary: fc.oneof(...honest) },
    { weight: 1, arbitrary: fc.oneof(...rough) },
  );
}

/** A request in two frames. */
function split(client: MadeClient, stream: number): Uint8Array {
  const block = client.block();
  return concat(
    frame(FRAME.HEADERS, 0, stream, block.slice(0, 4)),
    frame(FRAME.CONTINUATION, FLAG.END_HEADERS, stream, block.slice(4)),
  );
}
