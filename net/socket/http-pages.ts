// Plain HTTP/1.1 on the client port: pages for people, probes and scrapers. One request per
// connection, so that nobody who only looks keeps a server from stopping.

import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

export type Page = Readonly<{ status: number; type: string; body: string }>;

/** The page at a path; null: there is none. */
export type Pages = (path: string, query: URLSearchParams) => Promise<Page> | null;

export const PLAIN = "text/plain; charset=utf-8";

const NOT_FOUND: Page = { status: 404, type: PLAIN, body: "404 page not found\n" };
const NOT_ALLOWED: Page = { status: 405, type: PLAIN, body: "Method Not Allowed\n" };

/** As etcd says it by default: any page may look. */
const FOR_EVERYBODY = {
  "Access-Control-Allow-Headers": "accept, content-type, authorization",
  "Access-Control-Allow-Methods": "POST, GET, OPTIONS, PUT, DELETE",
  "Access-Control-Allow-Origin": "*",
};

export class HttpPages {
  readonly #server: Server;

  constructor(pages: Pages) {
    this.#server = createServer((request, response) => void answer(pages, request, response));
  }

  take(socket: Socket): void {
    this.#server.emit("connection", socket);
    socket.resume();
  }
}

async function answer(
  pages: Pages,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
  const found = pages(pathname, searchParams);
  const page = found === null ? NOT_FOUND : request.method === "GET" ? await found : NOT_ALLOWED;
  response.shouldKeepAlive = false;
  response.writeHead(page.status, {
    ...FOR_EVERYBODY,
    ...(page === NOT_ALLOWED ? { Allow: "GET" } : {}),
    ...(page.status === 200 ? {} : { "X-Content-Type-Options": "nosniff" }),
    "Content-Type": page.type,
    "Content-Length": Buffer.byteLength(page.body),
  });
  response.end(page.body);
}
