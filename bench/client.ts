// A client for etcd's API that costs little, so that a load does not measure itself: Node's own
// HTTP/2, and answers that stay bytes until somebody wants to know what is in them. It stalls as a
// real one does: a stream that is not read is not given more room to send.

import { connect, constants } from "node:http2";
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from "node:http2";
import type { Request, Response } from "../core/api/request.ts";
import { decodeResponse, encodeRequest, pathOf } from "../net/wire/methods/methods.ts";

/** Code 0: answered. `bytes` counts what came, also where `message` was not kept. */
export type Answer = Readonly<{ code: number; words: string; message: Uint8Array; bytes: number }>;
export type CallOptions = Readonly<{ timeoutMs?: number; token?: string; isKept?: boolean }>;

/** What grpc-go comes to offer where it is sent much. */
const WINDOW_BYTES = 16 * 1024 * 1024;
/** What HTTP/2 begins with. */
export const WINDOW_BYTES_MIN = 65_535;
const STREAMS_MAX = 2 ** 32 - 1; // until the server says otherwise
const SESSION_MEGABYTES = 4096;
const PREFIX_BYTES = 5;
const PATIENCE_MS = 30_000;
const UNAVAILABLE = 14;
const DEADLINE_EXCEEDED = 4;

/** One connection to one member. When it is lost, the next call makes another. */
export class Client {
  readonly endpoint: string;
  readonly #windowBytes: number;
  #session: ClientHttp2Session | null = null;
  #loss = "the connection was closed";

  constructor(endpoint: string, windowBytes: number = WINDOW_BYTES) {
    this.endpoint = endpoint;
    this.#windowBytes = windowBytes;
  }

  /** A call of any kind, opened; what is said on it is up to the caller. */
  open(path: string, token = ""): ClientHttp2Stream {
    const fields = { ":method": "POST", ":path": path, "content-type": "application/grpc" };
    const more = token === "" ? {} : { token };
    const stream = this.#connected().request({ ...fields, te: "trailers", ...more });
    stream.on("error", () => undefined); // told as the status
    return stream;
  }

  /** Always resolves. Nothing is kept of an answer that only has to arrive: `isKept` false. */
  call(request: Request, options: CallOptions = {}): Promise<Answer> {
    const { timeoutMs = PATIENCE_MS, token = "", isKept = true } = options;
    const stream = this.open(pathOf(request), token);
    const chunks: Buffer[] = [];
    let bytes = 0;
    stream.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (isKept) chunks.push(chunk);
    });
    stream.end(framed(encodeRequest(request)));
    return new Promise((resolve) => {
      const late = setTimeout(() => {
        resolve({ ...NO_ANSWER, code: DEADLINE_EXCEEDED, words: `no answer in ${timeoutMs} ms` });
        stream.close(constants.NGHTTP2_CANCEL);
      }, timeoutMs);
      onStatus(stream, (code, words) => {
        clearTimeout(late);
        const said = code === UNAVAILABLE && words === "" ? this.#loss : words;
        resolve({
          code,
          words: said,
          message: Buffer.concat(chunks).subarray(PREFIX_BYTES),
          bytes,
        });
      });
    });
  }

  /** For what has to work, or there is nothing to measure. */
  async ask(request: Request, options: CallOptions = {}): Promise<Response> {
    const { code, words, message } = await this.call(request, options);
    if (code !== 0) throw new Error(`${request.kind} at ${this.endpoint}: ${words} (code ${code})`);
    const decoded = decodeResponse(pathOf(request), message);
    if (!decoded.ok) throw new Error(`${request.kind}: ${decoded.error.message}`);
    return decoded.value;
  }

  close(): void {
    this.#session?.destroy();
  }

  #connected(): ClientHttp2Session {
    if (this.#session !== null) return this.#session;
    const session = connect(`http://${this.endpoint}`, {
      settings: { enablePush: false, initialWindowSize: this.#windowBytes },
      peerMaxConcurrentStreams: STREAMS_MAX,
      maxSessionMemory: SESSION_MEGABYTES,
    });
    session.setMaxListeners(0);
    session.once("connect", () => session.setLocalWindowSize(this.#windowBytes));
    const lost = (): void => {
      if (this.#session === session) this.#session = null;
    };
    session.on("error", (error: Error) => (this.#loss = error.message));
    session.once("goaway", lost);
    session.once("close", lost);
    this.#session = session;
    return session;
  }
}

/** The messages of a stream, as they become complete. */
export class Messages {
  #unread: Buffer = Buffer.alloc(0);

  take(chunk: Buffer): Uint8Array[] {
    this.#unread = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    const messages: Uint8Array[] = [];
    while (this.#unread.length >= PREFIX_BYTES) {
      const end = PREFIX_BYTES + this.#unread.readUInt32BE(1);
      if (this.#unread.length < end) break;
      messages.push(this.#unread.subarray(PREFIX_BYTES, end));
      this.#unread = this.#unread.subarray(end);
    }
    return messages;
  }
}

const NO_ANSWER: Answer = { code: UNAVAILABLE, words: "", message: new Uint8Array(), bytes: 0 };

/** A message with gRPC's prefix. */
export function framed(message: Uint8Array): Buffer {
  const bytes = Buffer.alloc(PREFIX_BYTES + message.length);
  bytes.writeUInt32BE(message.length, 1);
  bytes.set(message, PREFIX_BYTES);
  return bytes;
}

/** Calls back once, when the call is over: 0, or why it failed. Lost connections say nothing. */
export function onStatus(
  stream: ClientHttp2Stream,
  onEnd: (code: number, words: string) => void,
): void {
  let status: readonly [code: number, words: string] = [UNAVAILABLE, ""];
  const read = (fields: IncomingHttpHeaders): void => {
    const code = fields["grpc-status"];
    const words = fields["grpc-message"];
    if (code !== undefined) status = [Number(code), String(words ?? "").replace(/%20/g, " ")];
  };
  stream.once("response", read); // a refusal may have nothing else
  stream.once("trailers", read);
  stream.once("close", () => onEnd(status[0], status[1]));
}
