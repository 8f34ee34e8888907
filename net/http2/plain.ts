// Requests on a connection that are no gRPC: browsers, curl over TLS. Their fields and bytes go to
// whoever serves plain HTTP as they come. A request that is held gets no window for more.

import type { ConnectionEvent, Http2Connection } from "./connection.ts";
import { WINDOW_INITIAL } from "./frames.ts";
import { createField } from "./hpack/header-field.ts";
import type { Field } from "./hpack/header-field.ts";
import type { OutgoingField, OutgoingFields } from "./hpack/encoder.ts";
import { StreamTable } from "./stream-table.ts";

/** The same object from the first event of a request to its last. */
export interface PlainRequest {
  readonly stream: number;
  readonly connection: number;
  readonly fields: readonly Field[];
}

export type PlainEvent = Readonly<
  | { kind: "request"; request: PlainRequest }
  | { kind: "body"; request: PlainRequest; bytes: Uint8Array } // a view: good until `receive`
  | { kind: "body end"; request: PlainRequest }
  | { kind: "request room"; request: PlainRequest } // what waited for the client has left
  | { kind: "request gone"; request: PlainRequest }
>;

export type PlainFields = readonly (readonly [name: string, value: string])[];
type Own = PlainRequest & { held: boolean };

/** What ends an answer that has a body. */
const NO_TRAILERS: OutgoingFields = [];

export class PlainRequests {
  readonly #connection: Http2Connection;
  readonly #number: number;
  readonly #requests = new StreamTable<Own>();

  constructor(connection: Http2Connection, number: number) {
    this.#connection = connection;
    this.#number = number;
  }

  /** The events of a request that has come. */
  open(stream: number, fields: readonly Field[], ended: boolean): readonly PlainEvent[] {
    const request: Own = { stream, connection: this.#number, fields, held: false };
    this.#requests.add(stream, request);
    const begun: PlainEvent = { kind: "request", request };
    return ended ? [begun, { kind: "body end", request }] : [begun];
  }

  get isBusy(): boolean {
    return this.#requests.size > 0;
  }

  /** What a connection's event is for the requests. */
  on(event: ConnectionEvent): readonly PlainEvent[] {
    if (event.kind === "failed") return this.abandon().map(gone);
    if (event.kind !== "data" && event.kind !== "room" && event.kind !== "reset") return [];
    const request = this.#requests.get(event.stream);
    if (request === null) return [];
    if (event.kind === "room") return [{ kind: "request room", request }];
    if (event.kind === "reset") {
      this.#requests.delete(event.stream);
      return [gone(request)];
    }
    this.#widen(request);
    const body: PlainEvent = { kind: "body", request, bytes: event.bytes };
    return event.ended ? [body, { kind: "body end", request }] : [body];
  }

  begin(request: PlainRequest, status: number, fields: PlainFields): void {
    if (!this.awaits(request)) return;
    const head = [[":status", String(status)] as const, ...fields];
    this.#connection.respond(request.stream, head.map(outgoing));
  }

  /** The bytes must not change afterwards. */
  send(request: PlainRequest, bytes: Uint8Array): void {
    if (this.awaits(request)) this.#connection.send(request.stream, [bytes]);
  }

  end(request: PlainRequest): void {
    if (!this.awaits(request)) return;
    this.#requests.delete(request.stream);
    this.#connection.end(request.stream, NO_TRAILERS);
  }

  hold(request: PlainRequest, held: boolean): void {
    const own = this.#requests.get(request.stream);
    if (own !== request) return;
    own.held = held;
    this.#widen(own);
  }

  /** The client has gone. */
  abandon(): readonly PlainRequest[] {
    const requests = this.#requests.values();
    this.#requests.clear();
    return requests;
  }

  /** Whether its answer has not ended yet. Of one whose has, the others say nothing. */
  awaits(request: PlainRequest): boolean {
    return this.#requests.get(request.stream) === request;
  }

  #widen({ stream }: PlainRequest): void {
    const window = this.#connection.windowOf(stream);
    const isHeld = this.#requests.get(stream)?.held ?? true;
    if (isHeld || window >= WINDOW_INITIAL / 2) return;
    this.#connection.widen(stream, WINDOW_INITIAL - window);
  }
}

function gone(request: PlainRequest): PlainEvent {
  return { kind: "request gone", request };
}

function outgoing([name, value]: readonly [name: string, value: string]): OutgoingField {
  return { ...createField(name, value), repeats: name !== "content-length" && name !== "date" };
}
