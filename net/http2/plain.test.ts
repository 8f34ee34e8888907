// Requests that are no gRPC, on the same connections as calls.

import { describe, expect, it } from "vitest";
import { toBytes } from "../../core/lib/bytes.ts";
import type { Bytes } from "../../core/contract.ts";
import { GrpcConnection } from "./grpc.ts";
import type { AnyEvent } from "./grpc.ts";
import { must } from "../../core/lib/assert.ts";
import type { PlainRequest } from "./plain.ts";
import { MadeClient, OPTIONS } from "./testing.ts";
import type { Pair } from "./testing.ts";

const POST: readonly Pair[] = [
  [":method", "POST"],
  [":scheme", "https"],
  [":path", "/v3/kv/range"],
  [":authority", "localhost"],
  ["content-type", "application/json"],
];

function connect(): Readonly<{ client: MadeClient; server: GrpcConnection }> {
  const server = new GrpcConnection({
    ...OPTIONS,
    connection: 7,
    commonName: "",
    messageBytesMax: 1000,
    refusalOf: () => null,
    takesOne: () => true,
    onHandled: () => {},
    onCrowded: () => {},
  });
  const client = new MadeClient();
  server.receive(client.hello(), 0);
  client.read(server.takeOutput());
  return { client, server };
}

function requestOf(events: readonly AnyEvent[]): PlainRequest {
  const found = events.find((event) => event.kind === "request");
  return must(found ?? null, "a request came").request;
}

function kinds(events: readonly AnyEvent[]): readonly string[] {
  return events.map(({ kind }) => kind);
}

function bytesOf(text: string): Uint8Array {
  return toBytes(text as Bytes);
}

describe("a request of plain HTTP", () => {
  it("comes with its fields and its body, and is answered in DATA", () => {
    const { client, server } = connect();
    const opened = server.receive(client.headers(1, POST), 0);
    expect(kinds(opened)).toEqual(["request"]);
    const request = requestOf(opened);
    expect(request.fields.map(({ name }) => name)).toContain(":path");
    expect(kinds(server.receive(client.data(1, bytesOf("{}"), true), 0))).toEqual([
      "body",
      "body end",
    ]);
    server.plain.begin(request, 200, [["content-type", "application/json"]]);
    server.plain.send(request, bytesOf("{}"));
    server.plain.end(request);
    const said = client.read(server.takeOutput());
    expect(said.map(({ type, flags }) => `${type} ${flags}`)).toEqual([
      "HEADERS 4",
      "DATA 0",
      "DATA 1",
    ]);
    expect(server.isIdle).toBe(true);
    expect(kinds(server.receive(client.headers(3, POST, true), 0))).toEqual([
      "request",
      "body end",
    ]);
  });

  it("gets a window for more as its body is read, unless it is held", () => {
    const { client, server } = connect();
    const request = requestOf(server.receive(client.headers(1, POST), 0));
    const large = new Uint8Array(16_000);
    const widened = (): number => {
      const said = client.read(server.takeOutput());
      return said.filter(({ type, stream }) => type === "WINDOW_UPDATE" && stream === 1).length;
    };
    server.plain.hold(request, true);
    for (let nth = 0; nth < 4; nth++) server.receive(client.data(1, large), 0);
    expect(widened()).toBe(0);
    server.plain.hold(request, false);
    expect(widened()).toBe(1);
  });

  it("is gone when its client is", () => {
    const { client, server } = connect();
    const request = requestOf(server.receive(client.headers(1, POST), 0));
    expect(kinds(server.receive(client.reset(1), 0))).toEqual(["request gone"]);
    server.plain.begin(request, 200, []);
    server.plain.end(request);
    expect(client.read(server.takeOutput())).toEqual([]);
    requestOf(server.receive(client.headers(3, POST), 0));
    expect(kinds(server.receive(client.headers(2, POST), 0))).toEqual(["request gone", "failed"]);
  });
});
