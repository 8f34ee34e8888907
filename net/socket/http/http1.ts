// HTTP/1.1 on the client port. Clients keep their connections for the next request; one that says
// nothing for long, or never ends its request, is cut off.

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { certifiedName } from "../tls/who.ts";
import type { HttpExchange, HttpHandler, HttpHead } from "./exchange.ts";

/** For one request, and between two. */
const PATIENCE_MS = 120_000;

type Connection = {
  readonly number: number;
  readonly handler: HttpHandler;
  readonly cut: NodeJS.Timeout;
  busy: number; // requests that are not answered yet
  lasting: boolean; // as long as both sides want
};

export class Http1Server {
  #server: Server | null = null; // made for whoever comes first: most members meet nobody
  readonly #connections = new Map<Socket, Connection>();
  #leaving = false;

  take(socket: Socket, number: number, handler: HttpHandler): void {
    const cut = setTimeout(() => {
      if (connection.lasting) cut.refresh();
      else socket.destroy();
    }, PATIENCE_MS);
    const connection: Connection = { number, handler, cut, busy: 0, lasting: false };
    this.#connections.set(socket, connection);
    socket.once("close", () => {
      clearTimeout(cut);
      this.#connections.delete(socket);
    });
    this.#server ??= createServer((request, response) => this.#serve(request, response));
    this.#server.emit("connection", socket);
    socket.resume();
  }

  /** Serves no more requests; those that are being served end. */
  leave(): void {
    this.#leaving = true;
    for (const [socket, { busy }] of this.#connections) if (busy === 0) socket.end();
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const connection = this.#connections.get(socket);
    if (connection === undefined) return void response.destroy();
    connection.busy += 1;
    connection.cut.refresh();
    response.once("close", () => {
      connection.busy -= 1;
      connection.lasting = false;
      if (socket.destroyed) return;
      connection.cut.refresh();
      if (this.#leaving && connection.busy === 0) socket.end();
    });
    response.shouldKeepAlive &&= !this.#leaving;
    connection.handler(new Http1Exchange(request, response, connection));
  }
}

/** An import would load all that node:http can do, a WebSocket client too: 50 ms of each start. */
function createServer(serve: (request: IncomingMessage, response: ServerResponse) => void): Server {
  return process.getBuiltinModule("node:http").createServer({ keepAliveTimeout: 0 }, serve);
}

class Http1Exchange implements HttpExchange {
  readonly method: string;
  readonly path: string;
  readonly connection: number;
  readonly isSecure: boolean;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #own: Connection;
  readonly #query: string;
  #head: HttpHead = {};

  constructor(request: IncomingMessage, response: ServerResponse, connection: Connection) {
    const url = request.url ?? "";
    const at = url.indexOf("?");
    this.method = request.method ?? "";
    this.path = at < 0 ? url : url.slice(0, at);
    this.#query = at < 0 ? "" : url.slice(at);
    this.connection = connection.number;
    this.isSecure = "encrypted" in request.socket;
    this.#request = request;
    this.#response = response;
    this.#own = connection;
  }

  commonName(): string {
    return certifiedName(this.#request.socket);
  }

  get query(): URLSearchParams {
    return new URLSearchParams(this.#query);
  }

  header(name: string): string {
    const value = this.#request.headers[name];
    return typeof value === "string" ? value : (value?.[0] ?? "");
  }

  read(take: (bytes: Uint8Array | null) => void): void {
    this.#request.on("data", take);
    this.#request.once("end", () => take(null));
    this.#request.on("error", () => {}); // the answer's "close" follows
  }

  hold(held: boolean): void {
    if (held) this.#request.pause();
    else this.#request.resume();
  }

  lasts(): void {
    this.#own.lasting = true;
  }

  addHead(head: HttpHead): void {
    this.#head = head;
  }

  begin(status: number, head: HttpHead): void {
    this.#response.writeHead(status, { ...this.#head, ...head });
  }

  write(bytes: Uint8Array): boolean {
    return this.#response.write(bytes);
  }

  onRoom(then: () => void): void {
    this.#response.once("drain", then);
  }

  end(last: string | Uint8Array): void {
    if (last.length === 0) this.#response.end();
    else this.#response.end(last);
  }

  onClose(then: () => void): void {
    this.#response.once("close", then);
  }
}
