// The URLs of flags, by etcd's rules: scheme, host and port, nothing behind them. Their text is
// kept as it was given, because ids are computed from it.

import type { Result } from "../core/contract.ts";

export type Address = Readonly<{ host: string; port: number }>;

/** A comma-separated list. */
export function parseUrls(text: string): Result<readonly string[], string> {
  const urls: string[] = [];
  for (const part of text.split(",")) {
    const url = part.trim();
    const reason = whyNotUrl(url);
    if (reason !== null) return { ok: false, error: reason };
    urls.push(url);
  }
  return { ok: true, value: urls };
}

/** Of a URL that `parseUrls` let through. */
export function addressOf(url: string): Address {
  const authority = url.slice(url.indexOf("://") + 3);
  const colon = authority.lastIndexOf(":");
  const host = authority.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
  return { host, port: Number(authority.slice(colon + 1)) };
}

/** "host:port", as etcd's log shows a listener. */
export function authorityOf(url: string): string {
  return url.slice(url.indexOf("://") + 3);
}

function whyNotUrl(url: string): string | null {
  const [, scheme, authority, path] = /^([a-z]+):\/\/([^/]*)(.*)$/i.exec(url) ?? [];
  if (scheme === undefined || authority === undefined) {
    return `URL ${JSON.stringify(url)} does not have the form http://host:port`;
  }
  if (scheme === "https" || scheme === "unix" || scheme === "unixs") {
    return `${scheme}:// is not supported yet (${url}): use http://host:port`;
  }
  if (scheme !== "http") return `URL scheme must be http: ${url}`;
  if (path !== "") return `URL must not contain a path: ${url}`;
  const [, port] = /^(?:\[[0-9a-f:.]+\]|[^:[\]]+):(\d{1,5})$/i.exec(authority) ?? [];
  if (port === undefined || Number(port) > 65535) {
    return `URL address does not have the form "host:port": ${url}`;
  }
  return null;
}
