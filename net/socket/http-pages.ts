// Plain HTTP/1.1 on the client port: pages for people, probes and scrapers. One request per
// connection, so that nobody who only looks keeps a server from stopping.

import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

export type Page = Readonly<{ status: number; type: string; body: string }>;

/** The page at a path; null: there is none. */
export type Pages = (path: string, query: URLSearchParams) => Promise<Page> | null;

/** For one request and its answer: the longest that a page may have to ask is less. */
const PATIENCE_MS = 120_000;

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
    this.#server = createServer((request, response) => {
      answer(pages, request, response).catch(() => response.destroy()); // a look ends no member
    });
  }

  take(socket: Socket): void {
    const cut = setTimeout(() => socket.destroy(), PATIENCE_MS);
    socket.once("close", () => clearTimeout(cut));
    this.#server.emit("connection", socket);
    socket.resume();
  }
}

async function answer(
  pages: Pages,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = URL.parse(request.url ?? "", "http://localhost");
  const found = url === null ? null : pages(url.pathname, url.searchParams);
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
