// A client that hands out what a server says as it is on the wire, for both servers alike.

import { Client, credentials } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";
import { hostAndPort } from "../../net/socket/listen.ts";

/** How a call ended; `bytes` of a call that failed are empty. */
export type RawAnswer = Readonly<{ code: number; words: string; bytes: Uint8Array }>;

export interface RawStream {
  readonly say: (message: Uint8Array) => void;
  readonly heard: readonly Uint8Array[];
  /** Null while it is open. */
  readonly end: () => RawAnswer | null;
  readonly leave: () => void;
}

export interface RawClient {
  readonly call: (path: string, message: Uint8Array) => Promise<RawAnswer>;
  readonly open: (path: string) => RawStream;
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
    call: (path, message) => callOnce(client, path, message),
    open: (path) => openStream(client, path),
    close: () => client.close(),
  };
}

function callOnce(client: Client, path: string, message: Uint8Array): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const done = (error: ServiceError | null, answer?: Buffer): void => {
      if (error) resolve({ code: error.code, words: error.details, bytes: NOTHING });
      else resolve({ code: 0, words: "", bytes: answer ?? NOTHING });
    };
    const deadline = Date.now() + TIMEOUT_MS;
    client.makeUnaryRequest(path, asItIs, asItIs, Buffer.from(message), { deadline }, done);
  });
}

function openStream(client: Client, path: string): RawStream {
  const stream = client.makeBidiStreamRequest(path, asItIs, asItIs);
  const heard: Uint8Array[] = [];
  let end: RawAnswer | null = null;
  stream.on("data", (message: Buffer) => heard.push(message));
  stream.on("error", () => undefined); // told as the status
  stream.on("status", ({ code, details }) => {
    end = { code, words: details, bytes: NOTHING };
  });
  return {
    say: (message) => void stream.write(Buffer.from(message)),
    heard,
    end: () => end,
    leave: () => stream.cancel(),
  };
}

function asItIs(message: Buffer): Buffer {
  return message;
}
