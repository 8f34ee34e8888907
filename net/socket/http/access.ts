// Who may ask over plain HTTP from within a browser: pages of which origins, and under which names
// this member may be spoken to, so that no foreign page makes a browser its hands (CVE-2018-5702).

import type { HttpExchange } from "./exchange.ts";

export type Access = Readonly<{
  origins: readonly string[]; // "*": any
  hosts: readonly string[]; // "*": any
}>;

const ANY = "*";

/** What a browser is told: which pages may read the answer. */
export function corsHead({ origins }: Access, exchange: HttpExchange): Record<string, string> {
  const origin = origins.includes(ANY) ? ANY : exchange.header("origin");
  if (origin === "" || (origin !== ANY && !origins.includes(origin))) return {};
  return {
    "Access-Control-Allow-Headers": "accept, content-type, authorization",
    "Access-Control-Allow-Methods": "POST, GET, OPTIONS, PUT, DELETE",
    "Access-Control-Allow-Origin": origin,
  };
}

/** Null: it is one of ours. Otherwise what to say, in etcd's words. */
export function strangeHost({ hosts }: Access, exchange: HttpExchange): string | null {
  if (hosts.length === 0 || hosts.includes(ANY)) return null;
  const host = nameOf(exchange.header("host"));
  return exchange.isSecure || hosts.includes(host) ? null : wordsAbout(host);
}

/** Without the port. */
function nameOf(host: string): string {
  return /^\[([^\]]*)\]:\d*$/.exec(host)?.[1] ?? /^([^:]*):\d*$/.exec(host)?.[1] ?? host;
}

function wordsAbout(host: string): string {
  return `
etcd received your request, but the Host header was unrecognized.

To fix this, choose one of the following options:
- Enable TLS, then any HTTPS request will be allowed.
- Add the hostname you want to use to the whitelist in settings.
  - e.g. etcd --host-whitelist ${JSON.stringify(host)}

This requirement has been added to help prevent "DNS Rebinding" attacks (CVE-2018-5702).

`;
}
