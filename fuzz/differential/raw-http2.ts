// One request of HTTP/2, said as no gRPC library would: with any headers, and any bytes for a body.

import { connect } from "node:http2";
import type { IncomingHttpHeaders } from "node:http2";

/** Without the colon: method, path, scheme, authority are `:method` and so on. */
export type RawHeaders = Readonly<Record<string, string>>;

/** What a client sees of the end. `code` null: it is not over, or did not end as gRPC does. */
export type RawEnd = Readonly<{
  http: number | null;
  code: number | null;
  words: string; // as they are on the wire
  bytes: Uint8Array; // of the body
  how: "ended" | "open" | "reset" | "connection lost";
}>;

/** A stream that has not ended until then goes on; anything else may be slow. */
const OPEN_MS = 200;
const PATIENCE_MS = 10_000;
const STREAMS = /\/(Watch|LeaseKeepAlive|Observe|Snapshot)$/;

const USUAL: RawHeaders = {
  ":method": "POST",
  te: "trailers",
  "content-type": "application/grpc",
};

/** `headers` come beside or instead of the usual ones; an empty one leaves out its name. */
export function requestRaw(url: string, headers: RawHeaders, body: Uint8Array): Promise<RawEnd> {
  const { promise, resolve } = Promise.withResolvers<RawEnd>();
  const said = Object.entries({ ...USUAL, ...headers }).filter(([, value]) => value !== "");
  const chunks: Uint8Array[] = [];
  let http: number | null = null;
  let status: IncomingHttpHeaders = {};
  const session = connect(url);
  const end = (how: RawEnd["how"]): void => {
    clearTimeout(timer);
    session.destroy();
    const code = status["grpc-status"] === undefined ? null : Number(status["grpc-status"]);
    const words = [status["grpc-message"] ?? ""].flat().join(", ");
    resolve({ http, code, words, bytes: Buffer.concat(chunks), how });
  };
  const isStream = STREAMS.test(headers[":path"] ?? "");
  const timer = setTimeout(() => end("open"), isStream ? OPEN_MS : PATIENCE_MS);
  session.on("error", () => end("connection lost"));
  const stream = session.request(Object.fromEntries(said));
  stream.on("response", (answered) => {
    http = answered[":status"] ?? null;
    status = { ...status, ...answered };
  });
  stream.on("trailers", (trailers) => {
    status = { ...status, ...trailers };
  });
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("error", () => end("reset"));
  stream.on("close", () => end(stream.rstCode === 0 ? "ended" : "reset"));
  stream.end(body);
  return promise;
}
