// Whether whoever comes has come from where its certificate says that it is: etcd asks that of
// members. One without addresses and names may come from anywhere.

import { lookup, reverse } from "node:dns/promises";
import type { X509Certificate } from "node:crypto";
import { alternativeNamesOf, isOf } from "../../net/socket/tls/who.ts";

/** In etcd's words. Null: it has. */
export async function whyElsewhere(
  certificate: X509Certificate,
  remoteAddress: string,
): Promise<string | null> {
  const { ips, hosts } = alternativeNamesOf(certificate);
  if (remoteAddress === "" || (ips.length === 0 && hosts.length === 0)) return null;
  const address = remoteAddress.replace(/^::ffff:(?=\d+\.)/, "");
  if (ips.length > 0 && isOf(certificate, address)) return null;
  if (hosts.length === 0) {
    return `x509: certificate is valid for ${ips.join(", ")}, not ${address}`;
  }
  if (await isNamed(address, hosts)) return null;
  return `tls: ${JSON.stringify(address)} does not match any of DNSNames ${shown(hosts)}`;
}

async function isNamed(address: string, hosts: readonly string[]): Promise<boolean> {
  const names = await reverse(address).catch(() => []);
  for (const name of names.map((each) => each.replace(/\.$/, ""))) {
    if (
      hosts.some((host) => (host.startsWith("*.") ? name.endsWith(host.slice(1)) : name === host))
    )
      return true;
  }
  for (const host of hosts.filter((each) => !each.startsWith("*."))) {
    const found = await lookup(host, { all: true }).catch(() => []);
    if (found.some((each) => each.address === address)) return true;
  }
  return false;
}

function shown(hosts: readonly string[]): string {
  return `[${hosts.map((host) => JSON.stringify(host)).join(" ")}]`;
}
