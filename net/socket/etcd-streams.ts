// Streams of gRPC on the client port: messages both ways until one side ends it.

import type { GrpcCall, GrpcEvent } from "../http2/grpc.ts";
import { lengthOf } from "../http2/grpc.ts";
import { decodeRequest, encodePieces, findMethod } from "../wire/methods/methods.ts";
import { isStreamRequest } from "../../core/api/request.ts";
import type { StreamRequest } from "../../core/api/request.ts";
import { ERRORS } from "../../core/api/errors.ts";
import type { ApiError } from "../../core/api/errors.ts";
import { assert } from "../../core/lib/assert.ts";
import type { CallSink, OpenStream } from "./call-sink.ts";
import { StreamFlow } from "./flow/stream-flow.ts";
import type { GrpcSocket } from "./http2-socket.ts";

const NOTHING = new Uint8Array(0);
/** What stands for a stream on which nothing was said yet. */
const SILENCE: StreamRequest = { kind: "watch", ask: { kind: "nothing" } };

class Stream {
  readonly #onEnd: () => void;
  readonly #server: OpenStream;
  readonly #flow: StreamFlow;

  constructor(
    call: GrpcCall,
    client: GrpcSocket,
    first: StreamRequest,
    sink: CallSink,
    onEnd: () => void,
  ) {
    this.#onEnd = onEnd;
    this.#flow = new StreamFlow({
      credit: (items) => this.#server.credit(items),
      hold: (held) => client.hold(call, held),
      hasRoom: () => client.hasRoom(call),
    });
    this.#server = sink.openStream(first, call, {
      push: (response) => {
        if (response.kind === "lease_keep_alive") this.#flow.answered();
        const pieces = encodePieces(response);
        client.send(call, pieces);
        this.#flow.pushed(lengthOf(pieces));
      },
      end: (error) => {
        onEnd();
        client.finish(call, error);
      },
    });
    if (first.kind === "lease_keep_alive") this.#flow.asked();
  }

  say(request: StreamRequest): void {
    if (request.kind === "lease_keep_alive") this.#flow.asked();
    this.#server.say(request);
  }

  close(): void {
    this.#server.close();
  }

  cancel(): void {
    this.#onEnd();
    this.#server.cancel();
  }

  giveBack(): void {
    this.#flow.giveBack();
  }
}

export function createStreamService(
  sink: CallSink,
): (event: GrpcEvent, client: GrpcSocket) => void {
  const streams = new Map<GrpcCall, Stream>();
  const silent = new Map<GrpcCall, OpenStream>();
  /** Who wants a leader hears that there is none before it has said anything. */
  const onOpen = (call: GrpcCall, client: GrpcSocket): void => {
    if (findMethod(call.path)?.stream !== "both") return;
    const end = (error: ApiError | null): void => {
      silent.delete(call);
      client.finish(call, error);
    };
    const stream = sink.openStream(SILENCE, call, { push: () => {}, end });
    if (client.awaits(call)) silent.set(call, stream);
  };
  const breakSilence = (call: GrpcCall): void => {
    silent.get(call)?.cancel();
    silent.delete(call);
  };
  const onMessage = (call: GrpcCall, message: Uint8Array, client: GrpcSocket): void => {
    if (!client.awaits(call)) return;
    const open = streams.get(call);
    const request = decodeRequest(call.path, message);
    if (!request.ok) {
      open?.cancel();
      return client.finish(call, request.error);
    }
    assert(isStreamRequest(request.value), `${call.path} is no stream`);
    if (open !== undefined) return open.say(request.value);
    const stream = new Stream(call, client, request.value, sink, () => streams.delete(call));
    if (client.awaits(call)) streams.set(call, stream);
  };
  const onEnd = (call: GrpcCall, client: GrpcSocket): void => {
    if (!client.awaits(call)) return;
    const open = streams.get(call);
    if (open !== undefined) return open.close();
    const method = findMethod(call.path);
    if (method?.stream === "server") return client.finish(call, ERRORS.NoMessage);
    // as in etcd, keep-alives are over with their last, and watches are not
    if (method?.kind !== "watch") return client.finish(call, null);
    onMessage(call, NOTHING, client);
    streams.get(call)?.close();
  };
  return (event, client) => {
    if (event.kind === "open") return onOpen(event.call, client);
    if (event.kind !== "failed" && event.kind !== "room") breakSilence(event.call);
    switch (event.kind) {
      case "message":
        return onMessage(event.call, event.message, client);
      case "room":
        return streams.get(event.call)?.giveBack();
      case "end":
        return onEnd(event.call, client);
      case "cancel":
        return streams.get(event.call)?.cancel();
      case "failed":
    }
  };
}
