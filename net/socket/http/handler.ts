// Plain HTTP on the client port: who may ask, and what a path leads to.

import { GRPC } from "../../../core/api/errors.ts";
import type { CallSink } from "../call-sink.ts";
import type { CallMeter } from "../call-meter.ts";
import { corsHead, strangeHost } from "./access.ts";
import type { Access } from "./access.ts";
import { answer } from "./exchange.ts";
import type { HttpExchange, HttpHandler } from "./exchange.ts";
import { serveGateway } from "./gateway.ts";
import { refuse } from "./gateway-answer.ts";
import { PLAIN, servePage, showPage, notFound } from "./pages.ts";
import type { Pages } from "./pages.ts";

export type HttpOptions = Readonly<{
  access: Access;
  hasGateway: boolean;
  /** Certificates say who asks, and that counts: but not here. */
  namesCount: () => boolean;
  pages: Pages;
  sink: CallSink;
  meter: CallMeter;
  messageBytesMax: number;
}>;

/** Of the older releases, under which the same calls are found. */
const OLD_ROOT = /^\/v3(?:alpha|beta)\//;
const ROOT = "/v3/";

/** Those of a listener for scrapers and probes. */
const METRICS_PAGES = /^\/(?:metrics|health|livez|readyz)(?:\/|$)/;

export function createHttpHandler(options: HttpOptions): HttpHandler {
  const { access, hasGateway, pages } = options;
  return (exchange) => {
    const strange = strangeHost(access, exchange);
    if (strange !== null) return showPage(exchange, { status: 421, type: PLAIN, body: strange });
    exchange.addHead(corsHead(access, exchange));
    if (exchange.method === "OPTIONS") return answer(exchange, 200, {}, "");
    const path = exchange.path.replace(OLD_ROOT, ROOT);
    if (!path.startsWith(ROOT)) return showAny(pages, exchange);
    if (hasGateway && options.namesCount() && exchange.commonName() !== "") {
      return showPage(exchange, NAME_IGNORED);
    }
    if (hasGateway) serveGateway(options, exchange, path);
    else refuse(exchange, GATEWAY_OFF);
  };
}

/** In etcd's words: better none is served than one in the name of somebody else. */
const NAME_IGNORED = {
  status: 400,
  type: PLAIN,
  body:
    "CommonName of client sending a request against gateway " +
    "will be ignored and not used as expected\n",
} as const;

const GATEWAY_OFF = {
  code: GRPC.UNIMPLEMENTED,
  message:
    "the JSON gateway of this member is switched off: " +
    "start it with --enable-grpc-gateway=true, or use gRPC",
} as const;

/** For a listener that has nothing else. */
export function createMetricsHandler(pages: Pages): HttpHandler {
  return (exchange) => {
    if (METRICS_PAGES.test(exchange.path)) return showAny(pages, exchange);
    const words = "404 page not found: this address serves /metrics, /health, /livez and /readyz\n";
    showPage(exchange, notFound(words));
  };
}

/** For a listener that speaks gRPC only. */
export function createSignpost(httpUrls: readonly string[]): HttpHandler {
  return (exchange) => {
    const body = `this address serves gRPC only; plain HTTP is served on ${httpUrls.join(", ")}\n`;
    showPage(exchange, { status: 421, type: PLAIN, body });
  };
}

function showAny(pages: Pages, exchange: HttpExchange): void {
  if (!servePage(pages, exchange)) showPage(exchange, notFound());
}
