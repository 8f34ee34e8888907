// A small etcd client for live tests and the terminal screen: requests as plain data, over the same
// codec as the server. One endpoint, no retries: the caller decides what a failure means.

import { Client, credentials, Metadata } from "@grpc/grpc-js";
import type { ChannelCredentials, ServiceError } from "@grpc/grpc-js";
import type { ApiError } from "../../core/api/errors.ts";
import type {
  Request,
  Response,
  SnapshotResponse,
  WatchAsk,
  WatchResponse,
} from "../../core/api/request.ts";
import type { Result } from "../../core/contract.ts";
import { decodeResponse, encodeRequest, errorFromStatus, pathOf } from "../wire/methods/methods.ts";
import { addressOf } from "./address.ts";
import type { Address } from "./address.ts";

export interface EtcdClient {
  /** Always resolves: a failure says by `definite` whether the call certainly did not happen. A
   *  token says for whom it is. */
  readonly call: (request: Request, timeoutMs: number, token?: string) => Promise<Result<Response>>;
  /** A stream of watches. It ends with an error, at the latest when it is left. */
  readonly watch: (
    onResponse: (response: WatchResponse) => void,
    onEnd: (error: ApiError) => void,
  ) => WatchStream;
  /** The pieces of a snapshot, for whoever this token was given to, "" where none is asked for. An
   *  error is the last thing it says. Whoever breaks off leaves. */
  readonly snapshot: (token: string) => AsyncGenerator<Result<SnapshotResponse>, void, void>;
  readonly close: () => void;
}

export interface WatchStream {
  readonly ask: (ask: WatchAsk) => void;
  readonly leave: () => void;
  /** Reads no more until it is resumed: a slow client. */
  readonly pause: () => void;
  readonly resume: () => void;
}

const WATCH_PATH = pathOf({ kind: "watch", ask: { kind: "nothing" } });
const RECONNECT_MS_MIN = 100;
const RECONNECT_MS_MAX = 1000;

/** What a client believes, and what it shows: in PEM, null where there is none. */
export type ClientSecrets = Readonly<{
  ca: Uint8Array | null; // null: those that Node believes
  certificate: Uint8Array | null;
  key: Uint8Array | null;
  isTrusting: boolean; // whoever answers is believed to be who was called
}>;
const NO_SECRETS: ClientSecrets = { ca: null, certificate: null, key: null, isTrusting: false };

/** For URLs, or "host:port"; TLS where the URL says so. Connects at the first call. */
export function createEtcdClient(
  endpoint: string,
  secrets: ClientSecrets = NO_SECRETS,
): EtcdClient {
  const address = addressOf(endpoint);
  const client = new Client(targetOf(address), credentialsFor(address, secrets), {
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
    "grpc.enable_retries": 0,
    "grpc.use_local_subchannel_pool": 1, // a connection of its own
    "grpc.initial_reconnect_backoff_ms": RECONNECT_MS_MIN,
    "grpc.max_reconnect_backoff_ms": RECONNECT_MS_MAX,
    "grpc.enable_channelz": 0,
    "grpc.service_config_disable_resolution": 1,
  });
  return {
    call: (request, timeoutMs, token = "") => callOnce(client, request, timeoutMs, token),
    watch: (onResponse, onEnd) => openWatch(client, onResponse, onEnd),
    snapshot: (token) => readSnapshot(client, token),
    close: () => client.close(),
  };
}

function targetOf(address: Address): string {
  if (address.kind === "file") return `unix:${address.path}`;
  const { host, port } = address;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function credentialsFor({ isSecure }: Address, secrets: ClientSecrets): ChannelCredentials {
  if (!isSecure) return credentials.createInsecure();
  const { ca, certificate, key, isTrusting } = secrets;
  const [roots, own, chain] = [ca, key, certificate].map((pem) => pem && Buffer.from(pem));
  return credentials.createSsl(roots, own, chain, { rejectUnauthorized: !isTrusting });
}

function openWatch(
  client: Client,
  onResponse: (response: WatchResponse) => void,
  onEnd: (error: ApiError) => void,
): WatchStream {
  const stream = client.makeBidiStreamRequest(WATCH_PATH, asItIs, asItIs);
  stream.on("data", (message: Buffer) => {
    const decoded = decodeResponse(WATCH_PATH, message);
    if (!decoded.ok) stream.destroy(new Error(decoded.error.message));
    else if (decoded.value.kind === "watch") onResponse(decoded.value);
  });
  stream.on("error", () => undefined); // told as the status
  stream.on("status", ({ code, details }) => onEnd(errorFromStatus(code, details)));
  return {
    ask: (ask) => void stream.write(Buffer.from(encodeRequest({ kind: "watch", ask }))),
    leave: () => stream.cancel(),
    pause: () => stream.pause(),
    resume: () => stream.resume(),
  };
}

async function* readSnapshot(
  client: Client,
  token: string,
): AsyncGenerator<Result<SnapshotResponse>, void, void> {
  const request: Request = { kind: "snapshot" };
  const path = pathOf(request);
  const message = Buffer.from(encodeRequest(request));
  const metadata = metadataOf(token);
  const stream = client.makeServerStreamRequest(path, asItIs, asItIs, message, metadata);
  try {
    for await (const piece of stream) {
      const decoded = decodeResponse(path, piece as Buffer);
      if (!decoded.ok) return yield decoded;
      if (decoded.value.kind === "snapshot") yield { ok: true, value: decoded.value };
    }
  } catch (error) {
    const { code, details } = error as ServiceError;
    yield { ok: false, error: errorFromStatus(code, details) };
  } finally {
    stream.cancel();
  }
}

function callOnce(
  client: Client,
  request: Request,
  timeoutMs: number,
  token: string,
): Promise<Result<Response>> {
  const path = pathOf(request);
  const deadline = Date.now() + timeoutMs;
  return new Promise((resolve) => {
    const done = (error: ServiceError | null, answer?: Buffer): void => {
      if (error) resolve({ ok: false, error: errorFromStatus(error.code, error.details) });
      else resolve(decodeResponse(path, answer ?? Buffer.alloc(0)));
    };
    const message = Buffer.from(encodeRequest(request));
    const metadata = metadataOf(token);
    client.makeUnaryRequest(path, asItIs, asItIs, message, metadata, { deadline }, done);
  });
}

function metadataOf(token: string): Metadata {
  const metadata = new Metadata();
  if (token !== "") metadata.set("token", token);
  return metadata;
}

function asItIs(message: Buffer): Buffer {
  return message;
}
