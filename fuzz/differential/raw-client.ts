// A client that hands out what a server says as it is on the wire, for both servers alike.

import { Client, credentials, Metadata } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";
import { hostAndPort } from "../../net/socket/address.ts";
import { requestRaw } from "./raw-http2.ts";
import type { RawEnd, RawHeaders } from "./raw-http2.ts";

/** How a call ended; `bytes` of a call that failed are empty. */
export type RawAnswer = Readonly<{ code: number; words: string; bytes: Uint8Array }>;

export interface RawStream {
  readonly say: (message: Uint8Array) => void;
  /** Says no more, and listens. */
  readonly halfClose: () => void;
  readonly heard: readonly Uint8Array[];
  /** Null while it is open. */
  readonly end: () => RawAnswer | null;
  readonly leave: () => void;
}

export interface RawClient {
  /** `token`: of a user; null for nobody. */
  readonly call: (path: string, message: Uint8Array, token: string | null) => Promise<RawAnswer>;
  readonly open: (path: string, token: string | null) => RawStream;
  /** A request of HTTP/2 as it is (raw-http2.ts). */
  readonly raw: (headers: RawHeaders, body: Uint8Array) => Promise<RawEnd>;
  readonly close: () => void;
}

const TIMEOUT_MS = 20_000;
const RECONNECT_MS = 100;
const NOTHING = new Uint8Array(0);

/** All calls and streams share one connection, so that a server gets them in the order said. */
export function createRawClient(url: string): RawClient {
  const { host, port } = hostAndPort(url);
  const client = new Client(`${host}:${port}`, credentials.createInsecure(), {
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
    "grpc.enable_retries": 0,
    "grpc.use_local_subchannel_pool": 1,
    "grpc.enable_channelz": 0,
    "grpc.initial_reconnect_backoff_ms": RECONNECT_MS,
    "grpc.max_reconnect_backoff_ms": RECONNECT_MS,
    "grpc.service_config_disable_resolution": 1,
  });
  return {
    call: (path, message, token) => callOnce(client, path, message, metadataOf(token)),
    open: (path, token) => openStream(client, path, metadataOf(token)),
    raw: (headers, body) => requestRaw(url, headers, body),
    close: () => client.close(),
  };
}

function callOnce(
  client: Client,
  path: string,
  message: Uint8Array,
  metadata: Metadata,
): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const done = (error: ServiceError | null, answer?: Buffer): void => {
      if (error) resolve({ code: error.code, words: error.details, bytes: NOTHING });
      else resolve({ code: 0, words: "", bytes: answer ?? NOTHING });
    };
    const deadline = Date.now() + TIMEOUT_MS;
    const bytes = Buffer.from(message);
    client.makeUnaryRequest(path, asItIs, asItIs, bytes, metadata, { deadline }, done);
  });
}

function openStream(client: Client, path: string, metadata: Metadata): RawStream {
  const stream = client.makeBidiStreamRequest(path, asItIs, asItIs, metadata);
  const heard: Uint8Array[] = [];
  let end: RawAnswer | null = null;
  stream.on("data", (message: Buffer) => heard.push(message));
  stream.on("error", () => undefined); // told as the status
  stream.on("status", ({ code, details }) => {
    end = { code, words: details, bytes: NOTHING };
  });
  return {
    say: (message) => void stream.write(Buffer.from(message)),
    halfClose: () => void stream.end(),
    heard,
    end: () => end,
    leave: () => stream.cancel(),
  };
}

function metadataOf(token: string | null): Metadata {
  const metadata = new Metadata();
  if (token !== null) metadata.set("token", token);
  return metadata;
}

function asItIs(message: Buffer): Buffer {
  return message;
}
