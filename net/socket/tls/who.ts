// What a certificate says of whoever showed it.

import type { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";

/** The last common name counts, as in Go; "": there is none. */
export function commonNameOf({ subject }: X509Certificate): string {
  const names = subject.split("\n").filter((line) => line.startsWith("CN="));
  return names.at(-1)?.slice("CN=".length) ?? "";
}

/** "": it has shown no certificate. */
export function certifiedName(socket: Socket): string {
  if (!("encrypted" in socket)) return "";
  const certificate = (socket as TLSSocket).getPeerX509Certificate();
  return certificate === undefined ? "" : commonNameOf(certificate);
}

export type AlternativeNames = Readonly<{ ips: readonly string[]; hosts: readonly string[] }>;

export function alternativeNamesOf({ subjectAltName }: X509Certificate): AlternativeNames {
  const names = (subjectAltName ?? "").split(", ");
  const of = (kind: string): readonly string[] =>
    names.filter((name) => name.startsWith(kind)).map((name) => name.slice(kind.length));
  return { ips: of("IP Address:"), hosts: of("DNS:") };
}

/** Whether the certificate is one of this host: a name, or an address. */
export function isOf(certificate: X509Certificate, host: string): boolean {
  if (isIP(host) !== 0) return certificate.checkIP(host) !== undefined;
  return certificate.checkHost(host, { subject: "never" }) !== undefined;
}
