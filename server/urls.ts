// The URLs of flags, by etcd's rules: scheme, host and port, nothing behind them, or the name of a
// file. Their text is kept as it was given, because ids are computed from it.

import type { Result } from "../core/contract.ts";

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

/** Whether a URL that `parseUrls` let through is served over TLS. */
export function isSecure(url: string): boolean {
  return url.startsWith("https://") || url.startsWith("unixs://");
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
  if (scheme === "unix" || scheme === "unixs") {
    return authority + path === "" ? `URL names no file: ${url}` : null;
  }
  if (scheme !== "http" && scheme !== "https") {
    return `URL scheme must be http, https, unix, or unixs: ${url}`;
  }
  if (path !== "") return `URL must not contain a path: ${url}`;
  const [, port] = /^(?:\[[0-9a-f:.]+\]|[^:[\]]+):(\d{1,5})$/i.exec(authority) ?? [];
  if (port === undefined || Number(port) > 65535) {
    return `URL address does not have the form "host:port": ${url}`;
  }
  return null;
}
