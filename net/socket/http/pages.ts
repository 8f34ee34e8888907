// Pages for people, probes and scrapers: each is a text that is asked for, and read.

import { answer } from "./exchange.ts";
import type { HttpExchange } from "./exchange.ts";

export type Page = Readonly<{ status: number; type: string; body: string | Uint8Array }>;

/** The page at a path; null: there is none. */
export type Pages = (path: string, query: URLSearchParams) => Promise<Page> | null;

export const PLAIN = "text/plain; charset=utf-8";

const NOT_ALLOWED: Page = { status: 405, type: PLAIN, body: "Method Not Allowed\n" };

export function notFound(body = "404 page not found\n"): Page {
  return { status: 404, type: PLAIN, body };
}

/** False: there is none. A look ends no member. */
export function servePage(pages: Pages, exchange: HttpExchange): boolean {
  const found = pages(exchange.path, exchange.query);
  if (found === null) return false;
  if (exchange.method !== "GET") showPage(exchange, NOT_ALLOWED);
  else {
    found.then(
      (page) => showPage(exchange, page),
      () => showPage(exchange, { status: 500, type: PLAIN, body: "Internal Server Error\n" }),
    );
  }
  return true;
}

export function showPage(exchange: HttpExchange, page: Page): void {
  const head = {
    ...(page.status === 405 ? { Allow: "GET" } : {}),
    ...(page.status === 200 ? {} : { "X-Content-Type-Options": "nosniff" }),
    "Content-Type": page.type,
  };
  answer(exchange, page.status, head, page.body);
}
