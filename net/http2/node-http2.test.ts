// Node's own HTTP/2 client as a judge: what it says is understood, what is said to it, too. In
// memory: no sockets.

import { connect } from "node:http2";
import type { ClientHttp2Session, IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import { duplexPair } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Http2Connection } from "./connection.ts";
import type { ConnectionEvent } from "./connection.ts";
import { OPTIONS, outgoing, pairsOf } from "./testing.ts";
import type { Pair } from "./testing.ts";

const CHARS = Array.from({ length: 0x5f }, (_, at) => String.fromCharCode(0x20 + at));

describe("Node's HTTP/2 client", () => {
  it("is understood: any headers, over one table of headers", async () => {
    const seen: Pair[][] = [];
    const { session, close } = dial((event, connection) => {
      if (event.kind !== "request") return;
      seen.push(pairsOf(event.fields));
      connection.end(event.stream, outgoing([[":status", "200"]]));
    });
    for (const headers of [[["x-all", CHARS.join("").trim()]] as Pair[], ...someHeaders()]) {
      await ask(session, Object.fromEntries(headers));
      const expected = Object.entries(Object.fromEntries(headers));
      expect(seen.at(-1)?.filter(([name]) => name.startsWith("x-"))).toEqual(expected);
    }
    close();
  });

  it.each([0, 60, 4096, 65_535])(
    "understands any headers and data, with a table of %i bytes",
    async (headerTableSize) => {
      let answer: readonly Pair[] = [];
      const { session, close } = dial(
        (event, connection) => {
          if (event.kind !== "request") return;
          connection.respond(event.stream, outgoing([[":status", "200"], ...answer]));
          connection.send(event.stream, [new Uint8Array(100_000).fill(7)]);
          connection.end(event.stream, outgoing([["grpc-status", "0"]]));
        },
        { headerTableSize },
      );
      for (answer of someHeaders()) {
        const { headers, size, trailers } = await ask(session, {});
        expect(headers).toMatchObject(Object.fromEntries(answer));
        expect(size).toBe(100_000);
        expect(trailers).toMatchObject({ "grpc-status": "0" });
      }
      close();
    },
  );

  it("sends a large body through our windows", async () => {
    let size = 0;
    const { session, close } = dial((event, connection) => {
      if (event.kind !== "data") return;
      size += event.bytes.length;
      connection.widen(event.stream, event.bytes.length);
      if (event.ended) connection.end(event.stream, outgoing([[":status", "200"]]));
    });
    await ask(session, {}, Buffer.alloc(3_000_000));
    expect(size).toBe(3_000_000);
    close();
  });
});

/** Lists of headers as they come from a fixed seed. */
function someHeaders(): Pair[][] {
  const char = fc.constantFrom(...CHARS);
  const value = fc.string({ unit: char, maxLength: 60 }).map((text) => text.trim());
  const pair: fc.Arbitrary<Pair> = fc.tuple(
    fc.constantFrom("x-a", "x-b", "x-c", "x-long-name"),
    value,
  );
  const list = fc.uniqueArray(pair, { maxLength: 4, selector: ([name]) => name });
  return fc.sample(list, { numRuns: 150, seed: 6 });
}

function dial(
  onEvent: (event: ConnectionEvent, connection: Http2Connection) => void,
  settings: { headerTableSize?: number } = {},
): { session: ClientHttp2Session; close: () => void } {
  const [near, far] = duplexPair();
  const connection = new Http2Connection(OPTIONS);
  far.on("data", (chunk: Buffer) => {
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
    for (const event of connection.receive(bytes, 0)) {
      if (event.kind === "failed") far.destroy(new Error(event.reason));
      onEvent(event, connection);
    }
    for (let runs = connection.takeOutput(); runs.length > 0; runs = connection.takeOutput()) {
      for (const run of runs) far.write(run);
      for (const event of connection.written()) onEvent(event, connection);
    }
  });
  const session = connect("http://made", { createConnection: () => near, settings });
  return { session, close: () => session.destroy() };
}

function ask(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body?: Buffer,
): Promise<{ headers: IncomingHttpHeaders; size: number; trailers: IncomingHttpHeaders }> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ":method": "POST", ":path": "/", ...headers });
    let answered: IncomingHttpHeaders = {};
    let trailers: IncomingHttpHeaders = {};
    let size = 0;
    stream.on("response", (seen) => (answered = seen));
    stream.on("trailers", (seen) => (trailers = seen));
    stream.on("data", (chunk: Buffer) => (size += chunk.length));
    stream.on("error", reject);
    stream.on("end", () => resolve({ headers: answered, size, trailers }));
    stream.end(body);
  });
}
