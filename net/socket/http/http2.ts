// A request of plain HTTP over HTTP/2 as an exchange.

import type { PlainRequest } from "../../http2/plain.ts";
import type { GrpcSocket, PlainTaker } from "../http2-socket.ts";
import type { HttpExchange, HttpHandler, HttpHead } from "./exchange.ts";

export function serveHttp2(
  handler: HttpHandler,
  request: PlainRequest,
  socket: GrpcSocket,
  isSecure: boolean,
  commonName: () => string,
): PlainTaker {
  const exchange = new Http2Exchange(request, socket, isSecure, commonName);
  handler(exchange);
  return exchange;
}

class Http2Exchange implements HttpExchange, PlainTaker {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly connection: number;
  readonly isSecure: boolean;
  readonly commonName: () => string;
  readonly #request: PlainRequest;
  readonly #socket: GrpcSocket;
  #head: HttpHead = {};
  #take: (bytes: Uint8Array | null) => void = () => {};
  #onRoom: (() => void) | null = null;
  #onClose: (() => void)[] = [];

  constructor(
    request: PlainRequest,
    socket: GrpcSocket,
    isSecure: boolean,
    commonName: () => string,
  ) {
    this.#request = request;
    this.#socket = socket;
    const url = this.header(":path");
    const at = url.indexOf("?");
    this.method = this.header(":method");
    this.path = at < 0 ? url : url.slice(0, at);
    this.query = new URLSearchParams(at < 0 ? "" : url.slice(at));
    this.connection = request.connection;
    this.isSecure = isSecure;
    this.commonName = commonName;
  }

  header(name: string): string {
    const found = this.#request.fields.find((field) => field.name === name);
    if (found === undefined && name === "host") return this.header(":authority");
    return found?.value ?? "";
  }

  read(take: (bytes: Uint8Array | null) => void): void {
    this.#take = take;
  }

  hold(held: boolean): void {
    this.#socket.holdBody(this.#request, held);
  }

  lasts(): void {} // as every stream

  addHead(head: HttpHead): void {
    this.#head = head;
  }

  begin(status: number, head: HttpHead): void {
    const fields = Object.entries({ ...this.#head, ...head });
    this.#socket.begin(
      this.#request,
      status,
      fields.map(([name, value]) => [name.toLowerCase(), String(value)]),
    );
  }

  write(bytes: Uint8Array): boolean {
    return this.#socket.write(this.#request, bytes);
  }

  onRoom(then: () => void): void {
    this.#onRoom = then;
  }

  end(last: string | Uint8Array): void {
    if (last.length > 0) this.write(typeof last === "string" ? Buffer.from(last) : last);
    this.#socket.end(this.#request);
    this.gone();
  }

  onClose(then: () => void): void {
    this.#onClose.push(then);
  }

  body(bytes: Uint8Array | null): void {
    this.#take(bytes);
  }

  room(): void {
    const then = this.#onRoom;
    this.#onRoom = null;
    then?.();
  }

  gone(): void {
    const waiting = this.#onClose;
    this.#onClose = [];
    for (const then of waiting) then();
  }
}
